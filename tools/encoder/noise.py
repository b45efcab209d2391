"""Typing errors: neighbouring keys, swapped, lost and doubled letters."""

from __future__ import annotations

import random

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SHORTEST = 4
"""Words below this many letters are left alone: a typing error there makes another word."""


def _neighbours() -> dict[str, str]:
    places = {key: (row, at) for row, keys in enumerate(_ROWS) for at, key in enumerate(keys)}
    return {
        key: "".join(
            other
            for other, (other_row, other_at) in places.items()
            if other != key
            and abs(row - other_row) <= 1
            and -1 <= other_at - at + (row - other_row) // 2 <= 1
        )
        for key, (row, at) in places.items()
    }


_NEAR = _neighbours()


def mistype(text: str, rng: random.Random) -> str:
    """The text with one typing error in one of its longer words, if it has one."""
    words = text.split(" ")
    long = [at for at, word in enumerate(words) if len(word) >= _SHORTEST and word.isascii()]
    if not long:
        return text
    at = rng.choice(long)
    words[at] = _mistype_word(words[at], rng)
    return " ".join(words)


def _mistype_word(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)  # the first letter is seldom wrong
    match rng.randrange(4):
        case 0:
            near = _NEAR.get(word[at].lower())
            return word[:at] + rng.choice(near) + word[at + 1 :] if near else word
        case 1:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case 2:
            return word[:at] + word[at + 1 :]
        case _:
            return word[:at] + word[at] + word[at:]
