"""The settings with the checks of their values, and what follows from them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from pydantic import (
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from faqbot.errors import SettingsError
from faqbot.settings.api_keys import ApiKeys
from faqbot.settings.fields import DEFAULT_SLACK_API_URL, SettingFields
from faqbot.settings.sources import (
    OFF,
    ON,
    cache_folder,
    database_url,
    renamed_settings,
)

_NEEDED_FOR_MANY_WORKSPACES: Final = (
    "slack_signing_secret",
    "slack_client_id",
    "slack_client_secret",
    "faqbot_secret_keys",
    "faqbot_public_url",
)
"""Settings that serving many workspaces requires."""


def token_problems(values: Any) -> Iterator[str]:
    """Yield a line of advice for each wrong token and each combination that can't work."""
    if not isinstance(values, Mapping):
        return
    bot, app, secret = (
        reveal(values.get(name))
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
        yield from _without_bot_token(values, app, secret)


def _without_bot_token(values: Mapping[str, Any], app: str, secret: str) -> Iterator[str]:
    if secret and values.get("slack_client_id"):
        missing = [name.upper() for name in _NEEDED_FOR_MANY_WORKSPACES if not values.get(name)]
        if missing:
            yield (
                f"{', '.join(missing)} must be set too to serve many workspaces; for one, set "
                "SLACK_BOT_TOKEN."
            )
        if app:
            yield "SLACK_APP_TOKEN is for one workspace: unset it, or set SLACK_BOT_TOKEN too."
        if str(values.get("faqbot_database_url") or "").lower() == "off":
            yield "FAQBOT_DATABASE_URL is off, but many workspaces need it for their tokens."
        return
    for name in (
        "slack_app_token",
        "slack_signing_secret",
        "slack_client_secret",
        "slack_api_url",
    ):
        if values.get(name):
            yield (
                f"{name.upper()} is set but SLACK_BOT_TOKEN is not: set it too, or unset "
                "every SLACK_ variable to use the local workspace."
            )


def web_problems(values: Any) -> Iterator[str]:
    """Yield a line of advice for each setting that turns on what no port serves."""
    if not isinstance(values, Mapping):
        return
    if reveal(values.get("slack_bot_token")) and reveal(values.get("slack_app_token")):
        for name in ("faqbot_mcp", "faqbot_api", "faqbot_widget_origins"):
            if str(values.get(name) or OFF).lower() != OFF and not values.get("port"):
                yield f"{name.upper()} is set, but Socket Mode listens on no port: set PORT too."


def reveal(value: Any) -> str:
    """Return a secret's text; an empty string for None."""
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a list with commas."""
    return tuple(part for part in map(str.strip, text.split(",")) if part)


class Mode(StrEnum):
    """How faqbot reaches Slack."""

    SOCKET = "Socket Mode"
    HTTP = "HTTP"
    MANY_WORKSPACES = "HTTP for many workspaces"
    LOCAL_WORKSPACE = "local workspace"


DEFAULT_HTTP_PORT: Final = 3000
DEFAULT_PULL_INTERVAL: Final = 300.0
DEFAULT_LOCAL_WORKSPACE_PORT: Final = 8765
_CHOICES: Final = {
    "faqbot_question_privacy": ("full", "redacted", "hash"),
    "faqbot_channel_mode": ("off", "only-mentions", "mentions", "questions", "all"),
    "faqbot_editor_git": ("off", "commit", "branch"),
    "faqbot_mcp": ("off", "on"),
    "faqbot_api": ("off", "on"),
    "faqbot_widget_handoffs": ("off", "on"),
    "faqbot_log_level": ("debug", "info", "warning", "error"),
    "faqbot_log_format": ("text", "json"),
}
_RATE: Final = "{name} must be a number of questions a minute up to 1000000; 0 means no limit."
_ADVICE: Final = {
    "port": "PORT must be a whole number from 1 to 65535, such as 3000.",
    "faqbot_pull_interval": (
        "FAQBOT_PULL_INTERVAL must be a number of seconds up to 86400; 0 turns it off."
    ),
    "faqbot_retention_days": "FAQBOT_RETENTION_DAYS must be a number of days from 1 to 3650.",
    "faqbot_uninstalled_days": "FAQBOT_UNINSTALLED_DAYS must be a number of days from 0 to 3650.",
    "faqbot_workers": "FAQBOT_WORKERS must be a number of processes from 1 to 64.",
    "faqbot_shutdown_timeout": "FAQBOT_SHUTDOWN_TIMEOUT must be a number of seconds from 1 to 600.",
    "faqbot_max_connections": (
        "FAQBOT_MAX_CONNECTIONS must be a number of connections from 10 to 100000."
    ),
    "faqbot_rate_limit_user": _RATE.format(name="FAQBOT_RATE_LIMIT_USER"),
    "faqbot_rate_limit_workspace": _RATE.format(name="FAQBOT_RATE_LIMIT_WORKSPACE"),
    "faqbot_database_pool_size": (
        "FAQBOT_DATABASE_POOL_SIZE must be a number of connections from 1 to 100."
    ),
    "faqbot_workspaces_memory_mb": (
        "FAQBOT_WORKSPACES_MEMORY_MB must be a number of megabytes from 64 to 1000000."
    ),
}


class Settings(SettingFields):
    """All settings. The environment overrides `.env`; an empty variable counts as unset.

    Raises:
        SettingsError: One or more settings are wrong or can't be combined. The message has a line
            for each.
    """

    @field_validator("slack_api_url")
    @classmethod
    def _check_api_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(
                f"SLACK_API_URL must be an address such as {DEFAULT_SLACK_API_URL}; unset is Slack."
            )
        return value.rstrip("/") + "/"

    @field_validator("faqbot_insights_url", "faqbot_public_url")
    @classmethod
    def _check_public_url(cls, value: str, info: ValidationInfo) -> str:
        parts = urlsplit(value)
        # Cookies and codes would go over the network in the clear by http elsewhere.
        local = parts.hostname in ("127.0.0.1", "localhost")
        if value and not (parts.hostname and parts.scheme == ("http" if local else "https")):
            raise ValueError(
                f"{str(info.field_name).upper()} must be the https address at which browsers "
                "reach the pages."
            )
        return value.rstrip("/")

    @field_validator("faqbot_api_origins", "faqbot_widget_origins")
    @classmethod
    def _check_origins(cls, value: str, info: ValidationInfo) -> str:
        for one in listed(value):
            parts = urlsplit(one)
            if parts.scheme not in ("http", "https") or one != f"{parts.scheme}://{parts.netloc}":
                raise ValueError(
                    f"{str(info.field_name).upper()} must be origins, separated by commas, such as "
                    f"https://www.example.com without a path; {one} is none."
                )
        return value

    @field_validator("faqbot_api_keys")
    @classmethod
    def _check_api_keys(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            ApiKeys.from_setting(reveal(value))
        except SettingsError as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("faqbot_trusted_proxies")
    @classmethod
    def _check_networks(cls, value: str) -> str:
        for one in filter(None, map(str.strip, value.split(","))):
            try:
                ipaddress.ip_network(one, strict=False)
            except ValueError:
                raise ValueError(
                    "FAQBOT_TRUSTED_PROXIES must be addresses or networks, separated by commas, "
                    f"such as 10.0.0.0/8; {one} is none."
                ) from None
        return value

    @field_validator(*_CHOICES)
    @classmethod
    def _check_choice(cls, value: str, info: ValidationInfo) -> str:
        name = str(info.field_name)
        if value.lower() not in _CHOICES[name]:
            raise ValueError(f"{name.upper()} must be one of {', '.join(_CHOICES[name])}.")
        return value.lower()

    @model_validator(mode="wrap")
    @classmethod
    def _collect_problems(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        # Collected, not raised one by one: whoever starts faqbot corrects all of them at once.
        problems = [*renamed_settings(), *token_problems(values), *web_problems(values)]
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
        """The way to reach Slack, which follows from the tokens that are set.

        An app token means Socket Mode, a signing secret HTTP, no token the local workspace. With a
        client id and no bot token, workspaces install the app, which yields their tokens.
        """
        if self.slack_bot_token is None:
            many = self.slack_signing_secret and self.slack_client_id
            return Mode.MANY_WORKSPACES if many else Mode.LOCAL_WORKSPACE
        return Mode.SOCKET if self.slack_app_token else Mode.HTTP

    @property
    def serves_mcp(self) -> bool:
        """Whether MCP clients may ask."""
        return self.faqbot_mcp == ON

    @property
    def serves_web(self) -> bool:
        """Whether anything is served beside Slack's endpoint, health and metrics."""
        return self.serves_mcp or self.serves_api or bool(self.widget_origins)

    @property
    def widget_origins(self) -> tuple[str, ...]:
        """The origins of pages that show the widget; none: it isn't served."""
        return listed(self.faqbot_widget_origins)

    @property
    def widget_handoffs(self) -> bool:
        """Whether visitors of these pages may pass questions on to a person."""
        return self.faqbot_widget_handoffs == ON

    @property
    def serves_api(self) -> bool:
        """Whether programs may ask over HTTP."""
        return self.faqbot_api == ON

    @property
    def api_keys(self) -> ApiKeys:
        """The keys of the HTTP API."""
        return ApiKeys.from_setting(reveal(self.faqbot_api_keys))

    @property
    def api_origins(self) -> tuple[str, ...]:
        """The origins of pages that may call the HTTP API."""
        return listed(self.faqbot_api_origins)

    @property
    def encoder(self) -> Path | None:
        """The folder of the sentence encoder; None for the bundled one."""
        return Path(self.faqbot_encoder) if self.faqbot_encoder else None

    @property
    def cache(self) -> Path | None:
        """The folder for built indexes of large content; None when FAQBOT_CACHE is off."""
        return cache_folder(self.faqbot_cache)

    @property
    def database(self) -> str | None:
        """The URL of the database; None when FAQBOT_DATABASE_URL is off."""
        return database_url(self.faqbot_database_url)

    @property
    def pull_interval(self) -> float:
        """Seconds between two fetches of the content's repository; 0 for none."""
        if self.faqbot_pull_interval is not None:
            return float(self.faqbot_pull_interval)
        return DEFAULT_PULL_INTERVAL if (self.faqbot_knowledge or "").startswith("git+") else 0.0

    @property
    def listen_port(self) -> int:
        """The port to serve on: PORT, or the default of the mode."""
        return self.port or (
            DEFAULT_LOCAL_WORKSPACE_PORT if self.mode is Mode.LOCAL_WORKSPACE else DEFAULT_HTTP_PORT
        )


def _advice(detail: Mapping[str, Any]) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else "settings"
    written = str(detail.get("ctx", {}).get("error", ""))
    return _ADVICE.get(name) or written or f"{name.upper()}: {detail['msg']}."
