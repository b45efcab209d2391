"""Checks between entries: duplicate ids and titles, references to unknown roles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from faqbot.content.fields import ID_PATTERN
from faqbot.content.yaml_tree import Loc, YamlDocument
from faqbot.errors import Problem, nearest, quoted

_RESERVED_KEYS = ("faq", "role")
_REFERENCE_KEYS = ("related", "next_roles")


def check_references(
    documents: Sequence[YamlDocument],
    unread_roles: frozenset[str],
) -> Iterator[Problem]:
    """Report what is wrong between the documents of a folder.

    The check uses the values as they are written, not the validated models: authors see all
    problems at once instead of these only after the others are solved.

    Args:
        documents: The documents of all files that could be parsed.
        unread_roles: Ids of roles in files that couldn't be parsed; they count as known.
    """
    roles = [document for document in documents if "role" in document.value]
    others = [document for document in documents if "faqs" in document.value]
    others = [document for document in others if "role" not in document.value]
    general = [document for document in others if not _is_text(document.value.get("about"))]
    about = [document for document in others if _is_text(document.value.get("about"))]
    yield from _check_names(roles)
    yield from _check_faq_ids(general)
    ids = {document.value["role"] for document in roles if _is_text(document.value["role"])}
    known = dict.fromkeys(sorted(ids | unread_roles))
    for document in about:
        yield from _check_about(document, known)
    for document in roles:
        own = [one for one in about if one.value["about"] == document.value["role"]]
        yield from _check_faq_ids([document, *own])
        yield from _check_section_keys(document)
        yield from _check_role_references(document, known)


def _check_names(roles: Iterable[YamlDocument]) -> Iterator[Problem]:
    ids: dict[str, str] = {}
    titles: dict[str, str] = {}
    roles = list(roles)
    for document in roles:
        yield from _check_unique(document, ("role",), document.value["role"], ids, "role id")
        yield from _check_unique(document, ("title",), document.value.get("title"), titles, "title")
    for document in roles:
        own: dict[str, str] = {}
        own_title = _folded(document.value.get("title"))
        for loc, alias in _texts(document, ("aliases",)):
            yield from _check_unique(document, loc, alias, own, "alias")
            first = titles.get(_folded(alias))
            if first and _folded(alias) != own_title:
                yield document.problem(
                    loc,
                    f"the alias {quoted(alias)} is the title of another role ({first});"
                    " remove it here",
                )


def _check_faq_ids(documents: Iterable[YamlDocument]) -> Iterator[Problem]:
    ids: dict[str, str] = {}
    for document in documents:
        faqs = document.value.get("faqs")
        for index, faq in enumerate(faqs if isinstance(faqs, list) else ()):
            if isinstance(faq, dict):
                yield from _check_unique(
                    document, ("faqs", index, "id"), faq.get("id"), ids, "FAQ id"
                )


def _check_unique(
    document: YamlDocument,
    loc: Loc,
    value: Any,
    seen: dict[str, str],
    kind: str,
) -> Iterator[Problem]:
    """Report a value that was seen before; otherwise record its position in `seen`."""
    folded = _folded(value)
    if not folded:
        return
    if folded in seen:
        yield document.problem(
            loc,
            f"the {kind} {quoted(value)} is taken by {seen[folded]}; choose another",
        )
    else:
        seen[folded] = f"{document.path}:{document.at(loc).line}"


def _check_section_keys(document: YamlDocument) -> Iterator[Problem]:
    sections = document.value.get("sections")
    for key in sections if isinstance(sections, dict) else ():
        if key in _RESERVED_KEYS:
            message = f"`{key}` can't be the key of a section; choose another, as in `{key}-part`"
            yield document.problem(("sections", key), message, key=True)
        elif not re.fullmatch(ID_PATTERN, key):
            message = f"the key {quoted(key)} has to be lower-case words with hyphens"
            yield document.problem(("sections", key), message, key=True)
    if document.value["role"] in _RESERVED_KEYS:
        yield document.problem(("role",), "this word can't be the id of a role; choose another")


def _check_role_references(document: YamlDocument, known: Mapping[str, None]) -> Iterator[Problem]:
    for name in _REFERENCE_KEYS:
        seen: dict[str, str] = {}
        for loc, role in _texts(document, (name,)):
            yield from _check_unique(document, loc, role, seen, "role")
            if role == document.value["role"]:
                yield document.problem(loc, f"`{name}` names the role itself; remove it")
            elif role not in known:
                near = nearest(role, list(known))
                guess = f"did you mean `{near}`?" if near else "write that role, or remove it here"
                yield document.problem(loc, f"no role has the id {quoted(role)}; {guess}")


def _check_about(document: YamlDocument, known: Mapping[str, None]) -> Iterator[Problem]:
    role = document.value["about"]
    if role not in known:
        near = nearest(role, list(known))
        guess = f"did you mean `{near}`?" if near else "write that role, or remove `about`"
        yield document.problem(("about",), f"no role has the id {quoted(role)}; {guess}")


def _texts(document: YamlDocument, loc: tuple[str]) -> Iterator[tuple[Loc, str]]:
    values = document.value.get(loc[0])
    for index, value in enumerate(values if isinstance(values, list) else ()):
        if _is_text(value):
            yield (*loc, index), value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _folded(value: Any) -> str:
    return " ".join(value.casefold().split()) if isinstance(value, str) else ""
