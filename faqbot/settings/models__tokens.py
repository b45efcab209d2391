"""Which of Slack's tokens and secrets go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import SecretStr

_MANY: Final = (
    "slack_signing_secret",
    "slack_client_id",
    "slack_client_secret",
    "faqbot_secret_keys",
    "faqbot_public_url",
)
"""What serving many workspaces needs."""


def token_problems(values: Any) -> Iterator[str]:
    """What is wrong with the tokens, and what doesn't fit together; a line of advice each."""
    if not isinstance(values, Mapping):
        return
    bot, app, secret = (
        plain(values.get(name))
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
        missing = [name.upper() for name in _MANY if not values.get(name)]
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


def plain(value: Any) -> str:
    """A secret as text."""
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
