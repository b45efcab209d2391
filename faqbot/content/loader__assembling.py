"""Checked files -> the values that the rest of faqbot knows."""

from __future__ import annotations

from faqbot.content.format import FaqFile, FaqPart, RoleFile
from faqbot.content.sections import SectionPart
from faqbot.content.sections__standard import STANDARD_SECTIONS
from faqbot.content.yaml_tree import Document, Loc
from faqbot.model import Audience, Faq, Origin, Role, Section, Years


def with_title(text: str, title: str) -> str:
    """The text of a role with its title in place of `{role}`."""
    return text.replace("{role}", title)


def role_of(document: Document, file: RoleFile) -> Role:
    """The role that a file describes."""
    named = Role(file.role, file.title)
    return Role(
        id=file.role,
        title=file.title,
        aliases=file.aliases,
        family=file.family,
        onet=file.onet,
        owner=file.owner,
        reviewed=file.reviewed,
        review_every=file.review_every,
        related=file.related,
        next_roles=file.next_roles,
        sections=tuple(
            _section(document, file, key, part) for key, part in file.sections.written().items()
        ),
        faqs=tuple(
            _faq(part, _origin(document, ("faqs", index)), named)
            for index, part in enumerate(file.faqs)
        ),
        origin=_origin(document, ("role",), key=True),
    )


def faqs_of(document: Document, file: FaqFile, role: Role | None = None) -> tuple[Faq, ...]:
    """The FAQs of a file: general ones, or those of a role."""
    return tuple(
        _faq(part, _origin(document, ("faqs", index)), role) for index, part in enumerate(file.faqs)
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


def _faq(part: FaqPart, origin: Origin, role: Role | None) -> Faq:
    return Faq(
        role=role.id if role else None,
        key=part.id,
        question=with_title(part.question, role.title) if role else part.question,
        answer=with_title(part.answer, role.title) if role else part.answer,
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
