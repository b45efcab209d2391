"""WordPiece tokenizer of BERT's uncased models: text -> token ids.

It returns the ids that the library `tokenizers` returns for the same vocabulary, with two
exceptions. A special token that is written in a text ("[PAD]") is text like any other. Characters
follow Python's Unicode tables, which are newer: some 500 marks, signs and format characters that
Unicode added since 2015 are dropped or stand alone, where the library takes them for letters.
"""

from __future__ import annotations

import json
import string
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from faqbot.errors import damaged_file

MAX_WORD: Final = 100
"""Characters of a word above which it is one unknown token."""

_CONTINUES: Final = "##"
"""What a token inside a word begins with in the vocabulary."""

_SPACES: Final = frozenset("\t\n\r")
"""Control characters that separate words; the others are dropped."""

_DROPPED: Final = frozenset(("Cc", "Cf", "Co", "Cs"))
"""Categories of control and format characters, of private use, and of halves of a pair."""

_IDEOGRAPHS: Final = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)
"""Blocks of ideographs, each of which is a word. The gap between U+2B81F and U+2B920 is BERT's: the
models were trained with it."""

_CACHED: Final = 0x3000
"""Characters below that are looked up once: scripts with few letters, and punctuation."""


class WordPiece:
    """Tokenizer over a fixed vocabulary: always the longest token that fits, from left to right.

    Args:
        vocabulary: tokens and their ids; a token inside a word begins with "##".
        unknown: the id for a word that no tokens make up.
    """

    def __init__(self, vocabulary: Mapping[str, int], unknown: int) -> None:
        self.vocabulary: Final = vocabulary
        self.unknown: Final = unknown
        self._longest = max(map(len, vocabulary), default=0)

    @classmethod
    def read(cls, path: Path) -> WordPiece:
        """Read the vocabulary of a tokenizer.json, the file of the library `tokenizers`.

        Raises:
            ServiceError: the file is missing or damaged.
        """
        try:
            model = json.loads(path.read_bytes())["model"]
            vocabulary: dict[str, int] = model["vocab"]
            unknown = vocabulary[model["unk_token"]]
            numbers = sorted(vocabulary.values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged_file(path, f"{type(error).__name__}: {error}") from error
        # Ids are rows of the encoder's table: with a gap a token would get another one's vector.
        if numbers != list(range(len(numbers))):
            raise damaged_file(path, "its tokens aren't numbered from 0 without a gap")
        return cls(vocabulary, unknown)

    def tokenize(self, text: str, limit: int) -> list[int]:
        """Return the ids of the first `limit` tokens of a text; nothing is added around them."""
        found: list[int] = []
        for word in words_of(text):
            found += self._tokens_of(word)
            if len(found) >= limit:
                # The rest of a long text isn't read, so it costs no more than its first tokens.
                del found[limit:]
                break
        return found

    def _tokens_of(self, word: str) -> list[int]:
        whole = self.vocabulary.get(word)
        if whole is not None:
            return [whole]
        if len(word) > MAX_WORD:
            return [self.unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            prefix = _CONTINUES if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                token = self.vocabulary.get(prefix + word[start:end])
                if token is not None:
                    break
            else:
                return [self.unknown]
            found.append(token)
            start = end
        return found


def words_of(text: str) -> list[str]:
    """Return the words of a text, in small letters and without accents.

    A punctuation mark is a word, and so is a Chinese character. Control characters are dropped.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFD", text.translate(_CLEAN))
    return text.translate(_FOLD).split()


class _Table(dict[int, str]):
    """Table for `str.translate` that a rule fills on demand; only low characters stay in it.

    What a hostile text holds must not grow the table to a million entries.
    """

    def __init__(self, rule: Callable[[str], str]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> str:
        made = self._rule(chr(code))
        if code < _CACHED:
            self[code] = made
        return made


def _clean(character: str) -> str:
    """Drop control characters, and put spaces around ideographs."""
    if character in _SPACES:
        return " "
    if character == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(character) in _DROPPED:
        return ""
    code = ord(character)
    if any(first <= code <= last for first, last in _IDEOGRAPHS):
        return f" {character} "
    return character


def _fold(character: str) -> str:
    """Drop control characters and marks, make small letters, put spaces around punctuation."""
    if character in _SPACES:
        return " "
    category = unicodedata.category(character)
    if category == "Mn" or category in _DROPPED:
        return ""
    if category.startswith("P") or character in string.punctuation:
        return f" {character} "
    return character.lower()


_CLEAN: Final = _Table(_clean)
_FOLD: Final = _Table(_fold)
