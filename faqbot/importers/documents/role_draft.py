"""Map a document to a role: every block to a section, nothing lost and nothing added."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from faqbot.content.fields import make_id
from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.importers.documents.blocks import (
    Block,
    Boilerplate,
    HeadingClassifier,
    ImportedDocument,
    Item,
    Text,
    words_of,
)
from faqbot.importers.documents.outline import (
    GRADED_SECTIONS,
    Outline,
    PartDraft,
    find_years,
)
from faqbot.importers.documents.role_title import FoundTitle
from faqbot.model import Faq, Role, Section


@dataclass(frozen=True, slots=True)
class MappedRole:
    """A role that was mapped from a document.

    Attributes:
        role: The role.
        notes: Comment lines by key, as `role_file` takes them.
        words: Number of the document's words in each section.
        checks: What the author should check.
        left_out: Text that the role doesn't contain.
    """

    role: Role
    notes: dict[str, list[str]]
    words: dict[str, int]
    checks: tuple[str, ...]
    left_out: tuple[Boilerplate, ...] = ()


def map_document(
    document: ImportedDocument, title: FoundTitle, headings: HeadingClassifier
) -> MappedRole:
    """Return the role that a document describes.

    Args:
        document: The document.
        title: The title of the role.
        headings: Finds the section that a heading means.
    """
    draft = Outline(title, headings, document.blocks)
    role_id = make_id(title.text)
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
    notes["title"] += _title_notes(title)
    left_out = [*draft.left_out]
    if empty:
        notes["title"].append("headings without text: " + "; ".join(empty))
        # Only in the report: the note keeps their words.
        left_out.append(Boilerplate("headings without text", "; ".join(empty), is_counted=False))
    order = [key for key in STANDARD_SECTIONS if key in sections]
    order += [key for key in sections if key not in STANDARD_SECTIONS]
    role = Role(
        role_id, title.text, sections=tuple(sections[key] for key in order), faqs=tuple(faqs)
    )
    role, note = _with_years(role)
    if note:
        notes["sections/experience"].append(note)
    for key in ("overview", "responsibilities", "skills", "education", "experience"):
        if not role.section(key):
            notes["title"].append(f"check: no {key} was found; add it, or leave it out")
    checks = [f"the title “{title.text}”: {title.doubt}"] if title.doubt else []
    checks += [
        line.removeprefix("check: ")
        for lines in notes.values()
        for line in lines
        if "check: " in line
    ]
    return MappedRole(
        role,
        {key: lines for key, lines in notes.items() if lines},
        words,
        tuple(checks),
        tuple(left_out),
    )


def _title_notes(title: FoundTitle) -> list[str]:
    notes = [f"check this title: {title.doubt}"] if title.doubt else []
    if title.source and words_of(title.source) != words_of(title.text):
        notes.append(f"from “{title.source}”")
    return notes


def _build_section(role: str, key: str, part: PartDraft) -> Section | None:
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


def _build_faq(role: str, part: PartDraft, taken: list[str]) -> Faq | None:
    answer = _markdown([block for block, _ in part.blocks])
    return Faq(role, make_id(part.title, taken), part.title, answer) if answer else None


def _count_words(part: PartDraft) -> int:
    return sum(len(words_of(block.text)) for block, _ in part.blocks)


def _add_notes(lines: list[str], part: PartDraft) -> None:
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
