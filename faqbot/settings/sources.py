"""Settings that commands without Slack need, and how all settings are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from platformdirs import user_cache_path, user_data_path
from pydantic import SecretStr, SerializerFunctionWrapHandler, model_serializer
from pydantic_settings import BaseSettings, SettingsConfigDict

from faqbot.errors import SettingsError
from faqbot.settings.sources__masking import masked, masked_value

NO_CACHE: Final = "off"


class Read(BaseSettings):
    """Settings whose `.env` file is advice when it can't be read."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
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

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, masked_value(value, name or "")

    @model_serializer(mode="wrap")
    def _masked(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return dict(masked_value(handler(self)))


class _Content(Read):
    """The settings that commands without Slack need; tokens are not looked at."""

    faqbot_knowledge: str | None = None
    faqbot_encoder: str | None = None
    faqbot_cache: str | None = None
    faqbot_database_url: str | None = None
    faqbot_secret_keys: SecretStr | None = None


def configured_cache() -> Path | None:
    """FAQBOT_CACHE of the environment or of `.env`, else the user's folder for caches.

    Returns:
        The folder; None where nothing shall be kept.

    Raises:
        SettingsError: `.env` can't be read.
    """
    return cache_folder(_Content().faqbot_cache)


def database_url(configured: str | None) -> str | None:
    """The address of the database, by default a file in the user's folder for data."""
    if configured and configured.lower() == NO_CACHE:
        return None
    if configured:
        return configured
    return f"sqlite:///{user_data_path('faqbot', appauthor=False) / 'faqbot.db'}"


def configured_database() -> str | None:
    """FAQBOT_DATABASE_URL of the environment or of `.env`, else the default.

    Returns:
        The address; None where nothing shall be remembered.

    Raises:
        SettingsError: `.env` can't be read.
    """
    return database_url(_Content().faqbot_database_url)


def without_password(url: str | None) -> str:
    return masked(url or "")


def cache_folder(configured: str | None) -> Path | None:
    if configured and configured.lower() == NO_CACHE:
        return None
    return Path(configured) if configured else user_cache_path("faqbot", appauthor=False)


def configured_encoder() -> Path | None:
    """FAQBOT_ENCODER of the environment or of `.env`.

    Raises:
        SettingsError: `.env` can't be read.
    """
    configured = _Content().faqbot_encoder
    return Path(configured) if configured else None


def configured_knowledge() -> str | None:
    """FAQBOT_KNOWLEDGE of the environment or of `.env`.

    Raises:
        SettingsError: `.env` can't be read.
    """
    return _Content().faqbot_knowledge


def configured_secret_keys() -> str:
    """FAQBOT_SECRET_KEYS of the environment or of `.env`, as it stands there; else nothing.

    Raises:
        SettingsError: `.env` can't be read.
    """
    configured = _Content().faqbot_secret_keys
    return configured.get_secret_value() if configured else ""
