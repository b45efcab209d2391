"""Sources of settings (environment, `.env`), former names, and the masking of secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from platformdirs import user_cache_path, user_data_path
from pydantic import SecretStr, SerializerFunctionWrapHandler, create_model, model_serializer
from pydantic_settings import BaseSettings, SettingsConfigDict

from faqbot.errors import SettingsError

_METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"


def metrics_folder() -> Path | None:
    """Return the folder in which workers keep their metrics; None for a single process."""
    named = os.environ.get(_METRICS_FOLDER)
    return Path(named) if named else None


def share_metrics(folder: Path) -> None:
    """Set the folder in which workers that are started from now on keep their metrics."""
    os.environ[_METRICS_FOLDER] = str(folder)


MASK: Final = "…"

_NAMES: Final = (
    r"[\w-]{0,40}(?:secret|passw(?:or)?d|passphrase|private_key|api_?key|signature)[\w-]{0,20}"
    r"|[\w-]{0,40}token|authorization|cookie"
)
"""Names whose values are secrets. The repetitions are bounded: no text takes quadratic time."""

_SECRET: Final = re.compile(
    # Slack's tokens, of which one can contain another: xoxe.xoxb-..., xoxe-1-..., xapp-1-...
    r"\b(?P<kind>xox[a-z](?:\.xox[a-z])?(?:-\d(?=-))?-|xapp-(?:\d-)?|xwfp-)[\w.%+/=-]+"
    # The password of an address, also with an @ inside, or a token in the place of the name.
    r"|(?P<scheme>\b[a-z][\w+.-]{0,30}://[^\s:/?#@\"'<>]{0,255}:)[^\s/?#\"'<>]{0,1000}(?=@)"
    r"|(?P<user>\b(?:git\+)?https?://)[^\s:/?#@\"'<>]{1,1000}(?=@)"
    # The path of a webhook is its password.
    r"|(?P<hook>\bhooks\.slack(?:-gov)?\.com/\w{1,40}/)[\w/%-]+"
    r"|(?P<bearer>\b(?:bearer|basic)\s)[\w.~+/=-]{8,}"
    r"|(?P<keys>(?<![\w-])[\w-]{0,40}secret_keys\s{0,3}[=:]\s{0,3})[^\s&;\"'<>]+"
    rf"|(?P<name>(?<![\w-])(?:{_NAMES})[\"']?\s{{0,3}}[=:]\s{{0,3}})"
    r"(?:\"[^\"\n]*\"|'[^'\n]*'|(?:(?:bearer|basic)\s)?[^\s&,;\"'<>)\]}(]+)"
    # Parameters of the OAuth redirect, and the ticket of a web socket.
    r"|(?P<query>[?&](?:state|nonce|ticket)=|\bcode=|[\"'](?:code|state|nonce)[\"']:\s*[\"'])"
    r"[^\s&\"'<>]+"
    r"|(?P<signed>\bv0=)[0-9a-f]{64}\b",
    re.IGNORECASE,
)
_SECRET_HINT: Final = re.compile(r"[=:/]|xox|xapp|xwfp|bearer|basic", re.IGNORECASE)
"""A cheap test: without a match `_SECRET` can't match either. Most texts have none."""

_SECRET_NAME: Final = re.compile(rf"(?:{_NAMES})", re.IGNORECASE)

_MAX_DEPTH: Final = 8


def mask(text: str) -> str:
    """Return a text with its tokens and passwords replaced by `MASK`."""
    return _SECRET.sub(_mask_match, text) if _SECRET_HINT.search(text) else text


def mask_value(value: Any, name: str = "", depth: int = 0) -> Any:
    """Return a value that may be logged: masked by its name, and in all texts inside it."""
    if value and _SECRET_NAME.fullmatch(name):
        return MASK
    if isinstance(value, str):
        return mask(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < _MAX_DEPTH:
        if isinstance(value, dict):
            return {
                mask_value(key): mask_value(inner, str(key), depth + 1)
                for key, inner in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [mask_value(inner, name, depth + 1) for inner in value]
    return mask(str(value))


def _mask_match(match: re.Match[str]) -> str:
    """Keep the name or the scheme in front of a secret, which says where it stood."""
    return next(str(group) for group in match.groupdict().values() if group) + MASK


OFF: Final = "off"
ON: Final = "on"


class SettingsReader(BaseSettings):
    """Base of all settings classes: reads the environment and `.env`.

    Raises:
        SettingsError: `.env` can't be read.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        # Compose files and CI pass unset variables on as empty ones.
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        # pydantic quotes the wrong value in its message, and that may be a token.
        hide_input_in_errors=True,
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except UnicodeDecodeError as error:
            raise SettingsError(".env is not UTF-8 text: save it as UTF-8.") from error
        except OSError as error:
            raise SettingsError(
                f"Can't read .env ({error.strerror or error}): correct its permissions, "
                "or start in another folder."
            ) from error

    # A traceback or a debugger prints objects by this, with addresses and their passwords.
    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, mask_value(value, name or "")

    @model_serializer(mode="wrap")
    def _masked(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return dict(mask_value(handler(self)))


_RENAMED: Final = {
    "faqbot_speaks": "faqbot_channel_mode",
    "faqbot_remember": "faqbot_question_privacy",
    "faqbot_owners": "faqbot_default_owner",
    "faqbot_pull_every": "faqbot_pull_interval",
    "faqbot_stop_within": "faqbot_shutdown_timeout",
    "faqbot_questions_per_person": "faqbot_rate_limit_user",
    "faqbot_questions_per_workspace": "faqbot_rate_limit_workspace",
    "faqbot_database_pool": "faqbot_database_pool_size",
    "faqbot_workspaces_memory": "faqbot_workspaces_memory_mb",
}
"""Former names of settings."""


_FORMER_FIELDS: Final[dict[str, Any]] = dict.fromkeys(_RENAMED, (str | None, None))
_FormerSettings: Final = create_model("_FormerSettings", __base__=SettingsReader, **_FORMER_FIELDS)


def renamed_settings() -> Iterator[str]:
    """Yields advice for each former name that the environment or `.env` sets.

    An ignored setting would be the default in its place: `FAQBOT_REMEMBER=hash` would store
    every word.
    """
    found = _FormerSettings().model_fields_set
    for former, name in _RENAMED.items():
        if former in found:
            yield f"{former.upper()} is now {name.upper()}: rename it."


class _ContentSettings(SettingsReader):
    """Settings of commands that don't connect to Slack; wrong tokens don't matter to them."""

    faqbot_knowledge: str | None = None
    faqbot_encoder: str | None = None
    faqbot_cache: str | None = None
    faqbot_database_url: str | None = None
    faqbot_secret_keys: SecretStr | None = None
    faqbot_default_owner: str = ""
    slack_bot_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"


def configured_cache() -> Path | None:
    """Return FAQBOT_CACHE, else the user's cache folder.

    Returns:
        The folder; None when caching is off.

    Raises:
        SettingsError: `.env` can't be read.
    """
    return cache_folder(_ContentSettings().faqbot_cache)


def database_url(configured: str | None) -> str | None:
    """Return the database's URL, by default a file in the user's data folder; None for "off"."""
    if configured and configured.lower() == OFF:
        return None
    if configured:
        return configured
    return f"sqlite:///{user_data_path('faqbot', appauthor=False) / 'faqbot.db'}"


def configured_database() -> str | None:
    """Return FAQBOT_DATABASE_URL, else the default.

    Returns:
        The URL; None when storage is off.

    Raises:
        SettingsError: `.env` can't be read.
    """
    return database_url(_ContentSettings().faqbot_database_url)


def cache_folder(configured: str | None) -> Path | None:
    if configured and configured.lower() == OFF:
        return None
    return Path(configured) if configured else user_cache_path("faqbot", appauthor=False)


def configured_encoder() -> Path | None:
    """Return FAQBOT_ENCODER; None for the bundled encoder.

    Raises:
        SettingsError: `.env` can't be read.
    """
    configured = _ContentSettings().faqbot_encoder
    return Path(configured) if configured else None


def configured_knowledge() -> str | None:
    """Return FAQBOT_KNOWLEDGE; None when it isn't set.

    Raises:
        SettingsError: `.env` can't be read.
    """
    return _ContentSettings().faqbot_knowledge


def configured_secret_keys() -> str:
    """Return FAQBOT_SECRET_KEYS as it is written; an empty string when it isn't set.

    Raises:
        SettingsError: `.env` can't be read.
    """
    configured = _ContentSettings().faqbot_secret_keys
    return configured.get_secret_value() if configured else ""


def configured_slack() -> tuple[str, str, str]:
    """Return SLACK_BOT_TOKEN, the URL of the Web API, and FAQBOT_DEFAULT_OWNER, for a check.

    Raises:
        SettingsError: `.env` can't be read, or the token isn't set.
    """
    found = _ContentSettings()
    if found.slack_bot_token is None:
        raise SettingsError(
            "Asking Slack about owners needs SLACK_BOT_TOKEN: the token that faqbot runs with."
        )
    token = found.slack_bot_token.get_secret_value()
    return token, found.slack_api_url, found.faqbot_default_owner
