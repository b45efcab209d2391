"""Write roles and FAQs as files like those of authors."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import indent
from typing import Final

import yaml

from faqbot.content.fields import make_id
from faqbot.content.format import SCHEMA_PATH
from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.content.yaml_text import is_in_curly_quotes, looks_like_points, needs_quotes
from faqbot.errors import UsageError
from faqbot.model import Audience, Faq, KnowledgeBase, Role, Section, Years

LINE_WIDTH: Final = 100
Notes = Mapping[str, Sequence[str]]
"""Comment lines by the key that they are written above: `title`, `sections/skills`, `faqs/x`."""

Pairs = Iterable[tuple[str, object]]


def role_file(
    role: Role, *, schema: str = "", heading: Sequence[str] = (), notes: Notes | None = None
) -> str:
    """Return the file of a role; it loads as exactly that role.

    Args:
        role: The role; empty fields are left out.
        schema: Path of the JSON Schema for editors, relative to the file.
        heading: Comment lines at the top, such as the source of the content.
        notes: Comment lines above keys; those of a key that isn't written go to the top.
    """
    notes = notes or {}
    sections = list(role.sections)
    written = {f"sections/{section.key}" for section in sections}
    written |= {f"faqs/{faq.key}" for faq in role.faqs}
    body = [
        part
        for key, value in _role_fields(role)
        for part in _with_comments(key, dump_yaml({key: value}), notes, written)
    ]
    if sections:
        body += ["sections:\n"]
        for section in sections:
            text = indent(dump_yaml({section.key: _section(section)}, LINE_WIDTH - 2), "  ")
            body += _with_comments(f"sections/{section.key}", text, notes, written, "  ")
    if role.faqs:
        body += ["faqs:\n", *_faqs(role.faqs, notes, written)]
    return "".join((*_header(schema, heading, notes, written), *body))


def faq_file(
    faqs: Sequence[Faq],
    *,
    about: str | None = None,
    schema: str = "",
    heading: Sequence[str] = (),
    notes: Notes | None = None,
) -> str:
    """Return a file of general FAQs, or of FAQs about the role whose id is `about`."""
    notes = notes or {}
    written = {f"faqs/{faq.key}" for faq in faqs}
    body = [dump_yaml({"about": about})] if about else []
    body += ["faqs:\n", *_faqs(faqs, notes, written)]
    return "".join((*_header(schema, heading, notes, written), *body))


def write_file(target: Path, text: str, *, force: bool = False) -> None:
    """Write a text file atomically; replaces an existing one only with `force`.

    Raises:
        UsageError: The file exists already, or can't be written.
    """
    write_bytes(target, text.encode(), force=force)


def write_bytes(target: Path, content: bytes, *, force: bool = False) -> None:
    """Write a file atomically; replaces an existing one only with `force`.

    Raises:
        UsageError: The file exists already, or can't be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not force:
            raise UsageError(f"{target} exists already: --force replaces it.")
        # In the same folder, as a rename to another file system isn't atomic.
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            file.write(content)
        made = Path(file.name)
        # A temporary file is readable by its owner only, and the service may be another user.
        made.chmod(0o644)
        if force:
            made.replace(target)
            return
        try:
            os.link(made, target)  # unlike a rename, it fails if the file exists by now
        finally:
            made.unlink()
    except FileExistsError as error:
        raise UsageError(f"{target} exists already: --force replaces it.") from error
    except OSError as error:
        raise UsageError(f"Can't write {target}: {error.strerror or error}.") from error


def _header(schema: str, heading: Sequence[str], notes: Notes, written: set[str]) -> Iterator[str]:
    if schema:
        yield f"# yaml-language-server: $schema={schema}\n"
    yield from _comments(heading)
    for key, lines in notes.items():
        if key not in written:
            yield from _comments(lines)


def _comments(lines: Iterable[str], margin: str = "") -> Iterator[str]:
    for line in lines:
        for part in line.splitlines() or [""]:
            yield f"{margin}# {part}".rstrip() + "\n"


def _with_comments(
    key: str, text: str, notes: Notes, written: set[str], margin: str = ""
) -> Iterator[str]:
    written.add(key)
    yield from _comments(notes.get(key, ()), margin)
    yield text


def _role_fields(role: Role) -> Iterator[tuple[str, object]]:
    yield "role", role.id
    yield "title", role.title
    for key, value in (
        ("aliases", list(role.aliases)),
        ("family", role.family),
        ("onet", role.onet),
        ("owner", role.owner),
        ("reviewed", role.reviewed),
        ("review_every", _period(role.review_every)),
        ("related", list(role.related)),
        ("next_roles", list(role.next_roles)),
    ):
        if value:
            yield key, value


def _section(section: Section) -> object:
    """Return a section in its shortest form."""
    parts: dict[str, object] = {}
    if section.title != STANDARD_SECTIONS.get(section.key):
        parts["title"] = section.title
    for key, value in (
        ("phrasings", section.phrasings),
        ("text", section.text),
        ("items", section.items),
        ("required", section.required),
        ("preferred", section.preferred),
        ("years", _years(section.years)),
    ):
        if value:
            parts[key] = list(value) if isinstance(value, tuple) else value
    if len(parts) == 1 and (alone := parts.get("text") or parts.get("items")):
        return alone
    return parts


def _years(years: Years | None) -> dict[str, float]:
    if years is None:
        return {}
    return {
        side: int(value) if value == int(value) else value
        for side, value in (("min", years.min), ("max", years.max))
        if value is not None
    }


def _faqs(faqs: Iterable[Faq], notes: Notes, written: set[str]) -> Iterator[str]:
    for faq in faqs:
        text = indent(dump_yaml([_faq(faq)], LINE_WIDTH - 2), "  ")
        yield from _with_comments(f"faqs/{faq.key}", text, notes, written, "  ")


def _faq(faq: Faq) -> dict[str, object]:
    parts: dict[str, object] = {"id": faq.key, "question": faq.question}
    if faq.phrasings:
        parts["phrasings"] = list(faq.phrasings)
    parts["answer"] = faq.answer
    if faq.audience is not Audience.EVERYONE:
        parts["audience"] = faq.audience.value
    further: dict[str, object] = {
        "matches": list(faq.matches),
        "rejects": list(faq.rejects),
        "owner": faq.owner,
        "reviewed": faq.reviewed,
        "review_every": _period(faq.review_every),
        "example": faq.example,
    }
    return parts | {key: value for key, value in further.items() if value}


def _period(period: dt.timedelta | None) -> str:
    return f"{period.days} days" if period else ""


def dump_yaml(value: object, width: int = LINE_WIDTH) -> str:
    """Return a value as YAML in its own order, with block texts and indented lists."""
    return str(
        yaml.dump(value, Dumper=_AuthorDumper, sort_keys=False, allow_unicode=True, width=width)
    )


class _AuthorDumper(yaml.SafeDumper):
    """Dumper that writes long texts as blocks and indents lists below their keys."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 - PyYAML's own
        del indentless
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # The dumper would wrap other texts, so that a line may begin like a point of a list.
    style = "|" if "\n" in text or looks_like_points(text) else None
    # Block text that keeps empty lines at its end would need the mark of a document's end.
    ends_empty = text.endswith("\n\n") or not text.strip()
    if is_in_curly_quotes(text) or ends_empty or (style is None and needs_quotes(text)):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_AuthorDumper.add_representer(str, _represent_text)

PROPOSALS_FOLDER: Final = "proposals"
SCHEMA_ABOVE: Final = f"../{SCHEMA_PATH.name}"


def new_faq_key(question: str, role: str | None, knowledge_base: KnowledgeBase) -> str:
    """Return an id for a question that no FAQ of the role, or no general one, has yet."""
    taken = {faq.key for faq in knowledge_base.faqs}
    if role:
        found = knowledge_base.role(role)
        taken = {faq.key for faq in found.faqs} if found else set()
    return make_id(question.replace("{role}", " "), taken)


def write_faq(folder: Path, faq: Faq) -> Path:
    """Write an FAQ into a new file below `proposals/`; returns its path.

    Raises:
        UsageError: The file exists already, or the folder can't be written to.
    """
    target = folder / PROPOSALS_FOLDER / f"{faq.role or 'general'}-{faq.key}.yaml"
    if target.exists():
        raise UsageError(f"{target} exists already: choose another question.")
    write_file(target, _faq_file(faq))
    return target


def faq_template(question: str, role: str | None, knowledge_base: KnowledgeBase) -> str:
    """Return a file with an FAQ whose answer an author has yet to write."""
    key = new_faq_key(question, role, knowledge_base)
    answer = "Write the answer here, in Markdown."
    return _faq_file(Faq(role, key, question, answer, phrasings=(question,)))


def _faq_file(faq: Faq) -> str:
    return faq_file([faq], about=faq.role, schema=SCHEMA_ABOVE)
