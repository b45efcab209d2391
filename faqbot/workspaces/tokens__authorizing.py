"""Whose request it is: Bolt asks, and is given the bot token of one installation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.authorization import AuthorizeResult

from faqbot.storage.installations import Installation
from faqbot.workspaces.tokens import Tokens

Authorize = Callable[..., Awaitable[Any]]
"""Bolt's type of it leaves out that there may be no result, which Bolt allows."""


def authorizing(installation: Installation, tokens: Tokens) -> Authorize:
    """What Bolt asks for the token of a request in the app of one installation.

    It gives the bot token only, and none for a request of another workspace. The client's address
    is the app's own: nothing is asked of Slack here.
    """
    workspace = installation.workspace

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        own = team_id == workspace.team
        whole = installation.org_wide and enterprise_id == workspace.enterprise
        if not (own or whole):
            return None
        token = await tokens.of(workspace)
        if token is None:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            team=installation.team_name or None,
            bot_id=installation.bot,
            bot_user_id=installation.bot_user,
            bot_token=token,
            bot_scopes=installation.scopes,
        )

    return authorize
