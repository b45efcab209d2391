"""Other names of the things that roles ask for: k8s is Kubernetes, Python a language.

They come from a file that ships with faqbot, and from the content.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from faqbot.content.defaults import DefaultNames
from faqbot.matching.text import STOP_WORDS, normalise, singular, words

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NamedWord:
    """A word of a question as it is compared, and as it was asked.

    Several words that name one thing become one mark, which equals that of its other names.
    """

    word: str
    asked: str

    @property
    def is_name(self) -> bool:
        return is_mark(self.word)


class OtherNames:
    """Names that mean the same thing, and the kinds of things.

    Args:
        shipped: the names that ship with faqbot.
        own: the names of the content: each thing with its other names.
        everyday: the most frequent words of the language. A name that is one of them is a name
            only where nothing else can be meant.
    """

    def __init__(
        self,
        shipped: DefaultNames,
        own: Sequence[Sequence[str]] = (),
        everyday: frozenset[str] = frozenset(),
    ) -> None:
        self._marks: dict[_Key, str] = {}
        for names in (*shipped.names, *own):
            self._add(names)
        # An author who writes a name down means it, be it an everyday word.
        self._own = frozenset(key for names in own for name in names if (key := _key(name)))
        self._plain = {
            _key(name): tuple(words(normalise(names[0])))
            for names in shipped.qualifications
            for name in names
        }
        self._things: dict[str, frozenset[str]] = {}
        for kind in shipped.kinds:
            things = frozenset(self._marks[_key(thing)] for thing in kind.things)
            self._things |= {" ".join(_key(name)): things for name in kind.names}
        self._everyday = everyday
        self._by_first: dict[str, list[_Key]] = {}
        for key in (*self._marks, *self._plain):
            self._by_first.setdefault(key[0], []).append(key)
        for keys in self._by_first.values():
            keys.sort(key=len, reverse=True)

    def _add(self, names: Sequence[str]) -> None:
        """Add names of one thing; one that is known already brings the others to its thing."""
        keys = [key for name in names if (key := _key(name))]
        known = next((mark for key in keys if (mark := self._marks.get(key))), "")
        for key in keys:
            self._marks.setdefault(key, known or _mark(keys[0]))

    def __iter__(self) -> Iterator[str]:
        """Yield every word of a name."""
        return (word for key in (*self._marks, *self._plain) for word in key)

    def read(self, asked: Sequence[str], capitals: frozenset[str] = frozenset()) -> list[NamedWord]:
        """Return the words of a question with the names among them marked.

        Args:
            asked: the words.
            capitals: those that were written with a capital, where small letters are usual.
        """
        found: list[NamedWord] = []
        keys = [singular(word) for word in asked]
        at = 0
        while at < len(asked):
            key = next(self._names_at(keys, at), ())
            if self._is_ordinary(key) and asked[at] not in capitals:
                key = ()
            shown = " ".join(asked[at : at + len(key)])
            if self._is_ordinary(key):
                # Kept apart from the ordinary word where it is read again.
                shown = shown.capitalize()
            if key in self._plain:
                plain = self._plain[key]
                found += [NamedWord(plain[0], shown), *(NamedWord(word, "") for word in plain[1:])]
            elif key:
                found.append(NamedWord(self._marks[key], shown))
            else:
                found.append(NamedWord(asked[at], asked[at]))
            at += max(1, len(key))
        return found

    def marks_in(self, keys: Sequence[str]) -> Iterator[str]:
        """Yield the marks of the names in the words of a line, which are in the singular.

        Ordinary words are left out.
        """
        for at in range(len(keys)):
            for key in self._names_at(keys, at):
                if key in self._marks and not self._is_ordinary(key):
                    yield self._marks[key]

    def mark_of(self, name: Sequence[str]) -> str:
        """Return the mark of a name by itself, which may be an ordinary word; "" if it is none."""
        return self._marks.get(tuple(singular(word) for word in name), "")

    def things_of(self, kind: Sequence[str]) -> frozenset[str]:
        """Return the marks of the things of a kind; none for words that name no kind."""
        return self._things.get(" ".join(singular(word) for word in kind), frozenset())

    def _names_at(self, keys: Sequence[str], at: int) -> Iterator[_Key]:
        """Yield the names that begin at a position, the longest first."""
        for key in self._by_first.get(keys[at], ()):
            if tuple(keys[at : at + len(key)]) == key:
                yield key

    def _is_ordinary(self, key: _Key) -> bool:
        """Return whether a name is a letter or an ordinary word: both often mean another thing."""
        if len(key) != 1 or key in self._own:
            return False
        return len(key[0]) == 1 or key[0] in self._everyday or key[0] in STOP_WORDS


_EDGE: Final = "="
"""What a mark begins and ends with, so that it equals no word."""


def is_mark(word: str) -> bool:
    """Return whether a word is the mark of a name."""
    return len(word) > 1 and word.startswith(_EDGE)


def unmarked(word: str) -> str:
    """Return a word, or the name that a mark stands for."""
    return word.strip(_EDGE) if is_mark(word) else word


def _mark(key: _Key) -> str:
    return f"{_EDGE}{' '.join(key)}{_EDGE}"


def _key(name: str) -> _Key:
    return tuple(singular(word) for word in words(normalise(name)))
