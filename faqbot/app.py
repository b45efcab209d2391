"""The composition root: the one place where the parts are put together."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from faqbot.content.defaults import shipped_knowledge
from faqbot.content.git import PREFIX, git_source, pull
from faqbot.content.loader import load_knowledge_base
from faqbot.content.publisher import ContentPublisher
from faqbot.engine import ConversationMemory, Engine
from faqbot.errors import UsageError
from faqbot.index.builder import build_in_subprocess, build_index, load_engine, load_index
from faqbot.index.reloader import Reloader, write_status_file
from faqbot.matching.clusters import group_by_meaning
from faqbot.matching.encoders import StaticEncoder, check_folder
from faqbot.matching.training_data import SharedResources
from faqbot.settings import Mode, Settings, describe
from faqbot.workspaces.config import read_workspaces

if TYPE_CHECKING:
    from faqbot.importers.documents.headings import HeadingClassifier
    from faqbot.slack.context import Backing

__all__ = ["build_index", "check", "encoder", "headings", "knowledge_folder", "load_engine", "run"]

HIRING = "C0HIRING1"
"""The local workspace's channel for questions that persons answer."""

WARM = 200
"""Roles whose own questions are prepared before the service starts, 10 ms each."""


def encoder() -> StaticEncoder:
    """The bundled encoder."""
    return StaticEncoder()


def headings() -> HeadingClassifier:
    """What recognises the headings of job descriptions."""
    from faqbot.content.defaults import load_defaults
    from faqbot.importers.documents.headings import HeadingClassifier

    return HeadingClassifier(StaticEncoder(), load_defaults().phrasings)


def knowledge_folder(configured: str | None) -> tuple[Path, str]:
    """The content folder, and a line that says so when other content takes its place.

    Raises:
        UsageError: the content is in a git repository that can't be fetched.
    """
    if configured and configured.startswith(PREFIX):
        return _cloned(configured)
    if configured:
        return Path(configured), ""
    here = Path("knowledge")
    if here.is_dir():
        return here, ""
    return shipped_knowledge(), (
        f"No folder {here.resolve()}: answering from the content shipped with faqbot. "
        "Set FAQBOT_KNOWLEDGE or --knowledge to use yours."
    )


def _cloned(address: str) -> tuple[Path, str]:
    """The newest content of a repository, or the last that was fetched."""
    source = git_source(address, user_cache_path("faqbot", appauthor=False))
    try:
        source.update()
    except UsageError as error:
        if not source.content.is_dir():
            raise
        return source.content, f"{error} Answering from the content that was fetched before."
    return source.content, ""


def run(settings: Settings) -> None:
    """Start faqbot as the settings say, and serve until it is told to stop.

    Raises:
        FaqbotError: it can't start or can't go on; says why and what to do.
    """
    from faqbot.runtime.logs import configure_logging

    configure_logging(settings.faqbot_log_level, settings.faqbot_log_format)
    if settings.mode in (Mode.HTTP, Mode.MANY_WORKSPACES):
        from faqbot.runtime.supervisor import run_workers
        from faqbot.runtime.web import listen

        # Before the content is loaded: a port that is taken is reported at once, and all
        # workers share the one socket.
        with closing(listen(settings.faqbot_host, settings.listen_port)) as listener:
            if settings.faqbot_workers > 1:
                run_workers(serve, settings, listener)
            else:
                serve(settings, listener)
    else:
        serve(settings, None)


def serve(settings: Settings, listener: socket.socket | None) -> None:
    """Serve in this process, over HTTP where it is given a listener.

    Raises:
        FaqbotError: it can't start or can't go on; says why and what to do.
    """
    folder, line = knowledge_folder(settings.faqbot_knowledge)
    if line:
        _say(line)
    if settings.mode is Mode.MANY_WORKSPACES:
        from faqbot.workspaces.server import serve_workspaces

        assert listener is not None, "many workspaces are served over HTTP"
        serve_workspaces(settings, folder, listener, _say)
        return
    resources = SharedResources(settings.encoder)
    index = load_index(folder, resources, settings.cache)
    index.matcher.ranker.prepare(WARM)
    engine = Engine(index, ConversationMemory(time.monotonic))
    from faqbot.slack.context import Backing, ContentUpdates
    from faqbot.slack.service import run_http, run_socket_mode, until_stopped

    told = write_status_file(str(folder.resolve()), settings.mode.value)
    build = partial(build_in_subprocess, resources=resources)
    reloader = Reloader(engine, folder, build, told)
    publisher = ContentPublisher(engine, folder, reloader.reload)
    grouping = partial(group_by_meaning, encoder=resources.bundled_encoder)
    following = ContentUpdates(reloader, _newer(settings, folder), settings.pull_interval)
    backing = Backing(grouping, lambda: reloader.state, following.works(), publisher)
    if listener is not None:
        until_stopped(run_http(settings, engine, _say, backing, listener))
    elif settings.mode is Mode.SOCKET:
        with _status_port(settings) as port:
            until_stopped(run_socket_mode(settings, engine, _say, backing, port))
    else:
        until_stopped(_in_local_workspace(settings, engine, replace(backing, owners=HIRING)))


@contextmanager
def _status_port(settings: Settings) -> Iterator[socket.socket | None]:
    """Where Socket Mode serves health and metrics: on PORT, if it is set."""
    from faqbot.runtime.web import listen

    if settings.port is None:
        yield None
        return
    with closing(listen(settings.faqbot_host, settings.port)) as listener:
        yield listener


def _newer(settings: Settings, folder: Path) -> Callable[[], None] | None:
    """What brings the content from elsewhere; None where it only changes in its folder."""
    configured = settings.faqbot_knowledge or ""
    if configured.startswith(PREFIX):
        return git_source(configured, user_cache_path("faqbot", appauthor=False)).update
    return partial(pull, folder) if settings.pull_interval else None


async def _in_local_workspace(settings: Settings, engine: Engine, backing: Backing) -> None:
    from faqbot.playground.models import Setup
    from faqbot.playground.workspace import LocalWorkspace
    from faqbot.runtime.web import listen
    from faqbot.slack.app import create_app
    from faqbot.slack.manifest import COMMANDS, EVENTS, OPTIONAL_SCOPES, SCOPES, SHORTCUTS
    from faqbot.slack.service import House, connection, weekly_digest
    from faqbot.slack.socket_mode import SocketMode

    setup = Setup(
        scopes=frozenset((*SCOPES, *OPTIONAL_SCOPES)),
        events=frozenset(EVENTS),
        commands=tuple((command.name, command.description) for command in COMMANDS),
        shortcuts=tuple((shortcut.callback_id, shortcut.name) for shortcut in SHORTCUTS),
    )
    port = settings.listen_port
    listen("127.0.0.1", port).close()  # so that a taken port gives the same advice in every mode
    async with LocalWorkspace.start(port=port, setup=setup) as workspace:
        house = House.of(
            settings.model_copy(update={"slack_api_url": workspace.api_url}),
            backing,
            workspace.signing_secret,
        )
        async with house.web_client(workspace.bot_token) as client, house.open():
            app = create_app(engine, client, house.shared, backstage=house.backstage)
            link = SocketMode(app, workspace.app_token)
            address = f"{workspace.address}/"
            async with (
                weekly_digest(engine, house.backstage, client),
                connection(link, house.working(app.async_dispatch)),
            ):
                await link.run(lambda: _say(f"faqbot runs in a local Slack workspace: {address}"))


def check(settings: Settings) -> tuple[str, ...]:
    """What `run` would do, a line each, without starting.

    Raises:
        FaqbotError: the content can't be loaded, or there is no such encoder.
    """
    folder, line = knowledge_folder(settings.faqbot_knowledge)
    knowledge_base = load_knowledge_base(folder)
    if settings.encoder:
        check_folder(settings.encoder)
    if settings.faqbot_workspaces:
        read_workspaces(Path(settings.faqbot_workspaces))
    found = (
        f"content: {folder} ({len(knowledge_base.roles)} roles, version {knowledge_base.version})"
    )
    return (*describe(settings), *filter(None, (line,)), found)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the one address that a person waits for
