"""Forms: the value of a YAML document as the page edits it, and back.

A form writes each section in its long form, so that the page knows one shape. On the way back a
section keeps the short form that its author chose for as long as it can hold the content, and
texts and dates that weren't edited stay as YAML read them. Where two people changed the same form,
`Merge` keeps the changes of both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from faqbot.content.format import FaqFile, FaqPart, RoleFile, field_keys
from faqbot.content.sections import STANDARD_SECTIONS, SectionPart
from faqbot.errors import UsageError

SECTION_KEYS: Final = field_keys(SectionPart)
_ORDERS: Final = tuple(field_keys(part) for part in (RoleFile, FaqFile, FaqPart, SectionPart))
MAX_FORM_DEPTH: Final = 8
_MISSING: Final = object()

FormPath = tuple[str | int, ...]
"""Keys and numbers that lead to a value inside a form or a document."""


def to_form(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form of a document: JSON values, sections in a list and in their long form."""
    form: dict[str, Any] = {key: _as_json(part) for key, part in value.items()}
    sections = value.get("sections")
    if isinstance(sections, Mapping):
        form["sections"] = [{"key": key, **_long_form(part)} for key, part in sections.items()]
    return form


def from_form(form: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of a document after its form was edited.

    Args:
        form: the form as the page sends it.
        old: the value that the form was made from; an empty one for a new document.

    Raises:
        UsageError: the form has another shape than the page's.
    """
    _check_depth(form)
    value = {key: part for key, part in form.items() if key != "sections"}
    if "sections" in form:
        value["sections"] = _sections(form["sections"], old.get("sections"))
    kept: dict[str, Any] = _kept(written(value), old)
    return kept


def to_form_path(form: Mapping[str, Any], value: Mapping[str, Any], path: FormPath) -> FormPath:
    """Return where a form has what stands at a path of the document that it became.

    Args:
        form: the form, with empty fields that the document leaves out.
        value: the document.
        path: keys and numbers in the document.
    """
    if path[:1] == ("sections",) and len(path) > 1:
        part = (value.get("sections") or {}).get(path[1])
        inside = path[2:]
        if isinstance(part, str):
            inside = ("text",)
        elif isinstance(part, list):
            inside = ("items", *inside)
        keys = [one.get("key") for one in form.get("sections", ())]
        path = ("sections", keys.index(path[1]), *inside) if path[1] in keys else path[:1]
        return (*path[:2], *_with_empty(form["sections"][path[1]], path[2:])) if inside else path
    return _with_empty(form, path)


def _with_empty(form: Any, path: FormPath) -> FormPath:
    """Return a path whose numbers count the empty entries of lists too."""
    if not path:
        return ()
    step = path[0]
    if isinstance(form, list) and isinstance(step, int):
        kept = [at for at, part in enumerate(form) if not _is_empty(written(part))]
        step = kept[step] if step < len(kept) else step
        inside = form[step] if step < len(form) else None
    else:
        inside = form.get(step) if isinstance(form, Mapping) else None
    return (step, *_with_empty(inside, path[1:]))


def _long_form(part: Any) -> dict[str, Any]:
    if isinstance(part, str):
        return {"text": part.strip()}
    if isinstance(part, list):
        return {"items": _as_json(part)}
    if not isinstance(part, Mapping):
        return {}
    long = {key: _as_json(inside) for key, inside in part.items()}
    for key in ("required", "preferred"):
        if isinstance(long.get(key), str):
            long[key] = [long[key]]
    return long


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _as_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return value.strip() if isinstance(value, str) else value


def _sections(form: Any, old: Any) -> dict[str, Any]:
    if not isinstance(form, list):
        raise UsageError("The form's sections aren't a list: load the page anew.")
    sections: dict[str, Any] = {}
    for one in form:
        if not isinstance(one, dict) or not isinstance(one.get("key"), str):
            raise UsageError("A section of the form has no key: load the page anew.")
        if one["key"] in sections:
            raise UsageError(f"Two sections have the id {one['key']}: rename or join them.")
        part = written({key: inside for key, inside in one.items() if key != "key"})
        before = old.get(one["key"]) if isinstance(old, Mapping) else None
        if part:
            sections[one["key"]] = _shortest(one["key"], part, before)
    return sections


def _shortest(key: str, part: dict[str, Any], old: Any) -> Any:
    """Return a section in the form that its author chose, or in the shortest one if it is new."""
    if part.get("title") == STANDARD_SECTIONS.get(key) and not (
        isinstance(old, Mapping) and "title" in old
    ):
        part = {name: inside for name, inside in part.items() if name != "title"}
    if not isinstance(old, Mapping) and len(part) == 1:
        return part.get("text") or part.get("items") or part
    if isinstance(old, Mapping):
        for name in ("required", "preferred"):
            if isinstance(old.get(name), str) and len(part.get(name, ())) == 1:
                part[name] = part[name][0]
    return part


def written(value: Any) -> Any:
    """Return a value without empty texts, lists and dicts, which stand for what isn't written."""
    if isinstance(value, dict):
        parts = {key: written(part) for key, part in value.items()}
        return {key: part for key, part in parts.items() if not _is_empty(part)}
    if isinstance(value, list):
        return [part for part in map(written, value) if not _is_empty(part)]
    return value.strip() if isinstance(value, str) else value


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _kept(new: Any, old: Any, key: str = "") -> Any:
    """Return a new value in which what equals the old one is the old one."""
    if isinstance(new, dict):
        before = old if isinstance(old, Mapping) else {}
        found = {name: _kept(part, before.get(name), name) for name, part in new.items()}
        return _in_order(found, list(before)) if key != "sections" else found
    if isinstance(new, list):
        return [_kept(part, _counterpart(part, old), key) for part in new]
    if isinstance(new, str):
        if key == "reviewed":
            return _date(new)
        if isinstance(old, str):
            # A block text ends with a line break, which its field on the page doesn't show.
            return old if old.strip() == new else new + old[len(old.rstrip("\n")) :]
    return new


def _counterpart(part: Any, old: Any) -> Any:
    """Return the entry of an old list that a new one belongs to, by its id or its text."""
    for other in old if isinstance(old, list) else ():
        if isinstance(part, dict) and isinstance(other, Mapping):
            if part.get("id") == other.get("id"):
                return other
        elif isinstance(part, str) and isinstance(other, str) and part == other.strip():
            return other
    return None


def _in_order(value: dict[str, Any], before: Sequence[str]) -> dict[str, Any]:
    """Return a dict with its old keys in their order, and each new one where the format has it."""
    order = next((keys for keys in _ORDERS if set(value) <= set(keys)), tuple(value))
    names = [name for name in before if name in value]
    for name in value:
        if name in names:
            continue
        earlier = order[: order.index(name)] if name in order else ()
        place = max((names.index(other) for other in earlier if other in names), default=-1)
        names.insert(place + 1, name)
    return {name: value[name] for name in names}


def _date(text: str) -> Any:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        # Checked with everything else, and reported beside its field.
        return text


def _check_depth(value: Any, depth: int = 0) -> None:
    if depth > MAX_FORM_DEPTH:
        raise UsageError("The form is nested too deep: load the page anew.")
    inside = value.values() if isinstance(value, Mapping) else value
    for part in inside if isinstance(value, Mapping | list) else ():
        _check_depth(part, depth + 1)


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge of two people's changes, with the paths that the other one, or both, changed."""

    theirs: list[FormPath] = field(default_factory=list)
    both: list[FormPath] = field(default_factory=list)

    def of(self, base: Any, mine: Any, theirs: Any, path: FormPath = ()) -> Any:
        """Return a value with the changes of both; where both changed it, `mine`."""
        if theirs in (base, mine):
            return mine
        if all(isinstance(one, Mapping) for one in (base, mine, theirs)):
            parts = {}
            for key in dict.fromkeys((*theirs, *mine)):
                old, own, other = (one.get(key, _MISSING) for one in (base, mine, theirs))
                part = self.of(old, own, other, (*path, key))
                if part is not _MISSING:
                    parts[key] = part
            return parts
        keyed = [_by_id(one) for one in (base, mine, theirs)]
        if all(one is not None for one in keyed):
            old, own, other = keyed
            return list(self.of(old, own, other, path).values())
        self.theirs.append(path)
        if mine == base:
            return theirs
        self.both.append(path)
        return mine


def _by_id(value: Any) -> dict[str, Any] | None:
    """Return the entries of a list of sections or FAQs by their ids; None for another value."""
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        return None
    ids = [str(one.get("id") or one.get("key") or "") for one in value]
    return dict(zip(ids, value, strict=True)) if all(ids) and len(set(ids)) == len(ids) else None
