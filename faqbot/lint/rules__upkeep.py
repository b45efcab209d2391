"""What is missing, overdue or one-sided."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from faqbot.content.sections__standard import STANDARD_SECTIONS
from faqbot.lint.findings import Finding, at
from faqbot.model import Faq, Library, Role, is_stale

MOST: Final = 0.7
"""The share of a family's roles from which a section is expected."""

FAMILY: Final = 3
"""Roles that a family must have before anything is expected of it."""


def missing(library: Library) -> Iterator[Finding]:
    """Standard sections that most of a family have and a role hasn't."""
    families: dict[str, list[Role]] = defaultdict(list)
    for role in library.roles:
        if role.family:
            families[role.family].append(role)
    for family, roles in families.items():
        if len(roles) < FAMILY:
            continue
        counts = Counter(section.key for role in roles for section in role.sections)
        for role in roles:
            for key in STANDARD_SECTIONS:
                if role.section(key) is None and counts[key] / len(roles) >= MOST:
                    yield at(
                        role,
                        "section-missing",
                        f"has no {key}; {counts[key]} of {len(roles)} roles of {family} have it",
                    )


def overdue(library: Library, today: dt.date) -> Iterator[Finding]:
    """Roles and FAQs whose review is overdue."""
    entries: list[Role | Faq] = [*library.roles, *library.faqs]
    entries += [faq for role in library.roles for faq in role.faqs]
    for entry in entries:
        if is_stale(entry.reviewed, entry.review_every, today):
            assert entry.reviewed is not None  # what was never reviewed isn't stale
            assert entry.review_every is not None
            late = today - entry.reviewed - entry.review_every
            yield at(
                entry,
                "review-overdue",
                f"was reviewed on {entry.reviewed}, its review is {late.days} days overdue",
            )


def one_sided(library: Library) -> Iterator[Finding]:
    """Roles that name a related one which doesn't name them."""
    for role in library.roles:
        for other_id in role.related:
            other = library.role(other_id)
            if other is not None and role.id not in other.related:
                yield at(role, "one-sided-relation", f"names {other_id}, which doesn't name it")
