"""`faqbot report` and `faqbot suggest`: what the question log is used for."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from faqbot.cli.common import Json, Knowledge, Quiet, console, load_engine, print_json, use_store
from faqbot.errors import UsageError, counted
from faqbot.matching.thresholds import THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faqbot.engine import Engine
    from faqbot.storage.reports import UsageStatistics
    from faqbot.storage.store import Store


def load_statistics(
    database: str | None, since: dt.datetime, until: dt.datetime, role: str | None = None
) -> UsageStatistics:
    """Return the statistics of a period.

    Raises:
        UsageError: Storage is off.
        StoreError: The database can't be used.
    """
    from faqbot.matching.encoders import StaticEncoder
    from faqbot.matching.similarity import group_by_meaning
    from faqbot.storage.questions import QuestionFilter
    from faqbot.storage.reports import usage_statistics as summed_up

    encoder = StaticEncoder()

    async def ask(store: Store) -> UsageStatistics:
        grouping = partial(group_by_meaning, encoder=encoder)
        return await summed_up(store, since, until, grouping, QuestionFilter(role=role))

    return use_store(database, ask)


@dataclass(frozen=True, slots=True)
class PhrasingSuggestion:
    """A phrasing to add to an entry; `sure` if a person assigned it."""

    text: str
    entry: str
    sure: bool


def phrasing_suggestions(
    database: str | None, since: dt.datetime, until: dt.datetime, engine: Engine, *, guess: bool
) -> tuple[PhrasingSuggestion, ...]:
    """Return the phrasings that people picked and assigned; `guess` adds declined questions.

    Raises:
        UsageError: Storage is off.
        StoreError: The database can't be used.
    """
    from faqbot.storage.models import PHRASING
    from faqbot.storage.questions import QuestionFilter
    from faqbot.storage.reports import without_rare_words

    async def ask(store: Store) -> tuple[PhrasingSuggestion, ...]:
        found = [
            PhrasingSuggestion(one.question, one.entry, sure=True)
            for one in await store.proposals.undecided()
            if one.kind == PHRASING and one.entry and since <= one.created < until
        ]
        if not guess:
            return tuple(found)
        declined = await store.questions.all(QuestionFilter(since, until, outcome="decline"))
        for record in without_rare_words(declined):
            if not record.text:
                continue
            _, near = engine.nearest(record.text)
            # Ids of sections and FAQs contain a slash; a role as a whole has no phrasings.
            if near and near[0].confidence >= THRESHOLDS.suggest_phrasing and "/" in near[0].id:
                found.append(PhrasingSuggestion(record.text, near[0].id, sure=False))
        return tuple(found)

    return use_store(database, ask)


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
    """Print statistics of the last days; they contain no names of people."""
    from faqbot.settings.sources import configured_database

    until = dt.datetime.now(dt.UTC)
    found = load_statistics(configured_database(), parse_since(since, until), until, role)
    if as_json:
        print_json(as_object(found))
    elif as_csv:
        for line in _csv(found):
            typer.echo(line)
    else:
        for line in as_lines(found):
            console().print(line, markup=False, highlight=False)


_DAYS: Final = re.compile(r"[0-9]{1,4}d")


def parse_since(text: str | None, now: dt.datetime) -> dt.datetime:
    """Return the time of `--since`: a date, or a number of days ago such as "7d"."""
    said = (text or "30d").strip()
    if _DAYS.fullmatch(said):
        return now - dt.timedelta(days=int(said[:-1]))
    try:
        return dt.datetime.combine(dt.date.fromisoformat(said), dt.time(), dt.UTC)
    except ValueError:
        raise UsageError(
            f"--since {said!r} is no date: write 2026-11-01, or 7d for the last seven days."
        ) from None


def as_object(found: UsageStatistics) -> dict[str, object]:
    """Return the JSON contract of `faqbot report --json`."""
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


def as_lines(found: UsageStatistics, most: int = 10) -> Iterator[str]:
    """Yield the statistics as lines of text."""
    outcomes = ", ".join(f"{name} {count}" for name, count in found.outcomes) or "none"
    period = f"{found.since:%-d %B %Y} to {found.until:%-d %B %Y}"
    yield f"{period}: {counted(found.questions, 'question')}"
    yield f"By outcome: {outcomes}"
    yield f"Ratings: {found.helpful} helpful, {found.not_helpful} not"
    for title, lines in (
        ("Most asked", [f"{one.count} x {one.entry}" for one in found.most_asked]),
        (
            "Unanswered",
            [
                f"{one.count} x {' | '.join(one.examples) or '(words not shown)'}"
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


def _csv(found: UsageStatistics) -> Iterator[str]:
    import csv
    import io

    from faqbot.spreadsheet.files import escape_formula

    rows: list[tuple[object, ...]] = [("kind", "name", "count", "helpful", "not_helpful")]
    rows += [("outcome", name, count, "", "") for name, count in found.outcomes]
    rows += [
        ("asked", one.entry, one.count, one.helpful, one.not_helpful) for one in found.most_asked
    ]
    rows += [
        ("unanswered", escape_formula(" | ".join(one.examples)), one.count, "", "")
        for one in found.unanswered
    ]
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(row)
        yield line.getvalue()


SUGGEST_EXAMPLE = "Example: faqbot suggest --since 90d > phrasings.patch"

Apply = Annotated[bool, typer.Option("--apply", help="Change the files instead of printing.")]
Declined = Annotated[
    bool,
    typer.Option("--declined", help="Also guess entries for declined questions: review each one."),
]


def suggest(
    *,
    since: Since = None,
    declined: Declined = False,
    apply: Apply = False,
    quiet: Quiet = False,
    knowledge: Knowledge = None,
) -> None:
    """Suggest phrasings from picked choices, assigned questions and declined questions.

    Prints a patch of the YAML that keeps comments and order, and says what it would change. Exit
    code 0, also when there is nothing to suggest; 1 when the content has problems.
    """
    from faqbot.settings.sources import configured_database
    from faqbot.storage.models import utc_now

    until = utc_now()
    engine = load_engine(knowledge)
    found = phrasing_suggestions(
        configured_database(), parse_since(since, until), until, engine, guess=declined
    )
    more = _new_phrasings(engine, found)
    if not more:
        typer.echo("Nothing to suggest.", err=True)
        return
    patches = _changed_files(engine, more)
    for path, (old, new) in patches.items():
        if apply:
            _write(path, new)
            typer.echo(f"{path}: changed", err=True)
        else:
            typer.echo(_patch(path, old, new), nl=False)
    if not quiet:
        _print_effect(engine, more)


def _new_phrasings(engine: Engine, found: tuple[PhrasingSuggestion, ...]) -> dict[str, list[str]]:
    """Return the phrasings that entries don't have yet, by entry."""
    more: dict[str, list[str]] = defaultdict(list)
    for suggestion in found:
        entry = engine.knowledge_base.entry(suggestion.entry)
        known = getattr(entry, "phrasings", ())
        if entry is not None and suggestion.text not in (*known, *more[suggestion.entry]):
            more[suggestion.entry].append(suggestion.text)
    return {entry: texts for entry, texts in more.items() if texts}


def _changed_files(engine: Engine, more: dict[str, list[str]]) -> dict[Path, tuple[str, str]]:
    from faqbot.content.publisher import add_phrasings

    paths: dict[Path, None] = {}
    for entry_id in more:
        entry = engine.knowledge_base.entry(entry_id)
        if entry is not None and entry.origin.path:
            paths[Path(entry.origin.path)] = None
    changed: dict[Path, tuple[str, str]] = {}
    for path in paths:
        old = path.read_bytes().decode()  # with its own line ends
        try:
            new = add_phrasings(old, more)
        except UsageError as error:  # the suggestions for other files go on
            typer.echo(f"{path}: {error}", err=True)
            continue
        if new != old:
            changed[path] = old, new
    return changed


def _patch(path: Path, old: str, new: str) -> str:
    name = path.as_posix().lstrip("/")
    lines = difflib.unified_diff(
        old.splitlines(keepends=True),
        new.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(lines)


def _write(path: Path, text: str) -> None:
    from faqbot.content.writer import write_file

    write_file(path, text, force=True)


def _print_effect(engine: Engine, more: dict[str, list[str]]) -> None:
    from faqbot.cli.explain import compare, with_phrasings

    after = with_phrasings(engine, more)
    count, found = compare(engine, after)
    better = sum(change.better for change in found)
    worse = sum(change.worse for change in found)
    phrasings = sum(map(len, more.values()))
    typer.echo(
        f"{counted(phrasings, 'phrasing')} for {counted(len(more), 'entry')}. "
        f"With them {len(found)} of {counted(count, 'question')} of the content change: "
        f"{better} for the better, {worse} for the worse.",
        err=True,
    )
    for change in found:
        if change.worse:
            typer.echo(f"  worse: “{change.question.text}” would be {change.after}", err=True)
