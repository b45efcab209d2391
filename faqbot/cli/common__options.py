"""Options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from faqbot.model import Audience

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUESTION", help="What to ask.", show_default=False),
]

Knowledge = Annotated[
    str | None,
    typer.Option(
        "--knowledge",
        "-k",
        metavar="DIR",
        envvar="FAQBOT_KNOWLEDGE",
        help="The content folder; without it ./knowledge, else the shipped content.",
        show_default=False,
    ),
]

Role = Annotated[
    str | None,
    typer.Option(
        "--role",
        metavar="ID",
        help="The role that the question is about, where it names none.",
        show_default=False,
    ),
]

Who = Annotated[Audience, typer.Option("--audience", help="Who is asking.")]

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def question_of(words: list[str] | None) -> str | None:
    """The question as one text, however it was quoted; None when there is none."""
    return " ".join(words) if words else None


Force = Annotated[bool, typer.Option("--force", help="Write over files that are there already.")]

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only what went wrong.")]

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print more.")]
