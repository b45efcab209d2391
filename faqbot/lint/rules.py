"""All rules over one content."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from faqbot.lint import duplicates, rules__prose, rules__upkeep
from faqbot.lint.findings import Finding, Level, at
from faqbot.model import Faq, Library


def findings(
    library: Library,
    encoder: duplicates.Encoder,
    told: duplicates.Told,
    today: dt.date,
    *,
    stale_is_error: bool = False,
) -> tuple[Finding, ...]:
    """What an author should know of content that loads, in reading order.

    Args:
        library: the content.
        encoder: faqbot's own.
        told: says how a question is answered now.
        today: the date against which reviews are overdue.
        stale_is_error: whether an overdue review is an error.
    """
    found = [*_all(library, encoder, told, today)]
    if stale_is_error:
        found = [
            Finding(one.path, one.line, one.column, one.rule, one.message, Level.ERROR)
            if one.rule == "review-overdue"
            else one
            for one in found
        ]
    return tuple(sorted(set(found)))


def own_test(faq: Faq, message: str) -> Finding:
    """A test of an FAQ that fails."""
    advice = "Add a phrasing to the entry that is meant, or change the test"
    return at(faq, "own-test", f"{message}. {advice}.")


def _all(
    library: Library, encoder: duplicates.Encoder, told: duplicates.Told, today: dt.date
) -> Iterator[Finding]:
    yield from duplicates.too_close(library, encoder, told)
    yield from duplicates.alike(library, encoder)
    yield from rules__upkeep.missing(library)
    yield from rules__upkeep.overdue(library, today)
    yield from rules__upkeep.one_sided(library)
    yield from rules__prose.shown_in_slack(library)
    yield from rules__prose.easy_to_read(library)
