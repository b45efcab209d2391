"""Export a role as Markdown: the whole description, or a job advertisement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from faqbot.model import Audience, Faq, Role, Section
from faqbot.replies.entries import body, years_of
from faqbot.replies.reply import Block, Bullets, ReplyText


def markdown(role: Role, audience: Audience = Audience.EVERYONE) -> str:
    """Return the whole role, with the FAQs that the audience may read."""
    lines = [f"# {role.title}"]
    if role.aliases:
        lines.append(f"Also called: {', '.join(role.aliases)}")
    for section in role.sections:
        lines += [f"## {section.title}", *_blocks(body(section))]
    faqs = visible_faqs(role.faqs, audience)
    if faqs:
        lines.append("## Questions and answers")
    for faq in faqs:
        lines += [f"### {faq.question}", *_blocks(body(faq))]
    return "\n\n".join(lines) + "\n"


def visible_faqs(faqs: tuple[Faq, ...], audience: Audience) -> tuple[Faq, ...]:
    """Return the FAQs that an audience may read."""
    return tuple(faq for faq in faqs if audience.may_read(faq.audience))


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        match block:
            case ReplyText(markdown=text):
                yield text
            case Bullets(items=items, heading=heading):
                if heading:
                    yield f"**{heading}**"
                yield "\n".join(f"- {' '.join(item.split())}" for item in items)
            case _:
                pass


def advert(role: Role) -> str:
    """Return a job advertisement in Markdown that a Slack canvas can show.

    The parts have the usual order: overview, duties, education and experience, required skills,
    nice-to-haves. Parts that the role doesn't have are left out.
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
