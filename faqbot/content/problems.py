"""Problems of content, each at its position: wrong values, and references between entries."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from faqbot.content.conversation import TOP_KEYS, ConversationFile, SensitivePart, SmallTalkPart
from faqbot.content.defaults import load_headings
from faqbot.content.fields import ID_PATTERN, ONET_PATTERN, RESERVED_IDS, make_id
from faqbot.content.format import (
    FaqFile,
    FaqPart,
    RoleFile,
    field_keys,
)
from faqbot.content.sections import STANDARD_SECTIONS, SectionPart, YearsPart
from faqbot.content.yaml_tree import Loc, YamlDocument
from faqbot.errors import Problem, did_you_mean, nearest, quoted

_TYPE_NAMES: Final = {
    "string_type": "text",
    "tuple_type": "a list",
    "float_type": "a number",
    "bool_type": "true or false",
    "model_type": "keys with their values",
    "dict_type": "keys with their values",
}


MappingLookup = Callable[[Loc], tuple[str, tuple[str, ...]]]
"""Returns what the mapping at a path is called, and its allowed keys."""


def advise(
    document: YamlDocument, error: ValidationError, lookup: MappingLookup | None = None
) -> Iterator[Problem]:
    """Yield each error of a document as a problem at its position.

    Args:
        document: The document that was validated.
        error: What pydantic raised.
        lookup: Names the mappings of files that aren't content files.
    """
    for detail in error.errors(include_url=False, include_context=True):
        loc = detail["loc"]
        if detail["type"] == "too_short" and detail["input"]:
            continue  # pydantic drops wrong entries from the list, and reports each by itself
        message, at_key = _message(document, detail, lookup)
        yield document.problem(loc, message, key=at_key)


def _message(
    document: YamlDocument,
    detail: ErrorDetails,
    lookup: MappingLookup | None,
) -> tuple[str, bool]:
    """Return the advice, and whether it is about the key instead of the value."""
    loc, kind, name = detail["loc"], detail["type"], _name(detail["loc"])
    if kind == "missing":
        return (
            f"{lookup(loc[:-1])[0]} needs `{loc[-1]}`" if lookup else _missing(document, loc)
        ), False
    if kind == "extra_forbidden":
        part, keys = lookup(loc[:-1]) if lookup else _content_mapping(loc[:-1], document)
        word = str(loc[-1])
        unknown = f"{quoted(word)} is not a key of {part}{did_you_mean(word, keys)}"
        return _ABOUT_IN_FAQ if (word, part) == ("about", "an FAQ") else unknown, True
    if kind == "content":
        return f"{name} {detail['msg']}", False
    if _is_own_section(loc) and kind in ("model_type", "dict_type"):
        return _own_section(str(loc[1])), True
    if kind in _TYPE_NAMES:
        return f"{name} {_wrong_type(document, loc, kind, detail['input'])}", False
    return f"{name} {_constraint(detail)}", False


def _constraint(detail: ErrorDetails) -> str:  # noqa: PLR0911 - a table of kinds
    """Return the advice for a value that has the right type and isn't allowed."""
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "string_too_short" | "too_short":
            return "is empty; fill it, or remove the key"
        case "string_too_long":
            return f"is longer than {context['max_length']} characters; shorten it"
        case "string_pattern_mismatch" if context["pattern"] == ONET_PATTERN:
            return "has to be an O*NET-SOC code, as in `15-1252.00`"
        case "string_pattern_mismatch":
            return "has to be lower-case words with hyphens, as in `data-analyst`"
        case "literal_error":
            return f"has to be one of {context['expected'].replace(chr(39), '`')}"
        case "greater_than_equal":
            return f"has to be at least {context['ge']:g}"
        case "less_than_equal":
            return f"has to be at most {context['le']:g}"
        case "finite_number":
            return "has to be a number"
    return f"isn't right: {detail['msg']}"


_ABOUT_IN_FAQ: Final = (
    "`about` isn't written in an FAQ; write it once at the top of the file, beside `faqs`, for the "
    "FAQs of one role"
)
_SPAN: Final = re.compile(r"\s*(\d{1,2})\s*(?:-|–|—|to|\.\.)\s*(\d{1,2})\b.*")  # noqa: RUF001 - dashes that people type
_MOST: Final = re.compile(r"up to|most|max|<", re.IGNORECASE)
_FEWEST: Final = re.compile(r"\D{0,12}(\d{1,2})\b.*")


def _years(value: object) -> str:
    """Return the advice for years that are written as people write them: 2-3, 5+, 3 years."""
    said = str(value)
    if span := _SPAN.fullmatch(said):
        meant = f"{{min: {span[1]}, max: {span[2]}}}"
    elif fewest := _FEWEST.fullmatch(said):
        meant = f"{{{'max' if _MOST.search(said) else 'min'}: {fewest[1]}}}"
    else:
        meant = "{min: 2, max: 3}"
    return f"has to say the fewest years, the most or both; write {meant}"


def _wrong_type(document: YamlDocument, loc: Loc, kind: str, value: object) -> str:
    node = document.find(loc)[1]
    expected = _TYPE_NAMES[kind]
    if kind != "string_type":
        if loc[-1] == "years" and not isinstance(value, dict | list):
            message = _years(value)
        elif kind in ("model_type", "dict_type"):
            short = "text, a list, or " if loc[0] == "sections" and len(loc) > 1 else ""
            message = f"needs {short}keys with values below it, one a line, not {_type_name(value)}"
            if isinstance(value, str) and re.match(r"[\w-]+:\S", value):
                message += "; a space is missing after the `:`"
        elif kind == "tuple_type" and isinstance(value, str):
            message = "has to be a list; put `- ` before each entry, each on a line of its own"
        else:
            found = _type_name(value)
            # A number may be too large for a float: "a number, not a number" would help nobody.
            message = f"has to be {expected}" + (f", not {found}" if found != expected else "")
        return message
    if isinstance(node, yaml.ScalarNode):
        return f'is read as {_type_name(value)}; put it in quotes: "{node.value}"'
    if value == {"role": None}:
        return "needs quotes: text can't start with `{`"
    if isinstance(value, dict):
        return "has to be text; put text that holds `: ` in quotes"
    return f"has to be text, not {_type_name(value)}"


def _type_name(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case dt.date():
            return "a date"
        case dict():
            return "keys with their values"
        case list():
            return "a list"
    return "text"


def _missing(document: YamlDocument, loc: Loc) -> str:
    if _is_own_section(loc[:-1]):
        return _own_section(str(loc[1]))
    part = "this role" if len(loc) == 1 else "this FAQ"
    if len(loc) == 1 and loc[0] == "faqs":
        part = "this file"
    advice = f"{part} needs `{loc[-1]}`"
    if loc[-1] == "id":
        # By its id an FAQ keeps its ratings and links when its question is worded anew.
        question = document.find((*loc[:-1], "question"))[1]
        named = make_id(question.value if isinstance(question, yaml.ScalarNode) else "my FAQ")
        advice += f", a short name that stays as it is: `id: {named}`"
    return advice


def _own_section(key: str) -> str:
    heading = key.replace("-", " ").replace("_", " ").casefold().strip()
    meant = next(
        (section for section in STANDARD_SECTIONS if heading in load_headings()[section]),
        nearest(key, tuple(STANDARD_SECTIONS)),
    )
    if meant:
        return (
            f"{quoted(key)} is not a standard section; did you mean `{meant}`? "
            "(A section of your own needs a `title`.)"
        )
    title = heading.capitalize() or "Why join"
    return (
        f"{quoted(key)} is a section of your own, so it needs `title`, and `text` or `items`: "
        f"{{title: {title}, text: …}}"
    )


def _is_own_section(loc: Loc) -> bool:
    return len(loc) == 2 and loc[0] == "sections" and loc[1] not in STANDARD_SECTIONS  # noqa: PLR2004


def _content_mapping(loc: Loc, document: YamlDocument) -> tuple[str, tuple[str, ...]]:
    """Return what the mapping at a path of a content file is called, and its allowed keys."""
    model: type[BaseModel]
    if not loc:
        is_role = "role" in document.value
        name, model = ("a role", RoleFile) if is_role else ("a file of general FAQs", FaqFile)
        if any(key in document.value for key in TOP_KEYS) and not is_role:
            name, model = "this file", ConversationFile
    elif loc[0] in ("smalltalk", "sensitive"):
        is_small_talk = loc[0] == "smalltalk"
        name, model = "this kind", SmallTalkPart if is_small_talk else SensitivePart
    elif loc[-1] == "years":
        name, model = "`years`", YearsPart
    elif loc[0] == "sections":
        name, model = "a section", SectionPart
    else:
        name, model = "an FAQ", FaqPart
    return name, field_keys(model)


def _name(loc: Loc) -> str:
    """Return what the value at a path is called: its key, and which entry of a list."""
    names = [str(step) for step in loc if isinstance(step, str)]
    if not names:
        return "the file"
    if isinstance(loc[-1], int):
        return f"entry {loc[-1] + 1} of {quoted(names[-1])}"
    return quoted(names[-1])


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
        if key in RESERVED_IDS:
            message = f"`{key}` can't be the key of a section; choose another, as in `{key}-part`"
            yield document.problem(("sections", key), message, key=True)
        elif not re.fullmatch(ID_PATTERN, key):
            message = f"the key {quoted(key)} has to be lower-case words with hyphens"
            yield document.problem(("sections", key), message, key=True)
    if document.value["role"] in RESERVED_IDS:
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
