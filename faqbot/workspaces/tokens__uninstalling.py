"""faqbot was uninstalled, or its token revoked: the installation is let go."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from faqbot.storage.installations import Installations, Workspace
from faqbot.workspaces.tokens import Tokens

Gone = Callable[[Workspace], Awaitable[None]]
"""Is told which installation is gone, so that what is loaded of it can be let go."""

_log = logging.getLogger(__name__)


async def let_go(
    body: Mapping[str, Any], installations: Installations, tokens: Tokens, gone: Gone
) -> None:
    """Delete the installation that an event speaks of, unless it was made after the event.

    Slack may deliver an event again minutes later: who has installed faqbot anew keeps it.

    Raises:
        StoreError: the database can't be used.
    """
    named = workspace_of(body)
    seconds = body.get("event_time")
    at = dt.datetime.fromtimestamp(int(seconds) + 1, dt.UTC) if seconds else None
    workspace = await installations.remove(named, at)
    if workspace is None:
        return
    tokens.forget(workspace)
    _log.info("faqbot was uninstalled from %s", workspace.team or workspace.enterprise)
    await gone(workspace)


def workspace_of(body: Mapping[str, Any]) -> Workspace:
    """The installation that an event is for: the organisation's where it came by that."""
    listed = body.get("authorizations") or [{}]
    first = listed[0] if isinstance(listed[0], Mapping) else {}
    enterprise = str(first.get("enterprise_id") or body.get("enterprise_id") or "")
    org_wide = bool(first.get("is_enterprise_install") or body.get("is_enterprise_install"))
    team = "" if org_wide else str(first.get("team_id") or body.get("team_id") or "")
    return Workspace(enterprise, team)
