"""`faqbot report`: what was asked, answered, missed and rated."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.common__options import Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faqbot.storage.reports import Figures

EXAMPLE = "Example: faqbot report --since 2026-11-01 --role data-analyst"

Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="DATE",
        help="The first day, such as 2026-11-01, or how long ago, such as 7d.",
        show_default="30d",
    ),
]
Csv = Annotated[bool, typer.Option("--csv", help="Print lines for a spreadsheet.")]
OfRole = Annotated[
    str | None,
    typer.Option("--role", metavar="ID", help="Only questions about this role."),
]


def report(
    *, since: Since = None, role: OfRole = None, as_json: Json = False, as_csv: Csv = False
) -> None:
    """Print the figures of the last days: no names of people are in them."""
    from faqbot.cli import report__memories
    from faqbot.cli.common__output import console, print_json
    from faqbot.settings import configured_database

    until = dt.datetime.now(dt.UTC)
    found = report__memories.figures(configured_database(), since_when(since, until), until, role)
    if as_json:
        print_json(as_object(found))
    elif as_csv:
        for line in _csv(found):
            typer.echo(line)
    else:
        for line in as_lines(found):
            console().print(line, markup=False, highlight=False)


def since_when(text: str | None, now: dt.datetime) -> dt.datetime:
    """The moment that `--since` means."""
    from faqbot.errors import UsageError

    said = (text or "30d").strip()
    if said.endswith("d") and said[:-1].isdigit() and len(said) < 6:  # noqa: PLR2004 - 9999 days
        return now - dt.timedelta(days=int(said[:-1]))
    try:
        return dt.datetime.combine(dt.date.fromisoformat(said), dt.time(), dt.UTC)
    except ValueError:
        raise UsageError(
            f"--since {said!r} is no date: write 2026-11-01, or 7d for the last seven days."
        ) from None


def as_object(found: Figures) -> dict[str, object]:
    """The figures as the JSON that other programs read."""
    return {
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "questions": found.questions,
        "outcomes": dict(found.outcomes),
        "days": {day: dict(counts) for day, counts in found.days},
        "most_asked": [
            {
                "entry": one.entry,
                "count": one.count,
                "helpful": one.helpful,
                "not_helpful": one.not_helpful,
            }
            for one in found.most_asked
        ],
        "unanswered": [
            {"count": one.count, "examples": list(one.examples), "role": one.role}
            for one in found.unanswered
        ],
        "poorly_rated": [one.entry for one in found.poorly_rated],
        "helpful": found.helpful,
        "not_helpful": found.not_helpful,
    }


def as_lines(found: Figures, most: int = 10) -> Iterator[str]:
    """The figures as a person reads them."""
    outcomes = ", ".join(f"{name} {count}" for name, count in found.outcomes) or "none"
    yield f"{found.since:%-d %B %Y} to {found.until:%-d %B %Y}: {found.questions} questions"
    yield f"By outcome: {outcomes}"
    yield f"Ratings: {found.helpful} helpful, {found.not_helpful} not"
    for title, lines in (
        ("Most asked", [f"{one.count} x {one.entry}" for one in found.most_asked]),
        (
            "Unanswered",
            [
                f"{one.count} x {' | '.join(one.examples) or '(words not kept)'}"
                for one in found.unanswered
            ],
        ),
        (
            "Poorly rated",
            [f"{one.not_helpful} not helpful: {one.entry}" for one in found.poorly_rated],
        ),
    ):
        if lines:
            yield ""
            yield title
            yield from (f"  {line}" for line in lines[:most])
            if len(lines) > most:
                yield f"  and {len(lines) - most} more"


def _csv(found: Figures) -> Iterator[str]:
    import csv
    import io

    rows: list[tuple[object, ...]] = [("kind", "name", "count", "helpful", "not_helpful")]
    rows += [("outcome", name, count, "", "") for name, count in found.outcomes]
    rows += [
        ("asked", one.entry, one.count, one.helpful, one.not_helpful) for one in found.most_asked
    ]
    rows += [
        ("unanswered", _inert(" | ".join(one.examples)), one.count, "", "")
        for one in found.unanswered
    ]
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(row)
        yield line.getvalue()


def _inert(text: str) -> str:
    """A text that a spreadsheet doesn't take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
