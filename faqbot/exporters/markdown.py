"""A role as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from faqbot.model import Audience, Faq, Role
from faqbot.replies.entries import body
from faqbot.replies.reply import Block, Bullets, Text


def markdown(role: Role, audience: Audience = Audience.EVERYONE) -> str:
    """The whole role, with the FAQs that the audience may read."""
    lines = [f"# {role.title}"]
    if role.aliases:
        lines.append(f"Also called: {', '.join(role.aliases)}")
    for section in role.sections:
        lines += [f"## {section.title}", *_blocks(body(section))]
    faqs = readable(role.faqs, audience)
    if faqs:
        lines.append("## Questions and answers")
    for faq in faqs:
        lines += [f"### {faq.question}", *_blocks(body(faq))]
    return "\n\n".join(lines) + "\n"


def readable(faqs: tuple[Faq, ...], audience: Audience) -> tuple[Faq, ...]:
    """The FAQs that an audience may read."""
    return tuple(faq for faq in faqs if audience.may_read(faq.audience))


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Text(markdown=text):
                yield text
            case Bullets(items=items, heading=heading):
                if heading:
                    yield f"**{heading}**"
                yield "\n".join(f"- {' '.join(item.split())}" for item in items)
            case _:
                pass
