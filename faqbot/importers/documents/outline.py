"""The sections and FAQs that headings make, and what the items below them are about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

from faqbot.content.fields import RESERVED_IDS, make_id
from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.importers.documents.blocks import (
    Block,
    Boilerplate,
    Heading,
    HeadingClassifier,
    HeadingMeaning,
    Item,
    LabelledText,
    Text,
    is_known_heading,
    is_preferred,
    is_title_label,
    words_of,
)
from faqbot.importers.documents.plain_text import is_answer_word
from faqbot.importers.documents.role_title import FoundTitle
from faqbot.matching.lexicon import SENIORITY
from faqbot.matching.text import singular
from faqbot.model import Years

GRADED_SECTIONS: Final = ("skills", "education", "certifications", "experience")
"""Sections whose items are required or preferred."""

EQUAL_OPPORTUNITY: Final = "Equal opportunity"
_DEGREE: Final = re.compile(
    r"\b(bachelor|master'?s|degree|diploma|ph\.?d|doctorate|high school|b\.?sc|m\.?sc"
    r"|graduate of)\b",
    re.IGNORECASE,
)
_CERTIFICATE: Final = re.compile(r"\b(certifi(?:ed|cates?|cations?)|licen[cs]ed?)\b", re.IGNORECASE)
_MAX_ITEM_LENGTH: Final = 200
_EQUAL_OPPORTUNITY: Final = re.compile(
    r"equal[- ](?:employment[- ])?opportunit(?:y|ies)(?: and affirmative action)? employer"
    r"|\b(?:without|regardless of|irrespective of)\b.{0,40}\b(?:race|colou?r|religion|gender|age)\b"
    r"|protected (?:veteran|characteristic)",
    re.IGNORECASE | re.DOTALL,
)
_QUESTIONNAIRE: Final = re.compile(
    r"\b(?:supplement(?:al|ary)|application|screening|pre-?screening|assessment) questions?\b"
    r"|\bquestionnaire\b",
    re.IGNORECASE,
)
_QUESTIONS: Final = re.compile(
    r"\b(?:faqs?|q ?& ?a|questions and answers|frequently asked questions|questions)\b",
    re.IGNORECASE,
)
_GRADE_WORDS: Final = (
    SENIORITY
    | frozenset("i ii iii iv v vi level levels grade band tier sr jr intermediate advanced".split())
    | frozenset("123456789")
)
"""Words that tell the levels of one role apart."""

_GRADE_NUMBER: Final = re.compile(r"^(?:l|p|ic|gs)?-?\d{1,2}$")


@dataclass(slots=True)
class PartDraft:
    """Headings and blocks of a section or an FAQ; a block is required or preferred (True)."""

    title: str
    level: int = 0
    headings: list[str] = field(default_factory=list)
    blocks: list[tuple[Block, bool]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class Outline:
    """Sections and FAQs of a document, collected block by block.

    Args:
        title: The title of the role.
        headings: Finds the section that a heading means.
        blocks: The blocks of the document.
    """

    def __init__(
        self, title: FoundTitle, headings: HeadingClassifier, blocks: Sequence[Block]
    ) -> None:
        self._title = title
        self._headings = headings
        self.parts: dict[str, PartDraft] = {}
        self.faqs: list[PartDraft] = []
        self.left_out: list[Boilerplate] = []
        self.is_title_used = False
        self._part = self._standard_part("overview")
        self._key = "overview"
        self._preferred = False
        # Below a level of the role or a questionnaire, deeper headings are part of its text.
        self._whole: int | None = None
        self._is_questionnaire = False
        self._has_questions = False
        texts = [block for block in blocks if isinstance(block, Heading)]
        counts = Counter(block.text.casefold() for block in texts)
        self._repeated = {text for text, count in counts.items() if count > 1}
        levels = [block for block in texts if self._is_level(block.text)]
        self._has_levels = len(levels) > 1
        for block, after in zip_longest(blocks, blocks[1:]):
            self._add(block, after)

    def _add(self, block: Block, after: Block | None = None) -> None:
        if isinstance(block, Heading | Text) and self._is_title(block.text):
            self._drop_title(block)
        elif isinstance(block, Boilerplate):
            self.left_out.append(block)
        elif isinstance(block, LabelledText):
            self._add_labelled(block)
        elif isinstance(block, Heading):
            self._add_heading(block, is_list=isinstance(after, Item))
        elif isinstance(block, Text) and _EQUAL_OPPORTUNITY.search(block.text):
            self._own_part(EQUAL_OPPORTUNITY, self._part.level).blocks.append((block, False))
        else:
            part = self._part
            if self._key == "skills" and isinstance(block, Item):
                part = self._standard_part(section_of_item(block.text))
            part.blocks.append((block, self._preferred or is_preferred(block.text)))

    def _is_title(self, text: str) -> bool:
        words = words_of(text)
        return words in (words_of(self._title.text), words_of(self._title.source))

    def _drop_title(self, block: Block) -> None:
        if self.is_title_used and words_of(block.text) == words_of(self._title.text):
            self.left_out.append(Boilerplate("the title again", block.text))
        self.is_title_used = True

    def _add_labelled(self, block: LabelledText) -> None:
        """Add a labelled text; what follows it goes on in the section before."""
        values = " ".join(one.text for one in block.blocks)
        if is_title_label(block.label) and self._is_title(f"{block.label} {values}"):
            return
        before = self._part, self._key, self._preferred, self._whole
        self._whole = None
        self._add_heading(Heading(block.label, 1))
        self._preferred = self._preferred or block.is_preferred
        for one in block.blocks:
            self._add(one)
        self._part, self._key, self._preferred, self._whole = before

    def _add_heading(self, heading: Heading, *, is_list: bool = False) -> None:
        """Choose the section or FAQ that the blocks below a heading belong to."""
        if is_answer_word(heading.text):
            self._part.blocks.append((Text(heading.text), self._preferred))
            return
        if self._is_within(heading):
            self._add_text_heading(heading)
            return
        self._whole, self._is_questionnaire = None, False
        if self._has_levels and self._is_level(heading.text):
            self._add_level(heading)
        elif heading.text.rstrip().endswith("?"):
            self._add_question(heading, is_list=is_list)
        else:
            self._add_section(heading, self._headings.classify(heading.text, self._title.text))

    def _is_within(self, heading: Heading) -> bool:
        if self._whole is None:
            return False
        if self._is_questionnaire:
            meaning = self._headings.classify(heading.text, self._title.text)
            is_question = heading.text.rstrip().endswith("?")
            known = is_known_heading(heading.text) or (meaning.section and meaning.is_sure)
            return is_question or heading.level > self._whole or not known
        if self._is_level(heading.text):
            return heading.level > self._whole
        return heading.level > self._whole or heading.text.casefold() in self._repeated

    def _add_text_heading(self, heading: Heading) -> None:
        self._part.blocks.append((Text(f"**{heading.text}**"), False))

    def _add_level(self, heading: Heading) -> None:
        is_below = self._key not in STANDARD_SECTIONS and heading.level > self._part.level
        if is_below and self._key:
            self._whole = self._part.level
            self._add_text_heading(heading)
        else:
            self._start_own_section(heading)
            self._whole = heading.level

    def _add_question(self, heading: Heading, *, is_list: bool) -> None:
        question = heading.text.rstrip("? ")
        meaning = self._headings.classify(question, self._title.text)
        # Among questions a question is one; elsewhere it may be the heading of a section.
        if meaning.section and (meaning.is_sure or is_list) and not self._has_questions:
            self._add_section(heading, meaning)
            return
        self._part, self._key = PartDraft(heading.text, heading.level), ""
        self._preferred = False
        self.faqs.append(self._part)

    def _add_section(self, heading: Heading, meaning: HeadingMeaning) -> None:
        self._preferred = meaning.is_preferred
        key = meaning.section
        if meaning.is_grade and self._key in GRADED_SECTIONS:
            key = self._key  # “Preferred” below “Education” is about education
        if key:
            self._part, self._key = self._standard_part(key), key
            self._part.level = heading.level
            self._part.headings.append(heading.text)
            if not meaning.is_sure:
                self._part.doubts.append(f"is “{heading.text}” about {key}?")
            return
        # A deeper heading below a section of the author's own is part of its text.
        if self._key not in STANDARD_SECTIONS and heading.level > self._part.level:
            self._add_text_heading(heading)
            return
        self._start_own_section(heading)
        self._is_questionnaire = bool(_QUESTIONNAIRE.search(heading.text))
        if self._is_questionnaire:
            self._whole = heading.level
        elif _QUESTIONS.search(heading.text):
            self._has_questions = True

    def _is_level(self, text: str) -> bool:
        """Return whether a heading names a level of the role: its title with another grade."""
        words = words_of(re.sub(r"\([^)]*\)", " ", text))
        rest = [word for word in words if not _is_grade(word)]
        if len(rest) == len(words) or all(word.isdigit() for word in words):
            return False
        title = {singular(word) for word in words_of(self._title.text)}
        return all(singular(word) in title for word in rest)

    def _start_own_section(self, heading: Heading) -> None:
        self._part = self._own_part(heading.text, heading.level)
        self._key = next(key for key, part in self.parts.items() if part is self._part)

    def _own_part(self, title: str, level: int) -> PartDraft:
        for part in self.parts.values():
            if part.title == title:
                part.headings.append(title)
                return part
        key = make_id(title, (*STANDARD_SECTIONS, *RESERVED_IDS, *self.parts))
        return self.parts.setdefault(key, PartDraft(title, level))

    def _standard_part(self, key: str) -> PartDraft:
        return self.parts.setdefault(key, PartDraft(STANDARD_SECTIONS[key]))


def _is_grade(word: str) -> bool:
    return word in _GRADE_WORDS or bool(_GRADE_NUMBER.match(word))


def section_of_item(item: str) -> str:
    """Return the section of an item among qualifications: a degree belongs to education."""
    if len(item) > _MAX_ITEM_LENGTH:
        return "skills"
    if _DEGREE.search(item):
        return "education"
    if _CERTIFICATE.search(item):
        return "certifications"
    return "experience" if find_years(item) else "skills"


_NUMBER_WORDS: Final = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
_NUMBER: Final = r"(?:\d{1,2}(?:\.5)?|" + "|".join(_NUMBER_WORDS) + r")"
_SPAN: Final = re.compile(
    rf"(?P<low>{_NUMBER})(?P<plus>\s*\+|\s*plus)?"
    rf"(?:\s*(?:\([0-9]+\)\s*)?(?:-|\u2013|\u2014|to|or|and)\s*(?P<high>{_NUMBER})(?P<more>\s*\+)?)?"
    r"\s*(?:\([0-9]+\)\s*)?(?:or more |full |or so )?\s*(?:years?|yrs?)\b",
    re.IGNORECASE,
)
_AT_MOST: Final = re.compile(
    r"\b(?:up to|at most|no more than|maximum(?: of)?|less than)\s*$", re.IGNORECASE
)
_AGE: Final = re.compile(r"^\s*(?:of age|old|from|ago)\b|\bage(?:d)?\s*$", re.IGNORECASE)
_EXPERIENCE: Final = re.compile(
    r"experien|work(?:ed|ing)?\b|practice|background|proven|track record", re.IGNORECASE
)
_CONTEXT_LENGTH: Final = 90
_ONLY_BEFORE: Final = re.compile(
    r"^\W*(?:(?:at least|a?\s*min(?:imum|\.)?(?: of)?|over|more than|up to|at most)\s*)?$",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"^\s*(?:in (?:an? )?(?!business|a row|the past)\w|with \w|as an? \w"
    r"|of (?!age\b|history|growth)\w)",
    re.IGNORECASE,
)


def find_years(text: str) -> Years | None:
    """Return the first range of years that is about experience; None if there is none."""
    for found in _SPAN.finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        # “18 years of age” and “20 years ago” are about no experience.
        if _AGE.search(after) or _AGE.search(before):
            continue
        context = f"{before[-_CONTEXT_LENGTH:]} {after[:_CONTEXT_LENGTH]}"
        # “At least 2 years in payroll” is a whole point: it needs no word for experience.
        is_point = _ONLY_BEFORE.match(before) and _SUBJECT.match(after)
        if not _EXPERIENCE.search(context) and not is_point:
            continue
        low, high = (
            _parse_number(found["low"]),
            _parse_number(found["high"]) if found["high"] else None,
        )
        if high is not None and high < low:
            continue
        if high is None and _AT_MOST.search(before):
            return Years(None, low)
        return Years(low, None if found["more"] else high)
    return None


def _parse_number(text: str) -> float:
    known = _NUMBER_WORDS.get(text.casefold())
    return float(text) if known is None else float(known)
