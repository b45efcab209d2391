"""Export a role as a document: in Markdown, as a Word file, or as a job advertisement."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.token import Token

from faqbot.errors import needs_extra
from faqbot.model import Audience, Faq, Role
from faqbot.replies.entries import body
from faqbot.replies.reply import Block, Bullets, ReplyText, markdown_blocks

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph


def markdown(role: Role, audience: Audience = Audience.EVERYONE) -> str:
    """Return the whole role, with the FAQs that the audience may read."""
    lines = [f"# {role.title}"]
    if role.aliases:
        lines.append(f"Also called: {', '.join(role.aliases)}")
    for section in role.sections:
        lines += [f"## {section.title}", *markdown_blocks(body(section))]
    faqs = visible_faqs(role.faqs, audience)
    if faqs:
        lines.append("## Questions and answers")
    for faq in faqs:
        lines += [f"### {faq.question}", *markdown_blocks(body(faq))]
    return "\n\n".join(lines) + "\n"


def visible_faqs(faqs: tuple[Faq, ...], audience: Audience) -> tuple[Faq, ...]:
    """Return the FAQs that an audience may read."""
    return tuple(faq for faq in faqs if audience.may_read(faq.audience))


_LIST_STYLES = {"bullet_list_open": "List Bullet", "ordered_list_open": "List Number"}


def word(role: Role, audience: Audience = Audience.EVERYONE) -> bytes:
    """Return the whole role as a .docx file in Word's built-in styles.

    Args:
        role: The role.
        audience: Whose FAQs are included.

    Raises:
        MissingExtraError: python-docx isn't installed.
    """
    with needs_extra("A Word file (.docx)", "documents"):
        import docx
    document = docx.Document()
    document.core_properties.title = role.title
    document.core_properties.author = role.owner
    document.add_heading(role.title, 0)
    if role.aliases:
        document.add_paragraph(f"Also called: {', '.join(role.aliases)}", style="Subtitle")
    for section in role.sections:
        document.add_heading(section.title, 1)
        _add_blocks(document, body(section))
    faqs = visible_faqs(role.faqs, audience)
    if faqs:
        document.add_heading("Questions and answers", 1)
    for faq in faqs:
        document.add_heading(faq.question, 2)
        _add_blocks(document, body(faq))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _add_blocks(document: Document, blocks: Iterable[Block]) -> None:
    for block in blocks:
        match block:
            case ReplyText(markdown=text):
                _add_text(document, text)
            case Bullets(items=items, heading=heading):
                if heading:
                    document.add_paragraph().add_run(heading).bold = True
                for item in items:
                    _add_inline(document.add_paragraph(style="List Bullet"), item)
            case _:
                pass


def _add_text(document: Document, text: str) -> None:
    styles: list[str] = []
    for token in MarkdownIt("commonmark").parse(text):
        if token.type in _LIST_STYLES:
            styles.append(_LIST_STYLES[token.type])
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            styles.pop()
        elif token.type == "inline":
            paragraph = document.add_paragraph(style=styles[-1] if styles else None)
            _add_runs(paragraph, token.children or [])
        elif token.type in ("fence", "code_block"):
            document.add_paragraph(token.content.rstrip(), style="No Spacing")


def _add_inline(paragraph: Paragraph, text: str) -> None:
    for token in MarkdownIt("commonmark").parseInline(text):
        _add_runs(paragraph, token.children or [])


def _add_runs(paragraph: Paragraph, tokens: Iterable[Token]) -> None:
    marks = {"strong": 0, "em": 0}
    link = ""
    for token in tokens:
        name, _, side = token.type.rpartition("_")
        if name in marks:
            marks[name] += 1 if side == "open" else -1
        elif name == "link":
            # Runs have no links: the address follows the text in brackets.
            if side == "close" and link:
                paragraph.add_run(f" ({link})")
            link = str(token.attrGet("href") or "") if side == "open" else ""
        else:
            text = " " if token.type in ("softbreak", "hardbreak") else token.content
            link = "" if text == link else link  # an address that is its own text
            run = paragraph.add_run(text)
            run.bold, run.italic = bool(marks["strong"]) or None, bool(marks["em"]) or None
