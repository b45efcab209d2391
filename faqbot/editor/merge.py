"""Merge of the changes that two people made to the same form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from faqbot.editor.forms import FormPath

_MISSING: Final = object()


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
