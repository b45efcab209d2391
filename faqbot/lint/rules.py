"""The rules of `faqbot check` beyond the format: what readers would miss, mistake or not see."""

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
from faqbot.model import Faq, KnowledgeBase, Role, Section, is_stale

MIN_COMPETING_SIMILARITY: Final = 0.85
"""The cosine from which two phrasings compete where one of them isn't answered by its entry."""

MIN_EQUAL_SIMILARITY: Final = 0.93
"""The cosine from which they mean the same, whatever becomes of them now."""

MIN_ANSWER_SIMILARITY: Final = 92.0
"""The likeness (rapidfuzz token_sort_ratio, 0 to 100) of two answers that say the same."""

_BATCH_ROWS: Final = 2_000
OutcomeDescriber = Callable[[str, str | None], str]
"""Says how a question is answered now, in a conversation about a role (or none)."""


class TextEncoder(Protocol):
    """Texts -> vectors of length 1."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (texts, dimensions)."""
        ...


@dataclass(frozen=True, slots=True)
class _MaskedPhrasing:
    entry: Section | Faq
    text: str
    masked: str
    """Without the role's title, which would make all phrasings of a role alike."""


def competing_phrasings(
    knowledge_base: KnowledgeBase, encoder: TextEncoder, describe_outcome: OutcomeDescriber
) -> Iterator[Finding]:
    """Phrasings of different entries that compete: within a role, and among general FAQs."""
    for role in knowledge_base.roles:
        yield from _competing_pairs(
            list(_masked_phrasings((*role.sections, *role.faqs), role)), encoder, describe_outcome
        )
    yield from _competing_pairs(
        list(_masked_phrasings(knowledge_base.faqs, None)), encoder, describe_outcome
    )


def similar_answers(knowledge_base: KnowledgeBase, encoder: TextEncoder) -> Iterator[Finding]:
    """FAQs of one role, or general ones, that answer with nearly the same words."""
    for faqs in (*(role.faqs for role in knowledge_base.roles), knowledge_base.faqs):
        for first, second, _ in _similar_pairs(
            [faq.answer for faq in faqs], encoder, MIN_COMPETING_SIMILARITY
        ):
            one, other = faqs[first], faqs[second]
            if fuzz.token_sort_ratio(one.answer, other.answer) >= MIN_ANSWER_SIMILARITY:
                yield finding_at(other, "answers-alike", f"answers as {one.id} does")


def _competing_pairs(
    said: list[_MaskedPhrasing], encoder: TextEncoder, describe_outcome: OutcomeDescriber
) -> Iterator[Finding]:
    shown: set[frozenset[str]] = set()
    for first, second, likeness in _similar_pairs(
        [one.masked for one in said], encoder, MIN_COMPETING_SIMILARITY
    ):
        one, other = said[first], said[second]
        pair = frozenset((one.entry.id, other.entry.id))
        if len(pair) == 1 or pair in shown:
            continue
        became = [describe_outcome(each.text, each.entry.role) for each in (one, other)]
        well = [f"is answered by {each.entry.id}" for each in (one, other)]
        if likeness < MIN_EQUAL_SIMILARITY and became == well:
            continue
        shown.add(pair)
        now = [f"“{e.text}” {said}" for e, said in zip((one, other), became, strict=True)]
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
    """The pairs of texts with at least that cosine, the first before the second, with it."""
    if len(texts) < 2:  # noqa: PLR2004 - a pair
        return
    vectors = encoder.encode(list(texts))
    for start in range(0, len(texts), _BATCH_ROWS):
        likeness = vectors[start : start + _BATCH_ROWS] @ vectors.T
        for row, column in np.argwhere(likeness >= min_similarity):
            first = start + int(row)
            if first < column:
                yield first, int(column), float(likeness[row, column])


MIN_READING_EASE: Final = 10.0
"""Flesch reading ease below which even practised readers toil."""

MIN_WORDS: Final = 80
"""Words from which a reading ease says something."""

MAX_SENTENCE_WORDS: Final = 50
MAX_ANSWER_WORDS: Final = 350

_WORD: Final = re.compile(r"[A-Za-z']+")
_SENTENCE: Final = re.compile(r"[.!?](?=\s|$)|\n\s*\n|\n\s*[-*] ")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_LINK_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:")
_PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def unsupported_markdown(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Text that Slack can't show, and links that lead nowhere."""
    for entry, text in _texts(knowledge_base):
        seen: set[str] = set()
        for token in _tokens(_PARSER.parse(text)):
            what = _unsupported_element(token)
            if what and what not in seen:
                seen.add(what)
                yield finding_at(entry, "not-shown-in-slack", f"holds {what}")
            link = str(token.attrGet("href") or "") if token.type == "link_open" else ""
            if link and not link.startswith(_LINK_SCHEMES):
                yield finding_at(
                    entry, "dead-reference", f"links to {link}, which is no web address"
                )


def hard_to_read(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """English text that is hard to read, and text that is very long."""
    for entry, text in _texts(knowledge_base):
        words = _WORD.findall(text)
        longest = max((len(_WORD.findall(one)) for one in _SENTENCE.split(text)), default=0)
        if longest > MAX_SENTENCE_WORDS:
            yield finding_at(entry, "too-long", f"has a sentence of {longest} words")
        if isinstance(entry, Faq) and len(words) > MAX_ANSWER_WORDS:
            yield finding_at(entry, "too-long", f"answers with {len(words)} words")
        if len(words) >= MIN_WORDS and _is_english(words):
            ease = reading_ease(text)
            if ease < MIN_READING_EASE:
                yield finding_at(entry, "hard-to-read", f"has a Flesch reading ease of {ease:.0f}")


def reading_ease(text: str) -> float:
    """How easily an English text reads: 100 is plain, 30 hard, below 10 toil.

    Flesch, “A new readability yardstick”, Journal of Applied Psychology 32 (1948); syllables are
    counted as groups of vowels.
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


def _texts(knowledge_base: KnowledgeBase) -> Iterator[tuple[Section | Faq, str]]:
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
"""The share of a family's roles from which a section is expected."""

MIN_FAMILY_SIZE: Final = 3
"""Roles that a family must have before anything is expected of it."""


def missing_sections(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Standard sections that most of a family have and a role hasn't."""
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
    """Roles and FAQs whose review is overdue."""
    entries: list[Role | Faq] = [*knowledge_base.roles, *knowledge_base.faqs]
    entries += [faq for role in knowledge_base.roles for faq in role.faqs]
    for entry in entries:
        if is_stale(entry.reviewed, entry.review_every, today):
            assert entry.reviewed is not None  # what was never reviewed isn't stale
            assert entry.review_every is not None
            late = today - entry.reviewed - entry.review_every
            yield finding_at(
                entry,
                "review-overdue",
                f"was reviewed on {entry.reviewed}, its review is {late.days} days overdue",
            )


def one_sided_relations(knowledge_base: KnowledgeBase) -> Iterator[Finding]:
    """Roles that name a related one which doesn't name them."""
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
    """What an author should know of content that loads, in reading order.

    Args:
        knowledge_base: the content.
        encoder: faqbot's own.
        describe_outcome: says how a question is answered now.
        today: the date against which reviews are overdue.
        stale_is_error: whether an overdue review is an error.
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
    """A test of an FAQ that fails."""
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
