"""Export roles as web pages: a single file, or a site with search."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Final

from jinja2 import Environment, PackageLoader, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

from faqbot.exporters.documents import visible_faqs
from faqbot.model import Audience, Entry, KnowledgeBase, Role
from faqbot.replies.entries import body
from faqbot.replies.reply import Block, Bullets, ReplyText, plain

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
    style = Markup(_read_static("style.css"))  # noqa: S704 - a file of this package
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
            "text": " ".join(plain(text).split()),
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
        yield role.title, " ".join(role.aliases), overview.text if overview else "", link
        for section in role.sections:
            words = (section.text, *section.items, *section.required, *section.preferred)
            yield f"{role.title}: {section.title}", "", " ".join(words), f"{link}#{section.key}"
        for faq in visible_faqs(role.faqs, audience):
            yield faq.question, role.title, faq.answer, f"{link}#faq-{faq.key}"
    for faq in visible_faqs(knowledge_base.faqs, audience):
        yield faq.question, " ".join(faq.phrasings), faq.answer, f"index.html#faq-{faq.key}"


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
