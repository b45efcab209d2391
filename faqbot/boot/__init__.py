"""The composition root: the one place where the parts are put together."""

from __future__ import annotations

import logging
import time
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from faqbot.boot.understanding import Encoders, built, knowledge_of, open_desk, understand
from faqbot.content.loading import load_library
from faqbot.conversations import Conversations
from faqbot.desk import Desk
from faqbot.matching.grouping import group_by_meaning
from faqbot.matching.transformer import check_folder
from faqbot.publishing import Publisher
from faqbot.settings import Mode, Settings

if TYPE_CHECKING:
    from faqbot.slack.service import Backing

__all__ = ["check", "knowledge_folder", "open_desk", "run", "understand"]

HIRING = "C0HIRING1"
"""The local workspace's channel for questions that persons answer."""

WARM = 200
"""Roles whose own questions are prepared before the service starts, 10 ms each."""


def knowledge_folder(configured: str | None) -> tuple[Path, str]:
    """The content folder, and a line that says so when the shipped content takes its place."""
    if configured:
        return Path(configured), ""
    here = Path("knowledge")
    if here.is_dir():
        return here, ""
    with as_file(files("faqbot") / "knowledge") as carried:
        shipped = carried
    if not shipped.is_dir():
        shipped = Path(__file__).resolve().parent.parent / "knowledge"
    return shipped, (
        f"No folder {here.resolve()}: answering from the content shipped with faqbot. "
        "Set FAQBOT_KNOWLEDGE or --knowledge to use yours."
    )


def run(settings: Settings) -> None:
    """Start faqbot as the settings say, and serve until it is told to stop.

    Raises:
        FaqbotError: it can't start or can't go on; says why and what to do.
    """
    logging.basicConfig(
        level=settings.faqbot_log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of each of its parts
    folder, line = knowledge_folder(settings.faqbot_knowledge)
    if line:
        _say(line)
    knowledge = knowledge_of(folder, settings.encoder, settings.cache)
    encoders = Encoders.of(settings.encoder)
    knowledge.matcher.ranker.warm(WARM)
    desk = Desk(knowledge, Conversations(time.monotonic))
    from faqbot.slack.service import Backing, by_socket_mode, over_http, until_stopped

    publisher = Publisher(desk, folder, lambda place: built(load_library(place), encoders))
    grouping = partial(group_by_meaning, encoder=encoders.bundled)
    match settings.mode:
        case Mode.SOCKET:
            until_stopped(by_socket_mode(settings, desk, _say, Backing(publisher, grouping)))
        case Mode.HTTP:
            until_stopped(over_http(settings, desk, _say, Backing(publisher, grouping)))
        case Mode.WORKSPACE:
            until_stopped(_in_local_workspace(settings, desk, Backing(publisher, grouping, HIRING)))


async def _in_local_workspace(settings: Settings, desk: Desk, backing: Backing) -> None:
    from faqbot.playground.server import LocalWorkspace
    from faqbot.playground.values import Setup
    from faqbot.slack.app import create_app
    from faqbot.slack.manifest import COMMANDS, EVENTS, OPTIONAL_SCOPES, SCOPES, SHORTCUTS
    from faqbot.slack.running import Running
    from faqbot.slack.server import listen
    from faqbot.slack.service import behind, connection, weekly
    from faqbot.slack.web import web_client

    setup = Setup(
        scopes=frozenset((*SCOPES, *OPTIONAL_SCOPES)),
        events=frozenset(EVENTS),
        commands=tuple((command.name, command.description) for command in COMMANDS),
        shortcuts=tuple((shortcut.callback_id, shortcut.name) for shortcut in SHORTCUTS),
    )
    port = settings.listens_on
    listen("127.0.0.1", port).close()  # so that a taken port gives the same advice in every mode
    running = Running()
    async with (
        LocalWorkspace.start(port=port, setup=setup) as workspace,
        web_client(workspace.bot_token, workspace.api_url) as client,
        behind(settings, backing) as backstage,
        weekly(desk, backstage, client),
    ):
        app = create_app(desk, client, running=running, backstage=backstage)
        address = f"{workspace.address}/"
        async with connection(app, workspace.app_token, running) as link:
            await link.run(lambda: _say(f"faqbot runs in a local Slack workspace: {address}"))


def check(settings: Settings) -> tuple[str, ...]:
    """What `run` would do, a line each, without starting.

    Raises:
        FaqbotError: the content can't be loaded, or there is no such encoder.
    """
    folder, line = knowledge_folder(settings.faqbot_knowledge)
    library = load_library(folder)
    if settings.encoder:
        check_folder(settings.encoder)
    found = f"content: {folder} ({len(library.roles)} roles, version {library.version})"
    return (*settings.describe(), *filter(None, (line,)), found)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the one address that a person waits for
