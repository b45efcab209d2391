"""Composition root: settings become a running bot."""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from faqbot.content.files import shipped_knowledge
from faqbot.content.git import PREFIX, git_source, pull
from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Engine
from faqbot.errors import NoContentError, UsageError, counted
from faqbot.index.builder import build_in_subprocess, build_index, load_engine, load_index
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.encoders import StaticEncoder, check_folder
from faqbot.matching.training_data import SharedResources
from faqbot.model import KnowledgeBase

# Functions import what serves only: it would be a tenth of the start of `faqbot ask`.
if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from faqbot.editor.commits import GitMode
    from faqbot.importers.documents.blocks import HeadingClassifier
    from faqbot.insights.server import MakeEditor
    from faqbot.settings.models import Settings
    from faqbot.slack.context import AppContext
    from faqbot.storage.models import Proposal

__all__ = [
    "build_index",
    "bundled_encoder",
    "check",
    "edit",
    "heading_classifier",
    "insights_editor",
    "knowledge_folder",
    "load_engine",
    "run",
]

_FIRST_ROLE = (
    "Write the first role with: faqbot new role (or: faqbot edit). It is used as soon as it is "
    "saved."
)

PREPARED_SCOPES = 200
"""Roles whose scopes are solved before the service starts, 10 ms each."""


def bundled_encoder() -> StaticEncoder:
    """Return the bundled encoder."""
    return StaticEncoder()


def heading_classifier() -> HeadingClassifier:
    """Return the classifier of headings in job descriptions."""
    from faqbot.content.defaults import load_defaults
    from faqbot.importers.documents.blocks import HeadingClassifier

    return HeadingClassifier(StaticEncoder(), load_defaults().phrasings)


def knowledge_folder(configured: str | None) -> tuple[Path, str]:
    """Return the content folder, and a note when it isn't the configured one.

    Args:
        configured: a folder or the address of a repository; without it ./knowledge, else the
            content that ships with faqbot.

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
    """Return the newest content of a repository; the last that was fetched, if it is down."""
    source = git_source(address, user_cache_path("faqbot", appauthor=False))
    try:
        source.update()
    except UsageError as error:
        if not source.content.is_dir():
            raise
        return source.content, f"{error} Answering from the content that was fetched before."
    return source.content, ""


def edit(folder: Path, mode: GitMode, port: int, encoder: Path | None, cache: Path | None) -> None:
    """Serve the editor of a content folder on this machine until a signal.

    Args:
        folder: the content folder.
        mode: what a save does in git.
        port: the port to serve on.
        encoder: the folder of a sentence-transformers model; None takes the bundled encoder.
        cache: the folder in which to keep what took long to build; None keeps nothing.

    Raises:
        UsageError: saves can't be recorded in git.
        ServiceError: the port is taken.
    """
    from faqbot.editor.server import editor_pages, serve_editor

    def resources() -> SharedResources:
        return SharedResources(encoder, cache)

    serve_editor(editor_pages(folder, mode, resources, heading_classifier), port, _print_line)


def insights_editor(folder: Path, configured: str, settings: Settings) -> MakeEditor | None:
    """Return what makes the editor for owners who sign in to insights.

    It is None for content that belongs to faqbot: what it ships, and clones of repositories.

    Args:
        folder: the content folder.
        configured: how it was named.
        settings: name the encoder and the cache.
    """
    if configured.startswith(PREFIX) or folder == shipped_knowledge():
        return None
    from faqbot.editor.commits import GitMode
    from faqbot.editor.server import editor_pages

    def make(propose: Callable[[Proposal], Awaitable[str]]) -> ASGIApp:
        resources = partial(SharedResources, settings.encoder, settings.cache)
        pages = editor_pages(folder, GitMode.OFF, resources, heading_classifier, propose)
        return replace(pages, home="Insights").mounted()

    return make


def run(settings: Settings) -> None:
    """Run faqbot as the settings say, until it gets a signal to stop.

    Raises:
        SettingsError: Slack refuses the settings.
        ContentError: the content has problems.
        ServiceError: a port is taken, or a connection is lost for good.
    """
    from faqbot.runtime.logs import configure_logging
    from faqbot.settings.models import Mode

    configure_logging(settings.faqbot_log_level, settings.faqbot_log_format)
    if settings.mode in (Mode.HTTP, Mode.MANY_WORKSPACES):
        from faqbot.runtime.processes import run_workers
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
    """Run faqbot in this process.

    Args:
        settings: all settings.
        listener: the socket to serve HTTP on; None in the other modes.

    Raises:
        FaqbotError: as run.
    """
    from faqbot.runtime.processes import return_large_blocks
    from faqbot.settings.models import Mode

    return_large_blocks()
    folder, line = knowledge_folder(settings.faqbot_knowledge)
    if line:
        _print_line(line)
    if settings.mode is Mode.MANY_WORKSPACES:
        from faqbot.workspaces.server import serve_workspaces

        assert listener is not None, "many workspaces are served over HTTP"
        serve_workspaces(settings, folder, listener, _print_line)
        return
    resources = SharedResources(settings.encoder, settings.cache)
    try:
        index = load_index(folder, resources, settings.cache)
    except NoContentError:
        _print_line(f"{folder} has no content yet. {_FIRST_ROLE}")
        index = build_index(KnowledgeBase((), (), "empty"), resources)
    index.matcher.ranker.prepare(PREPARED_SCOPES)
    engine = Engine(index, ConversationMemory(time.monotonic))
    import asyncio

    from faqbot.content.publisher import ContentPublisher
    from faqbot.index.reloader import ContentUpdates, Reloader, ReloadState
    from faqbot.index.status import write_status_file
    from faqbot.matching.similarity import group_by_meaning
    from faqbot.runtime.processes import run_until_signal
    from faqbot.slack.context import AppContext
    from faqbot.slack.service import make_services, run_http, run_socket_mode
    from faqbot.storage.models import ChannelMode
    from faqbot.web.site import workspace_routes

    write_status = write_status_file(
        str(folder),
        settings.mode.value,
        settings.port if settings.mode is Mode.SOCKET else settings.listen_port,
    )
    changed = asyncio.Event()

    def on_change(state: ReloadState) -> None:
        write_status(state)
        changed.set()

    build = partial(build_in_subprocess, resources=resources)
    reloader = Reloader(engine, folder, build, on_change)
    tasks = ContentUpdates(reloader, _fetcher(settings, folder), settings.pull_interval).tasks()

    def make_context(settings: Settings) -> AppContext:
        return AppContext(
            engine,
            content_state=lambda: reloader.state,
            services=make_services(
                settings, partial(group_by_meaning, encoder=resources.static_encoder)
            ),
            default_owner=settings.faqbot_default_owner,
            channel_mode=ChannelMode(settings.faqbot_channel_mode),
            publisher=ContentPublisher(engine, folder, reloader.reload),
        )

    open_routes = partial(workspace_routes, settings)
    if listener is not None:
        context = make_context(settings)
        run_until_signal(
            run_http(settings, context, tasks, listener, _print_line, open_routes=open_routes)
        )
    elif settings.mode is Mode.SOCKET:
        context = make_context(settings)
        with _status_port(settings) as port:
            run_until_signal(
                run_socket_mode(
                    settings, context, tasks, port, _print_line, open_routes=open_routes
                )
            )
    else:
        from faqbot.local_workspace import run_in_local_workspace

        editor = None if line else _editor(settings, folder, resources)
        run_until_signal(
            run_in_local_workspace(
                settings,
                make_context,
                tasks,
                editor=editor,
                changed=changed,
                on_ready=_print_line,
            )
        )


@contextmanager
def _status_port(settings: Settings) -> Iterator[socket.socket | None]:
    """Yield the socket on PORT for health and metrics in Socket Mode, if PORT is set."""
    from faqbot.runtime.web import listen

    if settings.port is None:
        yield None
        return
    with closing(listen(settings.faqbot_host, settings.port)) as listener:
        yield listener


def _fetcher(settings: Settings, folder: Path) -> Callable[[], None] | None:
    """Return a function that fetches newer content; None where it only changes in its folder."""
    configured = settings.faqbot_knowledge or ""
    if configured.startswith(PREFIX):
        return git_source(configured, user_cache_path("faqbot", appauthor=False)).update
    return partial(pull, folder) if settings.pull_interval else None


def _editor(
    settings: Settings, folder: Path, resources: SharedResources
) -> Sequence[BaseRoute] | None:
    """Return the routes of the editor, for the local workspace.

    There are none for content that belongs to faqbot: what it ships, and clones of repositories.
    """
    from faqbot.editor.commits import GitMode
    from faqbot.editor.server import editor_pages

    if (settings.faqbot_knowledge or "").startswith(PREFIX):
        return None
    mode = GitMode(settings.faqbot_editor_git)
    pages = editor_pages(folder, mode, lambda: resources, heading_classifier)
    return replace(pages, home="Local workspace").routes()


def check(settings: Settings) -> tuple[str, ...]:
    """Check the settings and the content. Returns a line for each thing that `run` would do.

    Raises:
        FaqbotError: the content can't be loaded, or there is no such encoder.
    """
    from faqbot.settings.describe import describe
    from faqbot.workspaces.config import read_workspaces

    folder, line = knowledge_folder(settings.faqbot_knowledge)
    try:
        knowledge_base = load_knowledge_base(folder)
    except NoContentError:
        knowledge_base = KnowledgeBase((), (), "empty")
        line = f"{line} {folder} has no content yet. {_FIRST_ROLE}".strip()
    if settings.encoder:
        check_folder(settings.encoder)
    if settings.faqbot_workspaces:
        read_workspaces(Path(settings.faqbot_workspaces))
    roles = counted(len(knowledge_base.roles), "role")
    found = f"content: {folder} ({roles}, version {knowledge_base.version})"
    encoder = f"encoder: {settings.encoder}" if settings.encoder else _bundled_encoder_line()
    return (*describe(settings), *filter(None, (line,)), found, encoder)


def _bundled_encoder_line() -> str:
    """Say whether questions are compared by the compiled kernel."""
    from faqbot.matching.minilm import MiniLMEncoder

    backend = MiniLMEncoder().backend
    how = "compiled kernel" if backend == "c" else "numpy, slower: no compiled kernel was installed"
    return f"encoder: MiniLM ({how})"


def _print_line(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a person waits for the address
