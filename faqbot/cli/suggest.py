"""`faqbot suggest`: phrasings from the question log, as a patch of the content."""

from __future__ import annotations

import difflib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.common import Knowledge, Quiet

if TYPE_CHECKING:
    from faqbot.cli.report import PhrasingSuggestion
    from faqbot.engine import Engine

EXAMPLE = "Example: faqbot suggest --since 90d > phrasings.patch"

Since = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN",
        help="The first day, such as 2026-11-01, or how long ago, such as 30d.",
        show_default=False,
    ),
]
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
    from faqbot.cli.common import load_engine
    from faqbot.cli.report import parse_since, phrasing_suggestions
    from faqbot.settings import configured_database
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
    for wish in found:
        entry = engine.knowledge_base.entry(wish.entry)
        held = getattr(entry, "phrasings", ())
        if entry is not None and wish.text not in (*held, *more[wish.entry]):
            more[wish.entry].append(wish.text)
    return {entry: texts for entry, texts in more.items() if texts}


def _changed_files(engine: Engine, more: dict[str, list[str]]) -> dict[Path, tuple[str, str]]:
    from faqbot.content.writer import add_phrasings

    paths: dict[Path, None] = {}
    for entry_id in more:
        entry = engine.knowledge_base.entry(entry_id)
        if entry is not None and entry.origin.path:
            paths[Path(entry.origin.path)] = None
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    changed = {path: (old, add_phrasings(old, more)) for path, old in texts.items()}
    return {path: pair for path, pair in changed.items() if pair[0] != pair[1]}


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
        f"{phrasings} phrasings for {len(more)} entries. With them {len(found)} of {count} "
        f"questions of the content change: {better} for the better, {worse} for the worse.",
        err=True,
    )
    for change in found:
        if change.worse:
            typer.echo(f"  worse: “{change.question.text}” would be {change.after}", err=True)
