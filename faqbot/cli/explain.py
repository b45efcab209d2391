"""`faqbot explain`: how a question was understood, and why it was answered so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.common__options import Json, Knowledge, Role, Who, Words, question_of
from faqbot.errors import UsageError
from faqbot.model import Audience

if TYPE_CHECKING:
    from faqbot.cli.ask__batch import Asker
    from faqbot.engine import Desk

Add = Annotated[
    str | None,
    typer.Option(
        "--add",
        metavar="ENTRY",
        help="Say what would change if this were a phrasing of that section or FAQ.",
        show_default=False,
    ),
]
EXAMPLE = 'Example: faqbot explain "wich degree for a data anlyst"'


def explain(
    words: Words = None,
    *,
    role: Role = None,
    add: Add = None,
    as_json: Json = False,
    audience: Who = Audience.EMPLOYEES,
    knowledge: Knowledge = None,
) -> None:
    """Show how a question is understood.

    What was normalised and repaired, and which role was linked through which words.

    Then the candidates with the opinion of each view, and why the decision fell so. With `--add`
    also what would change if the question were a phrasing of that entry.
    """
    text = question_of(words)
    if text is None:
        raise UsageError(f"Give a question to explain. {EXAMPLE}")
    from faqbot.cli.ask__batch import Asker
    from faqbot.cli.common import known_role, open_desk

    desk = open_desk(knowledge)
    with asyncio.Runner() as runner:
        _explain(Asker(desk, runner, audience, known_role(desk.library, role)), text, as_json)
        if add:
            _what_if(desk, runner, text, add)


def _what_if(desk: Desk, runner: asyncio.Runner, text: str, entry_id: str) -> None:
    """Say what a phrasing would change."""
    from faqbot.cli.explain__changing import became, compared, tell, with_more
    from faqbot.model import Role

    entry = desk.library.entry(entry_id)
    if entry is None or isinstance(entry, Role):
        raise UsageError(
            f"--add {entry_id} is neither a section nor an FAQ: write role/section, role/faq/id or "
            "faq/id as faqbot roles and faqbot ask --json show them."
        )
    after = with_more(desk, {entry_id: (text,)})
    typer.echo(f"\nWith this as a phrasing of {entry_id}:")
    count, found = compared(runner, desk, after)
    own = runner.run(became(desk, after, text))
    typer.echo(own)
    tell(count, found)


def _explain(asker: Asker, text: str, as_json: bool) -> None:  # noqa: FBT001 - one caller
    from faqbot.cli.common import contract
    from faqbot.cli.common__output import console, print_json
    from faqbot.cli.explain__explanation import as_json as explained
    from faqbot.cli.explain__explanation import render
    from faqbot.replies.reply import as_text

    receipt = asker.receipt(text)
    if as_json:
        reply = as_text(asker.desk.reply(receipt))
        print_json(contract(text, receipt, reply) | explained(receipt))
    else:
        terminal = console()
        for block in render(receipt):
            terminal.print(block)
