"""`faqbot edit`: roles and FAQs in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from faqbot.cli.common import Knowledge
from faqbot.editor.commits import GitMode
from faqbot.errors import UsageError

EXAMPLE: Final = "Example: faqbot edit --knowledge knowledge --git commit"
DEFAULT_FOLDER: Final = "knowledge"

Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; only this machine connects.")]
Git = Annotated[
    GitMode,
    typer.Option(
        "--git",
        envvar="FAQBOT_EDITOR_GIT",
        help="A save is a commit, a commit on a branch for review, or just a save.",
    ),
]


def edit(*, port: Port = 8767, git: Git = GitMode.OFF, knowledge: Knowledge = None) -> None:
    """Write roles and FAQs in the browser, without YAML.

    Every problem stands beside its field, and what is on the page can be asked before it is saved.
    A save changes only the lines that were edited; comments stay. The page is for this machine.
    Without --knowledge it is about ./knowledge, which begins empty where it isn't there.
    """
    from faqbot import app
    from faqbot.content.git import PREFIX
    from faqbot.settings.sources import (
        configured_cache,
        configured_encoder,
        configured_knowledge,
    )

    named = knowledge or configured_knowledge() or DEFAULT_FOLDER
    if named.startswith(PREFIX):
        raise UsageError(
            "Clone the repository, and edit the clone: --knowledge FOLDER --git commit."
        )
    # Never the content that ships with faqbot: a folder that isn't there yet begins empty.
    app.edit(Path(named), git, port, configured_encoder(), configured_cache())
