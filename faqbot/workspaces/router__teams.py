"""Which workspace a payload is for, and whether it ends an installation there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from slack_bolt.request.internals import (
    extract_enterprise_id,
    extract_is_enterprise_install,
    extract_team_id,
)

_REVOKED: Final = "tokens_revoked"


def whose(body: dict[str, Any]) -> tuple[str, str]:
    """The organisation and the team that a payload is for, as Bolt reads them.

    An event of a shared channel is for who is authorised to read it, not for who wrote there.
    """
    enterprise = str(extract_enterprise_id(body) or "")
    team = str(extract_team_id(body) or "")
    if extract_is_enterprise_install(body) and team == enterprise:
        team = ""
    return enterprise, team


def ends(body: Mapping[str, Any]) -> bool:
    """Whether an event ends an installation: uninstalled, or the bot's own token revoked."""
    event = body.get("event")
    if not isinstance(event, Mapping):
        return False
    tokens = event.get("tokens")
    bot = isinstance(tokens, Mapping) and bool(tokens.get("bot"))
    return event.get("type") == "app_uninstalled" or (event.get("type") == _REVOKED and bot)
