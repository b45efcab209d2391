"""Map a document to a role: every block to a section, nothing lost and nothing added."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Final

from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.content.writer import make_id
from faqbot.importers.documents.blocks import (
    Block,
    Heading,
    HeadingClassifier,
    ImportedDocument,
    Item,
    Text,
    is_preferred,
    words_of,
)
from faqbot.model import Faq, Role, Section, Years

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


def find_years(text: str) -> Years | None:
    """Return the first range of years that is about experience; None if there is none."""
    for found in _SPAN.finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        # “18 years of age” and “20 years ago” are about no experience.
        if _AGE.search(after) or _AGE.search(before):
            continue
        if not _EXPERIENCE.search(before[-_CONTEXT_LENGTH:] + " " + after[:_CONTEXT_LENGTH]):
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


GRADED_SECTIONS: Final = ("skills", "education", "certifications", "experience")
"""Sections whose items are required or preferred."""

_DEGREE: Final = re.compile(
    r"\b(bachelor|master'?s|degree|diploma|ph\.?d|doctorate|high school|b\.?sc|m\.?sc"
    r"|graduate of)\b",
    re.IGNORECASE,
)
_CERTIFICATE: Final = re.compile(r"\b(certifi(?:ed|cates?|cations?)|licen[cs]ed?)\b", re.IGNORECASE)
_MAX_ITEM_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class MappedRole:
    """A role that was mapped from a document.

    Attributes:
        role: The role.
        notes: Comment lines by key, as `role_file` takes them.
        words: Number of the document's words in each section.
        checks: What the author should check.
    """

    role: Role
    notes: dict[str, list[str]]
    words: dict[str, int]
    checks: tuple[str, ...]


@dataclass(slots=True)
class _PartDraft:
    """Headings and blocks of a section or an FAQ; a block is required or preferred (True)."""

    title: str
    level: int = 0
    headings: list[str] = field(default_factory=list)
    blocks: list[tuple[Block, bool]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class _RoleDraft:
    """Sections and FAQs of a document, collected block by block."""

    def __init__(self, title: str, headings: HeadingClassifier) -> None:
        self._title = title
        self._headings = headings
        self.parts: dict[str, _PartDraft] = {}
        self.faqs: list[_PartDraft] = []
        self._part = self._standard_part("overview")
        self._key = "overview"
        self._preferred = False
        self._has_title = False

    def add(self, block: Block) -> None:
        if isinstance(block, Heading):
            self._add_heading(block)
            return
        part, preferred = self._part, self._preferred
        if self._key == "skills" and isinstance(block, Item):
            part = self._standard_part(_section_of_item(block.text))
        part.blocks.append((block, preferred or is_preferred(block.text)))

    def _add_heading(self, heading: Heading) -> None:
        """Choose the section or FAQ that the blocks below a heading belong to."""
        if not self._has_title and words_of(heading.text) == words_of(self._title):
            self._has_title = True
            return
        if heading.text.rstrip().endswith("?"):
            self._part, self._key = _PartDraft(heading.text, heading.level), ""
            self.faqs.append(self._part)
            return
        meaning = self._headings.classify(heading.text, self._title)
        self._preferred = meaning.is_preferred
        if meaning.section:
            self._part, self._key = self._standard_part(meaning.section), meaning.section
            self._part.level = heading.level
            self._part.headings.append(heading.text)
            if not meaning.is_sure:
                self._part.doubts.append(f"is “{heading.text}” about {meaning.section}?")
            return
        # A deeper heading below a section of the author's own is part of its text.
        if self._key not in STANDARD_SECTIONS and heading.level > self._part.level:
            self._part.blocks.append((Text(f"**{heading.text}**"), False))
            return
        self._start_own_section(heading)

    def _start_own_section(self, heading: Heading) -> None:
        taken = (*STANDARD_SECTIONS, "faq", *self.parts)
        self._key = make_id(heading.text, taken)
        same = next(
            (key for key, part in self.parts.items() if part.title == heading.text), self._key
        )
        self._key = same
        if same in self.parts:
            self.parts[same].headings.append(heading.text)
        self._part = self.parts.setdefault(same, _PartDraft(heading.text, heading.level))

    def _standard_part(self, key: str) -> _PartDraft:
        return self.parts.setdefault(key, _PartDraft(STANDARD_SECTIONS[key]))


def map_document(document: ImportedDocument, title: str, headings: HeadingClassifier) -> MappedRole:
    """Return the role that a document describes.

    Args:
        document: The document.
        title: The title of the role.
        headings: Finds the section that a heading means.
    """
    draft = _RoleDraft(title, headings)
    for block in document.blocks:
        draft.add(block)
    role_id = make_id(title)
    notes: dict[str, list[str]] = defaultdict(list)
    words: dict[str, int] = {}
    sections: dict[str, Section] = {}
    empty: list[str] = []
    for key, part in draft.parts.items():
        section = _build_section(role_id, key, part)
        if section is None:
            empty += [part.title] if key not in STANDARD_SECTIONS else part.headings
            continue
        sections[key] = section
        words[key] = _count_words(part)
        _add_notes(notes[f"sections/{key}"], part)
    faqs: list[Faq] = []
    for part in draft.faqs:
        faq = _build_faq(role_id, part, [one.key for one in faqs])
        if faq is None:
            empty.append(part.title)
            continue
        faqs.append(faq)
        words["FAQs"] = words.get("FAQs", 0) + _count_words(part) + len(words_of(part.title))
    if empty:
        notes["title"].append("headings without text: " + "; ".join(empty))
    order = [key for key in STANDARD_SECTIONS if key in sections]
    order += [key for key in sections if key not in STANDARD_SECTIONS]
    role = Role(role_id, title, sections=tuple(sections[key] for key in order), faqs=tuple(faqs))
    role, note = _with_years(role)
    if note:
        notes["sections/experience"].append(note)
    for key in ("overview", "responsibilities", "skills", "education", "experience"):
        if not role.section(key):
            notes["title"].append(f"check: no {key} was found; add it, or leave it out")
    checks = [
        line.removeprefix("check: ")
        for lines in notes.values()
        for line in lines
        if "check: " in line
    ]
    return MappedRole(
        role, {key: lines for key, lines in notes.items() if lines}, words, tuple(checks)
    )


def _section_of_item(item: str) -> str:
    """Return the section of an item among qualifications: a degree belongs to education."""
    if len(item) > _MAX_ITEM_LENGTH:
        return "skills"
    if _DEGREE.search(item):
        return "education"
    if _CERTIFICATE.search(item):
        return "certifications"
    return "experience" if find_years(item) else "skills"


def _build_section(role: str, key: str, part: _PartDraft) -> Section | None:
    if not part.blocks:
        return None
    title = STANDARD_SECTIONS.get(key, part.title)
    items = [(block, preferred) for block, preferred in part.blocks if isinstance(block, Item)]
    texts = [block.text for block, _ in part.blocks if isinstance(block, Text)]
    section = Section(role, key, title)
    if key in GRADED_SECTIONS and items:
        return replace(
            section,
            text="\n\n".join(texts),
            required=tuple(block.text for block, preferred in items if not preferred),
            preferred=tuple(block.text for block, preferred in items if preferred),
        )
    kinds = [isinstance(block, Item) for block, _ in part.blocks]
    nested = any(isinstance(block, Item) and block.depth for block, _ in part.blocks)
    # Text before items fits the model. Any other order is kept as one Markdown text.
    if items and kinds == sorted(kinds) and not nested:
        return replace(
            section, text="\n\n".join(texts), items=tuple(block.text for block, _ in items)
        )
    return replace(section, text=_markdown([block for block, _ in part.blocks]))


def _markdown(blocks: list[Block]) -> str:
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Item):
            if lines and not lines[-1].lstrip().startswith("- "):
                lines.append("")
            lines.append(f"{'  ' * block.depth}- {block.text}")
        else:
            lines += ["", block.text] if lines else [block.text]
    return "\n".join(lines)


def _build_faq(role: str, part: _PartDraft, taken: list[str]) -> Faq | None:
    answer = _markdown([block for block, _ in part.blocks])
    return Faq(role, make_id(part.title, taken), part.title, answer) if answer else None


def _count_words(part: _PartDraft) -> int:
    return sum(len(words_of(block.text)) for block, _ in part.blocks)


def _add_notes(lines: list[str], part: _PartDraft) -> None:
    """Add comments on the headings of a section, and on what is doubtful about it."""
    if part.headings:
        lines.append("from " + ", ".join(f"“{heading}”" for heading in part.headings))
    lines += [f"check: {doubt}" for doubt in part.doubts]


def _with_years(role: Role) -> tuple[Role, str]:
    """Return the role with its years of experience as numbers, and a comment on them."""
    for key in ("experience", "skills", "education"):
        section = role.section(key)
        if section is None:
            continue
        for text in (*section.required, *section.text.split("\n"), *section.items):
            years = find_years(text)
            if years is None:
                continue
            note = f"check: are the years right? They are from “{text[:100]}”"
            experience = role.section("experience")
            if experience is not None:
                found = replace(experience, years=years)
                changed = tuple(found if one is experience else one for one in role.sections)
                return replace(role, sections=changed), note
            made = Section(role.id, "experience", STANDARD_SECTIONS["experience"], years=years)
            keys = [*STANDARD_SECTIONS]
            ordered = sorted(
                (*role.sections, made),
                key=lambda one: keys.index(one.key) if one.key in keys else len(keys),
            )
            return replace(role, sections=tuple(ordered)), note
    return role, ""


def with_id(mapped: MappedRole, role_id: str) -> MappedRole:
    """Return a role with another id, which its sections and FAQs have too."""
    role = mapped.role
    sections = tuple(replace(section, role=role_id) for section in role.sections)
    faqs = tuple(replace(faq, role=role_id) for faq in role.faqs)
    return replace(mapped, role=replace(role, id=role_id, sections=sections, faqs=faqs))
