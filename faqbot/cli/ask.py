"""`faqbot ask`: one question, or a file of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.common__options import Json, Knowledge, Role, Who, Words, question_of
from faqbot.errors import UsageError
from faqbot.model import Audience

if TYPE_CHECKING:
    from faqbot.cli.ask__batch import Asker

EXAMPLE = 'Example: faqbot ask "Which skills does a data analyst need?"'

Batch = Annotated[
    str | None,
    typer.Option(
        "--batch",
        metavar="FILE",
        help="Ask each line of a file (- for standard input); prints a line of JSON for each.",
        show_default=False,
    ),
]


def ask(
    words: Words = None,
    *,
    role: Role = None,
    as_json: Json = False,
    batch: Batch = None,
    audience: Who = Audience.EMPLOYEES,
    knowledge: Knowledge = None,
) -> None:
    """Answer a question, or every line of a file.

    The questions of a file are independent of each other.

    A line that is a JSON string is decoded first: a question may hold line breaks.
    """
    text = question_of(words)
    if (text is None) == (batch is None):
        raise UsageError(
            'Give one question, as in `faqbot ask "Which skills does a data analyst need?"`, '
            "or a file of them with --batch FILE."
        )
    from faqbot.cli.ask__batch import Asker, answer_lines
    from faqbot.cli.common import known_role, open_desk

    desk = open_desk(knowledge)
    with asyncio.Runner() as runner:
        asker = Asker(desk, runner, audience, known_role(desk.library, role))
        if batch is not None:
            answer_lines(asker, batch)
        elif text is not None:
            _answer(asker, text, as_json=as_json)


def _answer(asker: Asker, text: str, *, as_json: bool) -> None:
    from faqbot.cli.ask__render import show
    from faqbot.cli.common__output import console, print_json

    if as_json:
        print_json(asker.json(text))
    else:
        show(console(), asker.desk.reply(asker.receipt(text)))
