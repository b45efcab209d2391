"""Rules of `faqbot check`: duplicates, missing sections, reviews, links, readability."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from markdown_it import MarkdownIt
from markdown_it.token import Token
from numpy.typing import NDArray
from rapidfuzz import fuzz

from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.lint.findings import Finding, FindingLevel, finding_at
from faqbot.model import (
    Faq,
    KnowledgeBase,
    Role,
    Section,
    SensitiveMatter,
    SmallTalk,
    is_stale,
)

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


MIN_READING_EASE: Final = 10.0
"""Flesch reading ease below which a text is hard even for practised readers."""

MIN_WORDS: Final = 80
"""Words that a text needs for a meaningful reading ease."""

MAX_SENTENCE_WORDS: Final = 50
MAX_ANSWER_WORDS: Final = 350

_WORD: Final = re.compile(r"[A-Za-z']+")
_SENTENCE: Final = re.compile(r"[.!?](?=\s|$)|\n\s*\n|\n\s*[-*] ")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_LINK_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:")
_PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def unsupported_markdown(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Yield text that Slack can't show, and links that aren't web addresses."""
    for entry, text in _texts(knowledge_base):
        seen: set[str] = set()
        for token in _tokens(_PARSER.parse(text)):
            element = _unsupported_element(token)
            if element and element not in seen:
                seen.add(element)
                yield finding_at(entry, "not-shown-in-slack", f"contains {element}")
            link = str(token.attrGet("href") or "") if token.type == "link_open" else ""
            if link and not link.startswith(_LINK_SCHEMES):
                yield finding_at(
                    entry, "dead-reference", f"links to {link}, which isn't a web address"
                )


def hard_to_read(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Yield English text that is hard to read, and very long sentences and answers."""
    for entry, text in _texts(knowledge_base):
        words = _WORD.findall(text)
        longest = max((len(_WORD.findall(one)) for one in _SENTENCE.split(text)), default=0)
        if longest > MAX_SENTENCE_WORDS:
            yield finding_at(entry, "too-long", f"has a sentence of {longest} words")
        if isinstance(entry, Faq) and len(words) > MAX_ANSWER_WORDS:
            yield finding_at(entry, "too-long", f"answers with {len(words)} words")
        # Flesch fitted the formula to English; its figures mean nothing for other languages.
        if len(words) >= MIN_WORDS and _is_english(words):
            ease = reading_ease(text)
            if ease < MIN_READING_EASE:
                yield finding_at(entry, "hard-to-read", f"has a Flesch reading ease of {ease:.0f}")


def reading_ease(text: str) -> float:
    """Return the Flesch reading ease of an English text: 100 is easy, 30 hard, 10 very hard.

    See Flesch, “A new readability yardstick”, Journal of Applied Psychology 32 (1948). Syllables
    are counted as groups of vowels.
    """
    words = _WORD.findall(text.lower())
    sentences = sum(1 for one in _SENTENCE.split(text) if _WORD.search(one))
    if not words or not sentences:
        return 100.0
    syllables = sum(_syllables(word) for word in words)
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)


def _syllables(word: str) -> int:
    silent = word.endswith("e") and not word.endswith(("le", "ee"))
    return max(1, len(_VOWELS.findall(word)) - silent)


def _is_english(words: list[str]) -> bool:
    common = {"the", "and", "of", "to", "in", "a", "is", "for", "or", "with"}
    return sum(word.lower() in common for word in words) / len(words) > 0.1  # noqa: PLR2004 - a tenth


def _texts(
    knowledge_base: KnowledgeBase,
) -> Iterator[tuple[Section | Faq | SmallTalk | SensitiveMatter, str]]:
    said = knowledge_base.conversation
    parts: list[SmallTalk | SensitiveMatter] = [*said.small_talk, *said.matters]
    for part in parts:
        if part.reply:
            yield part, part.reply
    for entry in knowledge_base.entries():
        if isinstance(entry, Role):
            continue
        if isinstance(entry, Faq):
            yield entry, entry.answer
        else:
            for text in (entry.text, *entry.items, *entry.required, *entry.preferred):
                if text:
                    yield entry, text


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _unsupported_element(token: Token) -> str:
    match token.type:
        case "image":
            return "an image"
        case "html_block" | "html_inline":
            return f"HTML ({token.content.strip()[:40]})"
        case "table_open":
            return "a table"
        case _:
            return ""


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


def overdue_reviews(knowledge_base: KnowledgeBase, today: dt.date) -> Iterator[Finding]:
    """Yield roles and FAQs whose review is overdue."""
    entries: list[Role | Faq] = [*knowledge_base.roles, *knowledge_base.faqs]
    entries += [faq for role in knowledge_base.roles for faq in role.faqs]
    for entry in entries:
        if is_stale(entry.reviewed, entry.review_every, today):
            assert entry.reviewed is not None  # an entry without a review is never stale
            assert entry.review_every is not None
            late = today - entry.reviewed - entry.review_every
            yield finding_at(
                entry,
                "review-overdue",
                f"was reviewed on {entry.reviewed}; the next review is {late.days} days overdue",
            )


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
    describe_outcome: OutcomeDescriber,
    today: dt.date,
    *,
    stale_is_error: bool = False,
) -> tuple[Finding, ...]:
    """Apply all rules to content that loads; returns the findings in reading order.

    Args:
        knowledge_base: The content.
        encoder: The bundled encoder.
        describe_outcome: Returns how a question is answered now.
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
    describe_outcome: OutcomeDescriber,
    today: dt.date,
) -> Iterator[Finding]:
    yield from competing_phrasings(knowledge_base, encoder, describe_outcome)
    yield from similar_answers(knowledge_base, encoder)
    yield from missing_sections(knowledge_base)
    yield from overdue_reviews(knowledge_base, today)
    yield from one_sided_relations(knowledge_base)
    yield from unsupported_markdown(knowledge_base)
    yield from hard_to_read(knowledge_base)
