"""faqbot without Slack: a local workspace in the browser, with the app and the editor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from pydantic import SecretStr
from starlette.routing import BaseRoute, Mount

from faqbot.engine import Engine
from faqbot.playground.models import Setup
from faqbot.playground.workspace import LocalWorkspace
from faqbot.replies.compose import is_empty
from faqbot.runtime.tasks import BackgroundTask
from faqbot.runtime.web import LOCAL_HOSTS, listen
from faqbot.settings.models import Settings
from faqbot.settings.sources import ON
from faqbot.slack.blockkit.views import example_questions
from faqbot.slack.client import web_client
from faqbot.slack.context import AppContext
from faqbot.slack.manifest import COMMANDS, EVENTS, OPTIONAL_SCOPES, SCOPES, SHORTCUTS
from faqbot.slack.service import OnReady, run_socket_mode
from faqbot.web.site import workspace_routes
from faqbot.web.widget import DEMO_PATH, demo_routes

LOCAL_OWNER_CHANNEL: Final = "C0HIRING1"
"""The channel of the local workspace that gets handed-off questions."""

EDITOR_PATH: Final = "/edit"
"""Where the local workspace has the editor."""

EDITOR_TITLE: Final = "Edit roles and FAQs"


async def run_in_local_workspace(
    settings: Settings,
    make_context: Callable[[Settings], AppContext],
    tasks: Iterable[BackgroundTask],
    *,
    editor: Sequence[BaseRoute] | None,
    changed: asyncio.Event,
    on_ready: OnReady,
) -> None:
    """Start a local workspace, and serve it by Socket Mode until cancelled.

    Args:
        settings: all settings; those about Slack are replaced by the local workspace's.
        make_context: makes the context of the app from settings.
        tasks: run as long as the service.
        editor: the routes of the editor of the content; None where it can't be edited.
        changed: set when other content was loaded, or could not be.
        on_ready: called with a line for the operator.
    """
    routes, pages = demo_routes(), [("Careers page with the widget", DEMO_PATH)]
    if editor is not None:
        routes.append(Mount(EDITOR_PATH, routes=editor))
        pages.insert(0, (EDITOR_TITLE, f"{EDITOR_PATH}/"))
    setup = Setup(
        scopes=frozenset((*SCOPES, *OPTIONAL_SCOPES)),
        events=frozenset(EVENTS),
        commands=tuple((command.name, command.description) for command in COMMANDS),
        shortcuts=tuple((shortcut.callback_id, shortcut.name) for shortcut in SHORTCUTS),
        pages=tuple(pages),
    )
    port = settings.listen_port
    listen("127.0.0.1", port).close()  # so that a taken port gives the same advice in every mode
    async with LocalWorkspace.start(port=port, setup=setup, routes=routes) as workspace:
        local = settings.model_copy(
            update={
                "slack_api_url": workspace.api_url,
                "slack_bot_token": SecretStr(workspace.bot_token),
                "slack_app_token": SecretStr(workspace.app_token),
                "slack_signing_secret": SecretStr(workspace.signing_secret),
                # Only pages of this workspace, of which there is one.
                "faqbot_widget_origins": ",".join(_origins(port)),
                "faqbot_widget_handoffs": ON,
                "faqbot_default_owner": settings.faqbot_default_owner or LOCAL_OWNER_CHANNEL,
            }
        )
        context, open_routes = make_context(local), partial(workspace_routes, local)
        opening = []  # asyncio keeps no reference to its tasks

        def open_page(_: str) -> None:
            on_ready(f"faqbot runs in a local Slack workspace: {workspace.address}/")
            opening.append(asyncio.create_task(_open(workspace, context.engine, changed)))

        async with (
            web_client(workspace.bot_token, workspace.api_url, context.services.calls) as client,
            open_routes(context, client) as further,
        ):
            workspace.add_routes(further)
            await run_socket_mode(local, context, tasks, None, open_page, open_routes=open_routes)


def _origins(port: int) -> Iterator[str]:
    """Yield the names by which a browser reaches the local workspace."""
    yield from (f"http://{host}:{port}" for host in LOCAL_HOSTS)


async def _open(workspace: LocalWorkspace, engine: Engine, changed: asyncio.Event) -> None:
    """Let somebody ask a question of the content's own, so that the page shows what faqbot does.

    Where there is no content yet, the page says what to do, until there is some.

    Args:
        workspace: the local workspace.
        engine: answers.
        changed: set when other content was loaded, or could not be.
    """
    if is_empty(engine.knowledge_base):
        way = "faqbot new role"
        if any(title == EDITOR_TITLE for title, _ in workspace.setup.pages):
            way += f", or in the editor: “{EDITOR_TITLE}” in the menu"
        title = f"{workspace.setup.bot_name} has no content yet. Write the first role with: {way}"
        await workspace.open_with("", (), title=title)
        while is_empty(engine.knowledge_base):
            await changed.wait()
            changed.clear()
    questions = [example.entry for example in example_questions(engine.knowledge_base)]
    asked = next((text for text in questions if engine.ask(text).kind == "answer"), "")
    title = "Try one of these, or ask in your own words:"
    others = [text for text in questions if text != asked]
    await workspace.open_with(asked, others, title=title if others else "")
