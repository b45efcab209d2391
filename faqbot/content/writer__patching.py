"""Phrasings added to files as authors wrote them: comments, order and quotes stay."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from faqbot.errors import UsageError

_WIDE: Final = 1_000_000
"""So that no line is wrapped that an author left long."""


def add_phrasings(text: str, more: Mapping[str, Sequence[str]]) -> str:
    """A content file with phrasings added to its entries; those it doesn't hold are left alone.

    Args:
        text: the file as it is.
        more: phrasings by the id of a section or an FAQ.

    Raises:
        UsageError: the file can't be read as content.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        documents = list(yaml.load_all(text))
    except Exception as error:  # ruamel.yaml has many names for what is no YAML
        raise UsageError("The file is no YAML that can be added to: run faqbot check.") from error
    for document in documents:
        if isinstance(document, CommentedMap):
            _add(document, more)
    buffer = io.StringIO()
    yaml.dump_all(documents, buffer)
    return buffer.getvalue()


def _add(document: CommentedMap, more: Mapping[str, Sequence[str]]) -> None:
    role = document.get("role")
    about = role or document.get("about")
    for faq in document.get("faqs") or ():
        key = f"{about}/faq/{faq.get('id')}" if about else f"faq/{faq.get('id')}"
        _extend(faq, more.get(key, ()), after="question")
    sections = document.get("sections")
    if role is None or not isinstance(sections, CommentedMap):
        return
    for key in list(sections):
        texts = more.get(f"{role}/{key}", ())
        if not texts:
            continue
        value = sections[key]
        if not isinstance(value, CommentedMap):  # the short form of a text or a list
            whole = CommentedMap()
            whole["text" if isinstance(value, str) else "items"] = value
            sections[key] = value = whole
        _extend(value, texts, after="title")


def _extend(entry: CommentedMap, texts: Iterable[str], after: str) -> None:
    held: Any = entry.get("phrasings")
    known = set(held or ())
    fresh = [text for text in dict.fromkeys(texts) if text not in known]
    if not fresh:
        return
    if held is None:
        held = CommentedSeq()
        keys = list(entry)
        place = keys.index(after) + 1 if after in keys else 0
        entry.insert(place, "phrasings", held)
    held.extend(fresh)
