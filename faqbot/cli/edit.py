"""`faqbot edit`: roles and FAQs in the browser."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from faqbot.cli.common import Knowledge, content_folder
from faqbot.editor.commits import GitMode

EXAMPLE: Final = "Example: faqbot edit --knowledge knowledge --git commit"


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
    """
    from faqbot import app
    from faqbot.settings.sources import configured_cache, configured_encoder

    folder = content_folder(knowledge)
    app.edit(folder, git, port, configured_encoder(), configured_cache())
