"""Rules of `faqbot check`: duplicates, missing sections, reviews, owners, and those of texts."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.lint.findings import Finding, FindingLevel, finding_at
from faqbot.lint.texts import hard_to_read, slack_markup, strange_placeholders, unsupported_markdown
from faqbot.model import Faq, KnowledgeBase, Role, Section, is_stale

MIN_COMPETING_SIMILARITY: Final = 0.85
"""Cosine from which two phrasings compete if one of them isn't answered by its entry."""

MIN_EQUAL_SIMILARITY: Final = 0.93
"""Cosine from which two phrasings mean the same, however they are answered now."""

MIN_ANSWER_SIMILARITY: Final = 92.0
"""Similarity of two answers (rapidfuzz token_sort_ratio, 0 to 100) that say the same."""

# Rows of the similarity matrix at a time: all of 10,000 phrasings would take 400 MB.
_BATCH_ROWS: Final = 2_000
OutcomeDescriber = Callable[[str, str | None], str]
"""Returns how a question is answered now, in a conversation about a role (or none)."""


class TextEncoder(Protocol):
    """Turns texts into vectors of length 1."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of shape (texts, dimensions)."""
        ...


@dataclass(frozen=True, slots=True)
class _MaskedPhrasing:
    entry: Section | Faq
    text: str
    masked: str
    """The text without the role's title, which would make all phrasings of a role similar."""


def competing_phrasings(
    knowledge_base: KnowledgeBase, encoder: TextEncoder, describe_outcome: OutcomeDescriber
) -> Iterator[Finding]:
    """Yield phrasings of different entries that compete: within a role, and among general FAQs."""
    for role in knowledge_base.roles:
        yield from _competing_pairs(
            list(_masked_phrasings((*role.sections, *role.faqs), role)), encoder, describe_outcome
        )
    yield from _competing_pairs(
        list(_masked_phrasings(knowledge_base.faqs, None)), encoder, describe_outcome
    )


def similar_answers(knowledge_base: KnowledgeBase, encoder: TextEncoder) -> Iterator[Finding]:
    """Yield FAQs of one role, or general ones, that answer with nearly the same words."""
    for faqs in (*(role.faqs for role in knowledge_base.roles), knowledge_base.faqs):
        for first, second, _ in _similar_pairs(
            [faq.answer for faq in faqs], encoder, MIN_COMPETING_SIMILARITY
        ):
            one, other = faqs[first], faqs[second]
            # The cosine alone isn't enough: answers to related questions are close, not copies.
            if fuzz.token_sort_ratio(one.answer, other.answer) >= MIN_ANSWER_SIMILARITY:
                yield finding_at(other, "answers-alike", f"has the same answer as {one.id}")


def _competing_pairs(
    phrasings: list[_MaskedPhrasing], encoder: TextEncoder, describe_outcome: OutcomeDescriber
) -> Iterator[Finding]:
    reported: set[frozenset[str]] = set()
    for first, second, similarity in _similar_pairs(
        [one.masked for one in phrasings], encoder, MIN_COMPETING_SIMILARITY
    ):
        one, other = phrasings[first], phrasings[second]
        pair = frozenset((one.entry.id, other.entry.id))
        if len(pair) == 1 or pair in reported:
            continue
        outcomes = [describe_outcome(each.text, each.entry.role) for each in (one, other)]
        expected = [f"is answered by {each.entry.id}" for each in (one, other)]
        # Close phrasings do no harm as long as its own entry answers each of them.
        if similarity < MIN_EQUAL_SIMILARITY and outcomes == expected:
            continue
        reported.add(pair)
        now = [
            f"“{each.text}” {outcome}" for each, outcome in zip((one, other), outcomes, strict=True)
        ]
        yield finding_at(
            other.entry,
            "phrasings-too-close",
            f"has a phrasing close to one of {one.entry.id}: {now[0]}; {now[1]}",
        )


def _masked_phrasings(
    entries: Sequence[Section | Faq], role: Role | None
) -> Iterator[_MaskedPhrasing]:
    for entry in entries:
        texts = list(entry.phrasings)
        if isinstance(entry, Faq):
            texts.insert(0, entry.question)
        for text in dict.fromkeys(texts):
            masked = text
            for name in ("{role}", role.title) if role else ():
                masked = masked.replace(name, " ")
            yield _MaskedPhrasing(
                entry, text.replace("{role}", role.title) if role else text, masked
            )


def _similar_pairs(
    texts: Sequence[str], encoder: TextEncoder, min_similarity: float
) -> Iterator[tuple[int, int, float]]:
    """Yield the indexes of each pair of texts with at least that cosine, and the cosine."""
    if len(texts) < 2:  # noqa: PLR2004 - a pair
        return
    vectors = encoder.encode(list(texts))
    for start in range(0, len(texts), _BATCH_ROWS):
        similarities = vectors[start : start + _BATCH_ROWS] @ vectors.T
        for row, column in np.argwhere(similarities >= min_similarity):
            first = start + int(row)
            if first < column:
                yield first, int(column), float(similarities[row, column])


MIN_FAMILY_SHARE: Final = 0.7
"""Share of a family's roles with a section from which the others should have it too."""

MIN_FAMILY_SIZE: Final = 3
"""Roles that a family needs for that comparison."""


def missing_sections(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Yield standard sections that most roles of a family have and a role lacks."""
    families: dict[str, list[Role]] = defaultdict(list)
    for role in knowledge_base.roles:
        if role.family:
            families[role.family].append(role)
    for family, roles in families.items():
        if len(roles) < MIN_FAMILY_SIZE:
            continue
        counts = Counter(section.key for role in roles for section in role.sections)
        for role in roles:
            for key in STANDARD_SECTIONS:
                if role.section(key) is None and counts[key] / len(roles) >= MIN_FAMILY_SHARE:
                    yield finding_at(
                        role,
                        "section-missing",
                        f"has no {key}; {counts[key]} of {len(roles)} roles of {family} have it",
                    )


def _owned(knowledge_base: KnowledgeBase) -> Iterator[Role | Faq]:
    for role in knowledge_base.roles:
        yield role
        yield from role.faqs
    yield from knowledge_base.faqs


def wrong_reviews(knowledge_base: KnowledgeBase, today: dt.date) -> Iterator[Finding]:
    """Yield roles and FAQs whose review is overdue, or lies in the future."""
    for entry in _owned(knowledge_base):
        # Somewhere it is tomorrow already.
        if entry.reviewed and entry.reviewed > today + dt.timedelta(days=1):
            yield finding_at(
                entry,
                "review-in-future",
                f"has {entry.reviewed} as its last review, which is in the future; check the year",
            )
        if is_stale(entry.reviewed, entry.review_every, today):
            assert entry.reviewed is not None  # an entry without a review is never stale
            assert entry.review_every is not None
            late = today - entry.reviewed - entry.review_every
            yield finding_at(
                entry,
                "review-overdue",
                f"was reviewed on {entry.reviewed}; the next review is {late.days} days overdue",
            )


_SLACK_ID: Final = re.compile(r"(?:<(?:[@#]|!subteam\^))?[UWCGS][A-Z0-9]{6,}(?:\|[^>]*)?>?")
_GROUP_HANDLE: Final = re.compile(r"@[a-z0-9][a-z0-9._-]*")


def unreachable_owners(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Yield owners that Slack can't find, as it knows people and channels by their ids only."""
    for entry in _owned(knowledge_base):
        owner = entry.owner.strip()
        if not owner or _SLACK_ID.fullmatch(owner) or _GROUP_HANDLE.fullmatch(owner):
            continue
        if owner.startswith("#"):
            advice = "a channel's name; write its id, such as C0123ABCD"
        elif "@" in owner[1:]:
            advice = "an e-mail address; write the person's id, such as U0123ABCD"
        else:
            advice = "a name; write a user group such as @people, or a person's or channel's id"
        message = f"has the owner “{owner}”, whom Slack can't find by {advice}"
        yield finding_at(entry, "owner-unreachable", message)


def unknown_owners(knowledge_base: KnowledgeBase, unknown: Mapping[str, str]) -> Iterator[Finding]:
    """Yield entries whose owners Slack was asked about, and can't find or reach.

    Args:
        knowledge_base: the content.
        unknown: what is wrong, by owner.
    """
    for entry in _owned(knowledge_base):
        if said := unknown.get(entry.owner):
            yield finding_at(entry, "owner-unreachable", f"has the owner {entry.owner}, who {said}")


def one_sided_relations(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Yield roles that name a related role which doesn't name them."""
    for role in knowledge_base.roles:
        for other_id in role.related:
            other = knowledge_base.role(other_id)
            if other is not None and role.id not in other.related:
                yield finding_at(
                    role, "one-sided-relation", f"names {other_id}, which doesn't name it"
                )


def check_knowledge_base(
    knowledge_base: KnowledgeBase,
    encoder: TextEncoder,
    describe_outcome: OutcomeDescriber | None,
    today: dt.date,
    *,
    stale_is_error: bool = False,
) -> tuple[Finding, ...]:
    """Apply all rules to content that loads; returns the findings in reading order.

    Args:
        knowledge_base: The content.
        encoder: The bundled encoder.
        describe_outcome: Returns how a question is answered now; None leaves out the rule that
            asks.
        today: The day on which reviews are overdue.
        stale_is_error: Whether an overdue review is an error instead of a warning.
    """
    found = [*_all_findings(knowledge_base, encoder, describe_outcome, today)]
    if stale_is_error:
        found = [
            Finding(one.path, one.line, one.column, one.rule, one.message, FindingLevel.ERROR)
            if one.rule == "review-overdue"
            else one
            for one in found
        ]
    return tuple(sorted(set(found)))


def failed_test(faq: Faq, message: str) -> Finding:
    """Return a finding about a question of `matches` or `rejects` that fails."""
    advice = "Add a phrasing to the entry that is meant, or change the test"
    return finding_at(faq, "own-test", f"{message}. {advice}.")


def _all_findings(
    knowledge_base: KnowledgeBase,
    encoder: TextEncoder,
    describe_outcome: OutcomeDescriber | None,
    today: dt.date,
) -> Iterator[Finding]:
    if describe_outcome is not None:
        yield from competing_phrasings(knowledge_base, encoder, describe_outcome)
    yield from similar_answers(knowledge_base, encoder)
    yield from missing_sections(knowledge_base)
    yield from wrong_reviews(knowledge_base, today)
    yield from unreachable_owners(knowledge_base)
    yield from one_sided_relations(knowledge_base)
    yield from unsupported_markdown(knowledge_base)
    yield from slack_markup(knowledge_base)
    yield from strange_placeholders(knowledge_base)
    yield from hard_to_read(knowledge_base)
