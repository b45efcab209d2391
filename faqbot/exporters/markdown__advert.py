"""A job advertisement made from a role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from faqbot.model import Role, Section
from faqbot.replies.entries import years_of


def advert(role: Role) -> str:
    """The posting of a role in Markdown: headings, paragraphs and lists only, fit for a canvas.

    The order is that of postings: overview, duties, education and experience, required skills,
    what is a plus. What the role doesn't say is left out.
    """
    parts = [f"# {role.title}"]
    for title, lines in (
        ("About the role", _texts(role.section("overview"))),
        ("What you will do", _duties(role)),
        ("Education and experience", _background(role)),
        ("Required skills", _bullets(_listed(role, "skills", required=True))),
        ("Nice to have", _bullets(_pluses(role))),
    ):
        block = "\n".join(lines).strip()
        if block:
            parts.append(f"## {title}\n\n{block}")
    return "\n\n".join(parts) + "\n"


def _texts(section: Section | None) -> Iterator[str]:
    if section is None:
        return
    if section.text.strip():
        yield section.text.strip()
        yield ""
    yield from _bullets((*section.items, *section.required, *section.preferred))


def _duties(role: Role) -> Iterator[str]:
    yield from _texts(role.section("responsibilities") or role.section("day-to-day"))


def _background(role: Role) -> Iterator[str]:
    years = years_of(role)
    if years:
        yield f"- {years} of experience" if "year" in years else f"- {years}"
    education = role.section("education")
    if education is None:
        return
    yield from _bullets((*education.required, *education.items))
    yield from _bullets(f"{item} (preferred)" for item in education.preferred)
    if not (education.required or education.items or education.preferred) and education.text:
        yield f"\n{education.text.strip()}"


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


def _bullets(items: Iterable[str]) -> Iterator[str]:
    return (f"- {' '.join(item.split())}" for item in items)
