"""The job advertisement of a role: its parts in the usual order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from faqbot.model import Role, Section
from faqbot.replies.reply import Block, Bullets, ReplyPart, ReplyText, years_of


def advertisement(role: Role) -> tuple[ReplyPart, ...]:
    """Return the parts of a job advertisement.

    Overview, duties, education and experience, required skills, nice-to-haves. Parts that the role
    doesn't have are left out.
    """
    parts = (
        ("overview", "About the role", _texts(role.section("overview"))),
        ("responsibilities", "What you will do", _duties(role)),
        ("education", "Education and experience", _background(role)),
        ("skills", "Required skills", _bullets(_listed(role, "skills", required=True))),
        ("skills", "Nice to have", _bullets(_pluses(role))),
    )
    written = ((key, title, tuple(blocks)) for key, title, blocks in parts)
    return tuple(
        ReplyPart(f"{role.id}/{key}", title, blocks) for key, title, blocks in written if blocks
    )


def _texts(section: Section | None) -> Iterator[Block]:
    if section is None:
        return
    if section.text.strip():
        yield ReplyText(section.text.strip())
    yield from _bullets((*section.items, *section.required, *section.preferred))


def _duties(role: Role) -> Iterator[Block]:
    return _texts(role.section("responsibilities") or role.section("day-to-day"))


def _background(role: Role) -> Iterator[Block]:
    years = years_of(role)
    asked: list[str] = []
    if years:
        asked.append(f"{years} of experience" if "year" in years else years)
    education = role.section("education")
    if education is not None:
        asked += (*education.required, *education.items)
        asked += (f"{item} (preferred)" for item in education.preferred)
    yield from _bullets(asked)
    listed = education and (education.required or education.items or education.preferred)
    if education and education.text and not listed:
        yield ReplyText(education.text.strip())


def _pluses(role: Role) -> Iterator[str]:
    yield from _listed(role, "skills", required=False)
    certifications = role.section("certifications")
    if certifications is not None:
        yield from certifications.required
        yield from certifications.preferred
        yield from certifications.items


def _listed(role: Role, key: str, *, required: bool) -> tuple[str, ...]:
    section = role.section(key)
    if section is None:
        return ()
    return (*section.required, *section.items) if required else section.preferred


def _bullets(items: Iterable[str]) -> Iterator[Block]:
    listed = tuple(" ".join(item.split()) for item in items)
    if listed:
        yield Bullets(listed)
