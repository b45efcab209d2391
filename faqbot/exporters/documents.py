"""Export roles as documents: Markdown, a Word file, a web page, or a site with search."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, select_autoescape
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from faqbot.errors import needs_extra
from faqbot.model import Audience, Entry, Faq, KnowledgeBase, Role
from faqbot.pages import look
from faqbot.replies.reply import Block, Bullets, ReplyText, body, markdown_blocks

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
            # The other styles would put space between the lines of code.
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


NO_FAMILY_TITLE: Final = "Other roles"
_STATIC: Final = ("minisearch.js", "minisearch.LICENSE.txt", "search.js", "style.css")
# Without HTML, so that nothing an author or a proposal in Slack contains runs in a browser.
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Site:
    """A website: the text of its files, by path below its folder."""

    files: Mapping[str, str]


def page(role: Role, audience: Audience = Audience.EVERYONE) -> str:
    """Return a role as a single HTML file without other files, which also prints well."""
    style = Markup(look() + _read_static("style.css"))  # noqa: S704 - files of this package
    return (
        _environment()
        .get_template("role-alone.html")
        .render(role=role, faqs=visible_faqs(role.faqs, audience), style=style)
    )


def site(knowledge_base: KnowledgeBase, title: str, audience: Audience = Audience.EVERYONE) -> Site:
    """Return the whole knowledge base as linked pages with a search that needs no server.

    The files are a function of the content: equal content gives equal bytes.
    """
    environment = _environment()
    families: dict[str, list[Role]] = defaultdict(list)
    for role in sorted(knowledge_base.roles, key=lambda role: role.title.casefold()):
        families[role.family.replace("-", " ").capitalize() or NO_FAMILY_TITLE].append(role)
    faqs = visible_faqs(knowledge_base.faqs, audience)
    files = {
        "index.html": environment.get_template("index.html").render(
            title=title, families=dict(sorted(families.items())), faqs=faqs, root=""
        ),
        "index.js": _search_index(knowledge_base, audience),
    }
    for role in knowledge_base.roles:
        files[f"roles/{role.id}.html"] = environment.get_template("role.html").render(
            title=title,
            role=role,
            faqs=visible_faqs(role.faqs, audience),
            related=_existing_roles(knowledge_base, role.related),
            next_roles=_existing_roles(knowledge_base, role.next_roles),
            root="../",
        )
    files |= {f"static/{name}": _read_static(name) for name in _STATIC}
    files["static/look.css"] = look()
    return Site(MappingProxyType(files))


def _existing_roles(knowledge_base: KnowledgeBase, ids: tuple[str, ...]) -> list[Role]:
    return [role for role in map(knowledge_base.role, ids) if role]


def _search_index(knowledge_base: KnowledgeBase, audience: Audience) -> str:
    """Return the search index as a script, since pages opened from disk can't fetch JSON."""
    documents = [
        {
            "id": number,
            "title": title,
            "more": more,
            "text": text,
            "link": link,
        }
        for number, (title, more, text, link) in enumerate(
            _search_documents(knowledge_base, audience)
        )
    ]
    index = json.dumps(documents, ensure_ascii=False, separators=(",", ":"))
    # `</script>` in a text would end the script that contains it.
    return "window.FAQBOT_INDEX=" + index.replace("</", "<\\/") + ";\n"


def _search_documents(
    knowledge_base: KnowledgeBase, audience: Audience
) -> Iterator[tuple[str, str, str, str]]:
    for role in knowledge_base.roles:
        link = f"roles/{role.id}.html"
        overview = role.section("overview")
        text = _one_line(overview.text) if overview else ""
        yield role.title, " ".join(role.aliases), text, link
        for section in role.sections:
            words = (section.text, *section.items, *section.required, *section.preferred)
            # Each by itself, or the marks of one would end in another.
            text = " · ".join(_one_line(part) for part in words if part)
            yield f"{role.title}: {section.title}", "", text, f"{link}#{section.key}"
        for faq in visible_faqs(role.faqs, audience):
            yield faq.question, role.title, _one_line(faq.answer), f"{link}#faq-{faq.key}"
    for faq in visible_faqs(knowledge_base.faqs, audience):
        text = _one_line(faq.answer)
        yield faq.question, " ".join(faq.phrasings), text, f"index.html#faq-{faq.key}"


def _one_line(markdown: str) -> str:
    """Return the words of a Markdown text as one line: no marks, no addresses."""
    found: list[str] = []
    for token in _MARKDOWN.parse(markdown):
        if token.type in ("fence", "code_block"):
            found.append(token.content)
        elif token.type == "inline":
            found.append("".join(child.content or " " for child in _texts(token)))
    return " ".join(" ".join(found).split())


def _texts(token: Token) -> Iterator[Token]:
    for child in token.children or ():
        if child.type in ("text", "code_inline", "softbreak", "hardbreak", "image"):
            yield child


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("faqbot.exporters"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["blocks"] = _entry_html
    return environment


def _entry_html(entry: Entry) -> Markup:
    """Return the content of an entry; HTML in its Markdown is escaped."""
    parts = "\n".join(_block_html(block) for block in body(entry))
    return Markup(parts)  # noqa: S704 - rendered with HTML disabled


def _block_html(block: Block) -> str:
    match block:
        case ReplyText(markdown=text):
            return str(_MARKDOWN.render(text)).strip()
        case Bullets(items=items, heading=heading):
            points = "".join(f"<li>{_MARKDOWN.renderInline(item)}</li>" for item in items)
            return f"{f'<h3>{heading}</h3>' if heading else ''}<ul>{points}</ul>"
        case _:
            return ""


def _read_static(name: str) -> str:
    return resources.files("faqbot.exporters").joinpath("static", name).read_text("utf-8")
