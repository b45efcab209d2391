"""`faqbot check`: everything that is wrong with the content, and the tests that live in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.options import Json

if TYPE_CHECKING:
    from faqbot.desk import Desk
    from faqbot.errors import Problem
    from faqbot.model import Faq, Library, Receipt

EXAMPLE = "Example: faqbot check knowledge"

Folder = Annotated[
    str | None,
    typer.Argument(
        metavar="DIR",
        envvar="FAQBOT_KNOWLEDGE",
        help="The content folder; without it ./knowledge, else the shipped content.",
        show_default=False,
    ),
]


def check(folder: Folder = None, *, as_json: Json = False) -> None:
    """Check the content, and ask the questions that it brings as tests.

    Each problem is a line with file, line and column. Exit code 1 when there is one.
    """
    from faqbot.cli.asking import content_folder

    where = content_folder(folder)
    library, problems = _problems(where)
    if as_json:
        _print_json(library, problems)
    else:
        _print_text(where, library, problems)
    if problems:
        raise typer.Exit(1)


def _problems(folder: Path) -> tuple[Library | None, list[Problem]]:
    from faqbot import boot
    from faqbot.content.loading import check_folder
    from faqbot.settings import configured_cache, configured_encoder

    library, found = check_folder(folder)
    problems = list(found)
    if library is not None and not problems:
        desk = boot.open_desk(folder, configured_encoder(), configured_cache())
        with asyncio.Runner() as runner:
            problems = list(_failures(desk, runner))
    return library, sorted(problems)


def _failures(desk: Desk, runner: asyncio.Runner) -> Iterator[Problem]:
    """The content's own tests that fail, each at the entry that holds it."""
    for faq in _faqs(desk.library):
        for text in faq.matches:
            receipt = _ask(desk, runner, faq, text)
            if faq.id not in _answers(receipt):
                yield _problem(faq, f"matches: {text!r} {_became(receipt)}, not answered by this")
        for text in faq.rejects:
            if faq.id in _answers(_ask(desk, runner, faq, text)):
                yield _problem(faq, f"rejects: {text!r} is answered by this")


def _faqs(library: Library) -> Iterator[Faq]:
    for role in library.roles:
        yield from role.faqs
    yield from library.faqs


def _ask(desk: Desk, runner: asyncio.Runner, faq: Faq, text: str) -> Receipt:
    from faqbot.cli.asking import question
    from faqbot.model import Audience

    role = desk.library.role(faq.role)
    asked = text.replace("{role}", role.title) if role else text
    return runner.run(desk.ask(question(asked, Audience.EMPLOYEES, faq.role)))


def _answers(receipt: Receipt) -> tuple[str, ...]:
    from faqbot.model import Answered

    outcome = receipt.outcome
    return tuple(e.id for e in outcome.entries) if isinstance(outcome, Answered) else ()


def _became(receipt: Receipt) -> str:
    from faqbot.model import Answered, Declined, Unsure

    match receipt.outcome:
        case Answered(entries=entries):
            return f"is answered by {', '.join(e.id for e in entries)}"
        case Unsure(options=options):
            return f"is asked back between {', '.join(e.id for e in options)}"
        case Declined():
            return "is declined"


def _problem(faq: Faq, what: str) -> Problem:
    from faqbot.errors import Problem

    advice = "Add a phrasing to the entry that is meant, or change the test"
    return Problem(faq.origin.path, max(faq.origin.line, 1), 1, f"{faq.id}: {what}. {advice}.")


def _print_json(library: Library | None, problems: list[Problem]) -> None:
    from faqbot.cli.output import print_json

    roles = len(library.roles) if library else None
    entries = sum(1 for _ in library.entries()) if library else None
    print_json(
        {
            "ok": not problems,
            "roles": roles,
            "entries": entries,
            "problems": [
                {"path": p.path, "line": p.line, "column": p.column, "message": p.message}
                for p in problems
            ],
        }
    )


def _print_text(folder: Path, library: Library | None, problems: list[Problem]) -> None:
    from faqbot.cli.output import printable

    for problem in problems:
        typer.echo(printable(str(problem)))
    if problems or library is None:
        noun = "problem" if len(problems) == 1 else "problems"
        typer.echo(f"{len(problems)} {noun} in {folder}.")
        return
    entries = sum(1 for _ in library.entries())
    tests = sum(len(faq.matches) + len(faq.rejects) for faq in _faqs(library))
    typer.echo(
        f"{folder}: {len(library.roles)} roles, {entries} entries, "
        f"{tests} of their own tests passed. No problems."
    )
