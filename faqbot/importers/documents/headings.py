"""Headings in their many wordings -> the sections that they mean, by faqbot's own encoder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final, Protocol

import numpy as np
import yaml
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from faqbot.content.sections import STANDARD_SECTIONS

MIN_WORDING_SIMILARITY: Final = 88.0
"""The likeness of letters (rapidfuzz ratio, 0 to 100) from which a wording counts as the same."""

MIN_HEADING_SIMILARITY: Final = 0.72
"""The cosine from which a heading means what a wording means."""

MIN_SURE_SIMILARITY: Final = 0.85
"""The cosine below which an author should look."""

_NONE: Final = "none"
_NUMBER: Final = re.compile(r"^(?:\(?(?:\d{1,2}|[ivx]{1,4}|[a-z])[.)]\s+)+", re.IGNORECASE)
_NOT_WORDS: Final = re.compile(r"[^\w\s&'/-]+")
_PREFERRED: Final = re.compile(
    r"\b(nice[- ]to[- ]haves?|prefer(?:red|ably|ence)?|desir(?:ed|able)|bonus|(?:is )?a plus"
    r"|plus points?|ideally|advantage(?:ous)?|an asset|optional|would be (?:great|nice|good))\b",
    re.IGNORECASE,
)


class HeadingEncoder(Protocol):
    """Texts -> vectors of length 1."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (texts, dimensions)."""
        ...


@dataclass(frozen=True, slots=True)
class HeadingMeaning:
    """What a heading means: a standard section (None: none of them), and whether that is sure."""

    section: str | None
    is_sure: bool
    is_preferred: bool = False


class HeadingClassifier:
    """Recognises headings.

    Args:
        encoder: faqbot's own.
        phrasings: the shipped ways to ask for each standard section.
    """

    def __init__(self, encoder: HeadingEncoder, phrasings: Mapping[str, Sequence[str]]) -> None:
        self._encoder = encoder
        known = _load_wordings()
        self._patterns = [
            (_pattern(text), section)
            for section, texts in known.items()
            for text in texts
            if "{role}" in text
        ]
        self._wordings = [
            (_normalise(text.replace("{role}", "")), section)
            for section, texts in known.items()
            for text in texts
        ]
        examples = [
            (_normalise(text.replace("{role}", "")), section)
            for section in STANDARD_SECTIONS
            for text in phrasings.get(section, ())
        ]
        self._examples = [*self._wordings, *examples]
        self._vectors = encoder.encode([text for text, _ in self._examples])

    def classify(self, heading: str, title: str = "") -> HeadingMeaning:
        """What a heading means in the description of a role with that title."""
        preferred = is_preferred(heading)
        text = _normalise(_without_title(heading, title))
        if not text:
            return HeadingMeaning(None, is_sure=True)
        found = process.extractOne(
            text,
            [wording for wording, _ in self._wordings],
            scorer=fuzz.ratio,
            score_cutoff=MIN_WORDING_SIMILARITY,
        )
        if found is not None:
            section = self._wordings[found[2]][1]
            return HeadingMeaning(
                None if section == _NONE else section, is_sure=True, is_preferred=preferred
            )
        for pattern, section in self._patterns:
            if pattern.fullmatch(_normalise(heading)):
                return HeadingMeaning(section, is_sure=True, is_preferred=preferred)
        likeness = self._vectors @ self._encoder.encode([text])[0]
        best = int(np.argmax(likeness))
        score, section = float(likeness[best]), self._examples[best][1]
        if score < MIN_HEADING_SIMILARITY or section == _NONE:
            return HeadingMeaning(None, is_sure=True, is_preferred=preferred)
        return HeadingMeaning(section, is_sure=score >= MIN_SURE_SIMILARITY, is_preferred=preferred)


def is_preferred(text: str) -> bool:
    """Whether words say that something is welcome but not needed."""
    return bool(_PREFERRED.search(text))


def _load_wordings() -> dict[str, list[str]]:
    text = (
        resources.files("faqbot.importers.documents").joinpath("wordings.yaml").read_text("utf-8")
    )
    loaded: dict[str, list[str]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded


def _pattern(wording: str) -> re.Pattern[str]:
    """A wording as a pattern in which any words stand for the role: titles have many forms."""
    before, _, after = wording.partition("{role}")
    article = re.sub(r"\ba $", "an? ", before)
    return re.compile(f"{article}.+{re.escape(after)}")


def _normalise(text: str) -> str:
    straight = text.replace("&", " and ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    words = _NOT_WORDS.sub(" ", _NUMBER.sub("", straight)).casefold()
    return " ".join(words.split())


def _without_title(heading: str, title: str) -> str:
    """The heading without the title, in whatever number and case it stands there."""
    names = {title, title.removesuffix("s"), f"{title}s"} if title else set[str]()
    names |= {re.sub(r"s\b", "", title)} if title else set()
    for name in sorted(filter(None, names), key=len, reverse=True):
        heading = re.sub(rf"\b(?:an? |the )?{re.escape(name)}\b", " ", heading, flags=re.IGNORECASE)
    return re.sub(r"\b(an?|the)\s*$", "", heading.strip(), flags=re.IGNORECASE)
