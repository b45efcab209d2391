"""Checked files -> the values that the rest of faqbot knows."""

from __future__ import annotations

from faqbot.content.format import FaqFile, FaqPart, RoleFile
from faqbot.content.sections import SectionPart
from faqbot.content.standard import STANDARD_SECTIONS
from faqbot.content.tree import Document, Loc
from faqbot.model import Audience, Faq, Origin, Role, Section, Years


def with_title(text: str, title: str) -> str:
    """The text of a role with its title in place of `{role}`."""
    return text.replace("{role}", title)


def role_of(document: Document, file: RoleFile) -> Role:
    """The role that a file describes."""
    return Role(
        id=file.role,
        title=file.title,
        aliases=file.aliases,
        family=file.family,
        owner=file.owner,
        reviewed=file.reviewed,
        review_every=file.review_every,
        related=file.related,
        next_roles=file.next_roles,
        sections=tuple(
            _section(document, file, key, part) for key, part in file.sections.written().items()
        ),
        faqs=tuple(
            _faq(part, _origin(document, ("faqs", index)), file)
            for index, part in enumerate(file.faqs)
        ),
        origin=_origin(document, ("role",), key=True),
    )


def faqs_of(document: Document, file: FaqFile) -> tuple[Faq, ...]:
    """The general FAQs of a file."""
    return tuple(
        _faq(part, _origin(document, ("faqs", index)), None) for index, part in enumerate(file.faqs)
    )


def _section(document: Document, file: RoleFile, key: str, part: SectionPart) -> Section:
    def filled(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(with_title(text, file.title) for text in texts)

    years = part.years
    return Section(
        role=file.role,
        key=key,
        title=with_title(part.title or STANDARD_SECTIONS[key], file.title),
        text=with_title(part.text, file.title),
        items=filled(part.items),
        required=filled(part.required),
        preferred=filled(part.preferred),
        years=Years(years.min, years.max) if years else None,
        phrasings=part.phrasings,
        origin=_origin(document, ("sections", key), key=True),
    )


def _faq(part: FaqPart, origin: Origin, file: RoleFile | None) -> Faq:
    return Faq(
        role=file.role if file else None,
        key=part.id,
        question=with_title(part.question, file.title) if file else part.question,
        answer=with_title(part.answer, file.title) if file else part.answer,
        phrasings=part.phrasings,
        audience=Audience(part.audience),
        matches=part.matches,
        rejects=part.rejects,
        owner=part.owner,
        reviewed=part.reviewed,
        review_every=part.review_every,
        example=part.example,
        origin=origin,
    )


def _origin(document: Document, loc: Loc, *, key: bool = False) -> Origin:
    return Origin(document.path, document.at(loc, key=key).line)
