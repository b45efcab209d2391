"""A receipt laid open: as JSON, and as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from faqbot.cli.common import entry
from faqbot.cli.common__output import printable
from faqbot.model import Answered, Candidate, Declined, LinkedBy, Reading, Receipt, Unsure, Why

REASONS = {
    Why.CLEAR: "one reading is clearly the best",
    Why.WHICH_ROLE: "the part is clear, the role is not",
    Why.WHICH_PART: "the role is clear, the part is not",
    Why.CLOSE: "no reading is sure enough, but some are near",
    Why.EMPTY: "there is nothing in the question to go by",
    Why.UNKNOWN_ROLE: "the question is about a role that the content does not describe",
    Why.NOT_WRITTEN: "the part is clear, but nobody has written it for this role",
    Why.NOT_UNDERSTOOD: "nothing in the content is near enough",
}

LINKS = {
    LinkedBy.TITLE: "its title",
    LinkedBy.ALIAS: "another name",
    LinkedBy.TYPO: "a misspelt name",
    LinkedBy.PARTIAL: "a part of its name",
    LinkedBy.CONVERSATION: "the conversation, or --role",
}


def as_json(receipt: Receipt) -> dict[str, object]:
    """What an explanation adds to the JSON contract."""
    reading, outcome = receipt.reading, receipt.outcome
    declined = outcome if isinstance(outcome, Declined) else Declined()
    return {
        "why": outcome.why.value,
        "normalised": reading.normalised,
        "repairs": [{"written": fix.written, "read": fix.read} for fix in reading.repairs],
        "links": [
            {"role": link.role, "words": link.words, "by": link.by.value, "score": link.score}
            for link in reading.links
        ],
        "unknown_role": reading.unknown_role,
        "candidates": [
            entry(candidate) | {"opinions": dict(candidate.opinions)}
            for candidate in reading.candidates
        ],
        "nearest": list(declined.nearest),
        "owner": declined.owner,
        "content_version": receipt.content_version,
        "milliseconds": round(receipt.seconds * 1000, 3),
    }


def render(receipt: Receipt) -> Iterator[RenderableType]:
    """The explanation, block by block."""
    yield _reading(receipt.reading)
    if receipt.reading.links:
        yield ""
        yield _links(receipt.reading)
    if receipt.reading.candidates:
        yield ""
        yield _candidates(receipt.reading.candidates)
    yield ""
    yield _decision(receipt)


def _facts() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _reading(reading: Reading) -> Table:
    table = _facts()
    table.add_row("Question", Text(printable(reading.text)))
    table.add_row("Normalised", Text(printable(reading.normalised) or "nothing is left"))
    for repair in reading.repairs:
        table.add_row("Repaired", Text(f"{printable(repair.written)} → {printable(repair.read)}"))
    if reading.unknown_role:
        table.add_row("Unknown role", Text(printable(reading.unknown_role)))
    return table


def _links(reading: Reading) -> Table:
    table = Table("Role", "Words", "Linked by", "Score", title="Roles", title_justify="left")
    for link in reading.links:
        table.add_row(link.role, Text(printable(link.words)), LINKS[link.by], f"{link.score:.2f}")
    return table


def _candidates(candidates: tuple[Candidate, ...]) -> Table:
    views = list(dict.fromkeys(view for c in candidates for view, _ in c.opinions))
    table = Table(title="Candidates", title_justify="left")
    table.add_column("Entry", overflow="fold", min_width=24)
    table.add_column("Confidence", justify="right")
    for view in views:
        table.add_column(view, justify="right")
    for candidate in candidates:
        opinions = dict(candidate.opinions)
        table.add_row(
            candidate.id or "the role as a whole",
            f"{candidate.confidence:.2f}",
            *(f"{opinions[view]:.2f}" if view in opinions else "" for view in views),
        )
    return table


def _decision(receipt: Receipt) -> Table:
    table = _facts()
    outcome = receipt.outcome
    match outcome:
        case Answered(entries=entries):
            table.add_row("Decision", "answer")
            _rows(table, "With", entries)
        case Unsure(options=options):
            table.add_row("Decision", "ask back")
            _rows(table, "Options", options)
        case Declined(nearest=nearest, owner=owner):
            table.add_row("Decision", "decline")
            if nearest:
                table.add_row("Nearest", ", ".join(nearest))
            if owner:
                table.add_row("Ask", Text(owner))
    table.add_row("Because", REASONS[outcome.why])
    table.add_row("Took", f"{receipt.seconds * 1000:.1f} ms")
    return table


def _rows(table: Table, label: str, candidates: tuple[Candidate, ...]) -> None:
    for number, candidate in enumerate(candidates):
        confidence = f"{candidate.id} ({candidate.confidence:.2f})"
        table.add_row("" if number else label, confidence)
