"""The routes that the settings turn on beside Slack's endpoint, and what runs behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from slack_sdk.web.async_client import AsyncWebClient
from starlette.routing import BaseRoute, Route

from faqbot.errors import needs_extra
from faqbot.settings.models import Settings, reveal
from faqbot.slack.client import team_id_of
from faqbot.slack.context import AppContext
from faqbot.web.http_api import HttpApi
from faqbot.web.limits import WebLimits
from faqbot.web.served import PublicContent, ServedWorkspace, WorkspaceOf
from faqbot.web.widget import HandoffLimits, Widget


@asynccontextmanager
async def workspace_routes(
    settings: Settings, context: AppContext, client: AsyncWebClient
) -> AsyncIterator[list[BaseRoute]]:
    """Open the routes of a service for one workspace, and serve them while the block runs.

    Args:
        settings: all settings.
        context: of the workspace.
        client: the bot's client.

    Raises:
        MissingExtraError: a package is missing.
        SettingsError: Slack refuses the token.
        ServiceError: Slack can't be reached.
    """
    if not settings.serves_web:
        yield []
        return
    workspace = ServedWorkspace(context, client, await team_id_of(client))

    @asynccontextmanager
    async def workspace_of(_: str, __: str) -> AsyncIterator[ServedWorkspace]:
        yield workspace

    content = PublicContent(context.engine, context.services, workspace)
    async with web_routes(settings, content, workspace_of) as routes:
        yield routes


@asynccontextmanager
async def web_routes(
    settings: Settings, content: PublicContent, workspace_of: WorkspaceOf
) -> AsyncIterator[list[BaseRoute]]:
    """Open the routes that the settings turn on, and serve them while the block runs.

    Args:
        settings: all settings.
        content: for callers without an identity.
        workspace_of: finds the workspace of an identity.

    Raises:
        MissingExtraError: a package is missing.
    """
    limits = WebLimits.of(
        settings.faqbot_rate_limit_user,
        settings.faqbot_rate_limit_workspace,
        content.services.metrics.limited,
    )
    async with AsyncExitStack() as stack:
        routes: list[BaseRoute] = []
        if settings.serves_mcp:
            with needs_extra("FAQBOT_MCP", "mcp"):
                from faqbot.web.mcp_endpoint import MCP_PATH, McpEndpoint
            secret = reveal(settings.slack_signing_secret)
            endpoint = McpEndpoint(content, workspace_of, secret, limits)
            await stack.enter_async_context(endpoint.running())
            routes.append(Route(MCP_PATH, endpoint))
        if settings.serves_api:
            api = HttpApi(content, settings.api_keys, settings.api_origins, limits)
            routes += api.routes()
        if settings.widget_origins:
            handoffs = HandoffLimits() if settings.widget_handoffs else None
            routes += Widget(content, settings.widget_origins, limits, handoffs).routes()
        yield routes
