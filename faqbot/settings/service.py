"""Settings from the environment and a `.env` file; everything that is wrong is said at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from faqbot.errors import SettingsError
from faqbot.settings.reading import (
    NO_CACHE,
    Read,
    cache_folder,
    database_url,
    without_password,
)

SLACK_API_URL: Final = "https://slack.com/api/"
HTTP_PORT: Final = 3000
PULL_EVERY: Final = 300.0
WORKSPACE_PORT: Final = 8765
_REMEMBER: Final = ("full", "redacted", "hash")
_SPEAKS: Final = ("off", "mentions", "questions", "all")
_LEVELS: Final = ("debug", "info", "warning", "error")
_ADVICE: Final = {
    "port": "PORT must be a whole number from 1 to 65535, such as 3000.",
    "faqbot_pull_every": "FAQBOT_PULL_EVERY must be a number of seconds up to 86400; 0 is never.",
    "faqbot_retention_days": "FAQBOT_RETENTION_DAYS must be a number of days from 1 to 3650.",
}


class Mode(StrEnum):
    """How faqbot reaches Slack."""

    SOCKET = "Socket Mode"
    HTTP = "HTTP"
    WORKSPACE = "local workspace"


class Settings(Read):
    """What the environment and `.env` say; an empty variable counts as unset.

    Raises:
        SettingsError: one or more settings are wrong or don't fit together; names all of them.
    """

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_client_id: str = ""
    slack_client_secret: SecretStr | None = None
    slack_api_url: str = SLACK_API_URL
    port: int | None = Field(default=None, ge=1, le=65535)
    faqbot_host: str = "0.0.0.0"  # noqa: S104 - a container must be reachable from outside
    faqbot_knowledge: str | None = None
    faqbot_pull_every: int | None = Field(default=None, ge=0, le=86_400)
    faqbot_encoder: str | None = None
    faqbot_cache: str | None = None
    faqbot_database_url: str | None = None
    faqbot_remember: str = "full"
    faqbot_retention_days: int = Field(default=180, ge=1, le=3650)
    faqbot_owners: str = ""
    faqbot_speaks: str = "mentions"
    faqbot_log_level: str = "info"
    faqbot_insights_url: str = ""

    @field_validator("slack_api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(
                f"SLACK_API_URL must be an address such as {SLACK_API_URL}; unset is Slack."
            )
        return value.rstrip("/") + "/"

    @field_validator("faqbot_insights_url")
    @classmethod
    def _public(cls, value: str) -> str:
        parts = urlsplit(value)
        local = parts.hostname in ("127.0.0.1", "localhost")
        if value and not (parts.hostname and parts.scheme == ("http" if local else "https")):
            raise ValueError(
                "FAQBOT_INSIGHTS_URL must be the https address at which browsers reach the pages."
            )
        return value.rstrip("/")

    @field_validator("faqbot_remember")
    @classmethod
    def _remembered(cls, value: str) -> str:
        if value.lower() not in _REMEMBER:
            raise ValueError(f"FAQBOT_REMEMBER must be one of {', '.join(_REMEMBER)}.")
        return value.lower()

    @field_validator("faqbot_speaks")
    @classmethod
    def _spoken(cls, value: str) -> str:
        if value.lower() not in _SPEAKS:
            raise ValueError(f"FAQBOT_SPEAKS must be one of {', '.join(_SPEAKS)}.")
        return value.lower()

    @field_validator("faqbot_log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.lower() not in _LEVELS:
            raise ValueError(f"FAQBOT_LOG_LEVEL must be one of {', '.join(_LEVELS)}.")
        return value.lower()

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        problems = list(_token_problems(values))
        try:
            settings = handler(values)
        except ValidationError as error:
            problems += [_advice(detail) for detail in error.errors(include_url=False)]
            raise SettingsError("\n".join(problems)) from None
        if problems:
            raise SettingsError("\n".join(problems))
        return settings

    @property
    def mode(self) -> Mode:
        """How to reach Slack; an app token means Socket Mode, no token the local workspace."""
        if self.slack_bot_token is None:
            return Mode.WORKSPACE
        return Mode.SOCKET if self.slack_app_token else Mode.HTTP

    @property
    def encoder(self) -> Path | None:
        """The folder of the sentence encoder; None is the bundled one."""
        return Path(self.faqbot_encoder) if self.faqbot_encoder else None

    @property
    def cache(self) -> Path | None:
        """The folder for what was built from large content; None where nothing shall be kept."""
        return cache_folder(self.faqbot_cache)

    @property
    def database(self) -> str | None:
        """The address of the database; None where nothing shall be remembered."""
        return database_url(self.faqbot_database_url)

    @property
    def pull_every(self) -> float:
        """Seconds between two looks at the repository of the content; 0 is never."""
        if self.faqbot_pull_every is not None:
            return float(self.faqbot_pull_every)
        return PULL_EVERY if (self.faqbot_knowledge or "").startswith("git+") else 0.0

    @property
    def listens_on(self) -> int:
        """The port to serve on: PORT, or the default of the mode."""
        return self.port or (WORKSPACE_PORT if self.mode is Mode.WORKSPACE else HTTP_PORT)

    def describe(self) -> tuple[str, ...]:
        """What was understood, a line each; secrets are masked."""
        lines = [f"mode: {self.mode.value} ({_REASONS[self.mode]})"]
        if self.mode is Mode.WORKSPACE:
            lines.append(f"page: http://127.0.0.1:{self.listens_on}/")
        else:
            lines.append(f"SLACK_BOT_TOKEN: {_masked(self.slack_bot_token)}")
            lines.append(f"Web API: {self.slack_api_url}")
        if self.mode is Mode.SOCKET:
            lines.append(f"SLACK_APP_TOKEN: {_masked(self.slack_app_token)}")
            if self.slack_signing_secret:
                lines.append("SLACK_SIGNING_SECRET: set, not needed in Socket Mode")
        if self.mode is Mode.HTTP:
            lines.append("SLACK_SIGNING_SECRET: set")
            lines.append(f"listens on: {self.faqbot_host}:{self.listens_on}/slack/events")
        lines.append(f"knowledge: {self.faqbot_knowledge or 'default'}")
        if self.pull_every:
            lines.append(f"looks for newer content: every {self.pull_every:g} seconds")
        lines.append(f"encoder: {self.faqbot_encoder or 'bundled'}")
        lines.append(f"cache: {self.cache or NO_CACHE}")
        lines.append(f"database: {without_password(self.database) or NO_CACHE}")
        lines.append(
            f"remembers: question text {self.faqbot_remember}, {self.faqbot_retention_days} days"
        )
        lines.append(f"speaks in channels: {self.faqbot_speaks}")
        if self.slack_client_id:
            lines.append(f"SLACK_CLIENT_ID: {self.slack_client_id}")
            lines.append(f"SLACK_CLIENT_SECRET: {'set' if self.slack_client_secret else 'missing'}")
        if self.faqbot_insights_url:
            lines.append(f"insights: {self.faqbot_insights_url}")
        lines.append(f"log level: {self.faqbot_log_level}")
        return tuple(lines)


_REASONS: Final = {
    Mode.SOCKET: "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are set",
    Mode.HTTP: "SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET are set",
    Mode.WORKSPACE: "no Slack variable is set",
}


def _token_problems(values: Any) -> Iterator[str]:
    if not isinstance(values, Mapping):
        return
    bot, app, secret = (
        _plain(values.get(name))
        for name in ("slack_bot_token", "slack_app_token", "slack_signing_secret")
    )
    if bot and not bot.startswith("xoxb-"):
        yield (
            "SLACK_BOT_TOKEN must start with xoxb-: take the Bot User OAuth Token of "
            "“OAuth & Permissions” in the app's settings."
        )
    if app and not app.startswith("xapp-"):
        yield (
            "SLACK_APP_TOKEN must start with xapp-: make an app-level token with the scope "
            "connections:write under “Basic Information”."
        )
    if bot and not app and not secret:
        yield (
            "SLACK_BOT_TOKEN is set alone: set SLACK_APP_TOKEN too for Socket Mode, or "
            "SLACK_SIGNING_SECRET for HTTP."
        )
    if not bot:
        for name in ("slack_app_token", "slack_signing_secret", "slack_api_url"):
            if values.get(name):
                yield (
                    f"{name.upper()} is set but SLACK_BOT_TOKEN is not: set it too, or unset "
                    "every SLACK_ variable to use the local workspace."
                )


def _advice(detail: Mapping[str, Any]) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else "settings"
    written = str(detail.get("ctx", {}).get("error", ""))
    return _ADVICE.get(name) or written or f"{name.upper()}: {detail['msg']}."


def _plain(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")


def _masked(secret: SecretStr | None) -> str:
    return f"{_plain(secret)[:5]}…"
