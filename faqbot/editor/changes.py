"""Changes between two forms in words, for people who review them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.editor.forms import written
from faqbot.replies.reply import literal

LABELS: Final = {
    "about": "About",
    "aliases": "Other titles",
    "answer": "Answer",
    "audience": "For whom",
    "example": "Shown as an example",
    "items": "Points",
    "key": "Id",
    "matches": "Questions that it must answer",
    "max": "At most",
    "min": "At least",
    "next_roles": "Next roles",
    "onet": "O*NET code",
    "phrasings": "Other ways to ask",
    "rejects": "Questions that it must not answer",
    "review_every": "Review every",
    "role": "Id",
}
"""Names of fields that aren't their keys with a capital."""

ENTRIES: Final = {"sections": ("key", "section"), "faqs": ("id", "FAQ")}
"""Lists of entries: the key that identifies one, and what one is called."""

MIN_SIMILARITY: Final = 0.4
"""Texts that share less are shown whole, before and after."""

KEPT_WORDS: Final = 5
"""Unchanged words that are shown beside changed ones."""

_WORD: Final = re.compile(r"\S+")


def changes_in_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return what differs between two forms, a line of Markdown each.

    Args:
        before: the form as it was; an empty one for a new document.
        after: the form as it is now; an empty one for a removed document.
    """
    old, new = written(before), written(after)
    return list(_fields(old, new, ()))


def _fields(
    before: Mapping[str, Any], after: Mapping[str, Any], place: tuple[str, ...]
) -> Iterator[str]:
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if key in ENTRIES:
            yield from _entries(key, old or [], new or [], place)
        elif isinstance(old or new, Mapping):
            yield from _fields(old or {}, new or {}, (*place, _label(key)))
        elif isinstance(old or new, list):
            yield from _list(_as_list(old), _as_list(new), (*place, _label(key)))
        else:
            yield _line((*place, _label(key)), _value(old, new))


def _entries(
    key: str,
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    place: tuple[str, ...],
) -> Iterator[str]:
    identity, kind = ENTRIES[key]
    old = {str(one.get(identity)): one for one in before}
    new = {str(one.get(identity)): one for one in after}
    for name in dict.fromkeys((*new, *old)):
        entry = new.get(name) or old.get(name) or {}
        here = (*place, _entry_title(entry, name))
        if name not in new:
            yield _line(here, f"{kind} removed")
            continue
        if name not in old:
            yield _line(here, f"new {kind}")
        without_name = {part: value for part, value in new[name].items() if part != identity}
        known = {part: value for part, value in old.get(name, {}).items() if part != identity}
        if name not in old:
            # Its heading has said it.
            for part in ("title", "question"):
                without_name.pop(part, None)
        yield from _fields(known, without_name, here)
    common = [name for name in old if name in new]
    if common != [name for name in new if name in old]:
        yield _line((*place, _label(key)), "in another order")


def _list(before: Sequence[Any], after: Sequence[Any], place: tuple[str, ...]) -> Iterator[str]:
    gone = [one for one in before if one not in after]
    added = [one for one in after if one not in before]
    if len(gone) == len(added) == 1:
        yield _line(place, _value(gone[0], added[0]))
        return
    for one in gone:
        yield _line(place, f"removed {_quoted(one)}")
    for one in added:
        yield _line(place, f"added {_quoted(one)}")
    if not gone and not added:
        yield _line(place, "in another order")


def _value(old: Any, new: Any) -> str:
    if old in (None, ""):
        return _quoted(new)
    if new in (None, ""):
        return f"removed {_quoted(old)}"
    if isinstance(old, str) and isinstance(new, str):
        first, second = _WORD.findall(old), _WORD.findall(new)
        matcher = SequenceMatcher(None, first, second, autojunk=False)
        if len(first) > KEPT_WORDS and matcher.ratio() >= MIN_SIMILARITY:
            return _words(first, second, matcher)
        if first == second:
            return "other spaces or lines"
    return f"{_quoted(old)} becomes {_quoted(new)}"


def _words(first: Sequence[str], second: Sequence[str], matcher: SequenceMatcher[str]) -> str:
    """Return a changed text: new words bold, old ones struck, few of the others."""
    shown: list[str] = []
    operations = matcher.get_opcodes()
    for number, (kind, from_, to, start, end) in enumerate(operations):
        if kind == "equal":
            words = [literal(word) for word in first[from_:to]]
            head = words[:KEPT_WORDS] if number else []
            tail = words[-KEPT_WORDS:] if number < len(operations) - 1 else []
            shown += words if len(words) <= len(head) + len(tail) else [*head, "…", *tail]
            continue
        if from_ < to:
            shown.append(f"~~{literal(' '.join(first[from_:to]))}~~")
        if start < end:
            shown.append(f"**{literal(' '.join(second[start:end]))}**")
    return " ".join(shown)


def _entry_title(entry: Mapping[str, Any], name: str) -> str:
    title = entry.get("title") or entry.get("question") or STANDARD_SECTIONS.get(name) or name
    return str(title)


def _label(key: str) -> str:
    return LABELS.get(key, key.replace("_", " ").capitalize())


def _line(place: tuple[str, ...], what: str) -> str:
    return f"- {literal(', '.join(place))}: {what}"


def _quoted(value: Any) -> str:
    if value is True:
        return "yes"
    return f"“{literal(' '.join(str(value).split()))}”"


def _as_list(value: Any) -> list[Any]:
    if value in (None, ""):
        return []
    return value if isinstance(value, list) else [value]
