"""Server of the editor on this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

from faqbot.editor.commits import Commits, GitMode
from faqbot.editor.drafts import Drafts
from faqbot.editor.files import ContentFiles
from faqbot.editor.pages import EditorPages, Propose
from faqbot.importers.documents.blocks import HeadingClassifier
from faqbot.matching.training_data import SharedResources
from faqbot.runtime.http_limits import LOCAL_LIMITS
from faqbot.runtime.processes import run_until_signal
from faqbot.runtime.web import Server, background_server, listen


def editor_pages(
    folder: Path,
    mode: GitMode,
    resources: Callable[[], SharedResources],
    headings: Callable[[], HeadingClassifier],
    propose: Propose | None = None,
) -> EditorPages:
    """Return the pages that edit a content folder.

    Args:
        folder: the content folder.
        mode: what a save does in git.
        resources: returns what all indexes share; called when something is asked first.
        headings: returns the classifier of headings for documents that are imported.
        propose: takes edits to who decides about them; no file is written then.

    Raises:
        UsageError: saves can't be recorded in git.
    """
    commits = Commits(folder, mode)
    commits.check()
    files = ContentFiles(folder, commits, proposes=propose is not None)
    drafts = Drafts(files, cache(resources), time.monotonic)
    return EditorPages(files, drafts, cache(headings), propose)


def serve_editor(pages: EditorPages, port: int, say: Callable[[str], None]) -> None:
    """Serve the editor on this machine until a signal.

    Args:
        pages: the pages.
        port: the port; no other machine can connect.
        say: prints a line.

    Raises:
        ServiceError: the port is taken.
    """
    with closing(listen("127.0.0.1", port)) as listener:

        async def serve() -> None:
            server = Server(pages.app(), limits=LOCAL_LIMITS)
            async with background_server(server, listener) as serving:
                say(f"faqbot edit: http://127.0.0.1:{listener.getsockname()[1]}/")
                # What is being saved ends as it should, and then the server.
                await asyncio.shield(serving)

        run_until_signal(serve())
