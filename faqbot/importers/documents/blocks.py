"""Blocks of a document in any format, and the sections that its headings mean."""

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

from faqbot.content.defaults import load_common_sections
from faqbot.content.sections import STANDARD_SECTIONS

EXTRA: Final = ("faqbot import document", "documents")
"""The command and the extra that it needs for HTML, Word and PDF, as `needs_extra` takes them."""

_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` counts from 1, which is the highest."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, in Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list, in Markdown; `depth` counts from 0."""

    text: str
    depth: int = 0


Block = Heading | Text | Item


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """Text that isn't imported, and its kind, such as "page footer"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """A document in reading order; `title` is empty if it has none."""

    blocks: tuple[Block, ...]
    title: str = ""
    left_out: tuple[Boilerplate, ...] = ()


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, which are what reports count."""
    return [word.casefold() for word in _WORD.findall(text)]


def tidy(text: str) -> str:
    """Return a text on one line, without characters that YAML does not allow."""
    printable = (char for char in text if char.isprintable() or char.isspace())
    return " ".join("".join(printable).replace("\ufeff", "").split())


MIN_WORDING_SIMILARITY: Final = 88.0
"""Similarity of letters (rapidfuzz ratio, 0 to 100) from which wordings count as equal."""

MIN_HEADING_SIMILARITY: Final = 0.72
"""Cosine from which a heading has the meaning of a known wording."""

MIN_SURE_SIMILARITY: Final = 0.85
"""Cosine below which the author is asked to check the section."""

_NONE: Final = "none"
_LISTED_TOPICS: Final = ("tools", "languages")
_NUMBER: Final = re.compile(r"^(?:\(?(?:\d{1,2}|[ivx]{1,4}|[a-z])[.)]\s+)+", re.IGNORECASE)
_NOT_WORDS: Final = re.compile(r"[^\w\s&'/-]+")
_PREFERRED: Final = re.compile(
    r"\b(nice[- ]to[- ]haves?|prefer(?:red|ably|ence)?|desir(?:ed|able)|bonus|(?:is )?a plus"
    r"|plus points?|ideally|advantage(?:ous)?|an asset|optional|would be (?:great|nice|good))\b",
    re.IGNORECASE,
)


class HeadingEncoder(Protocol):
    """Turns texts into vectors of length 1."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of shape (texts, dimensions)."""
        ...


@dataclass(frozen=True, slots=True)
class HeadingMeaning:
    """Meaning of a heading: a standard section or None, and whether that is certain."""

    section: str | None
    is_sure: bool
    is_preferred: bool = False


class HeadingClassifier:
    """Finds the standard section that a heading means.

    Wordings are compared by letters, then as patterns, then by the cosine of their vectors.

    Args:
        encoder: The bundled encoder.
        phrasings: Default phrasings by the key of the standard section.
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
        """Return the meaning of a heading in the description of a role with that title."""
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
    """Return whether a text says that something is welcome but not required."""
    return bool(_PREFERRED.search(text))


def _load_wordings() -> dict[str, list[str]]:
    text = (
        resources.files("faqbot.importers.documents").joinpath("wordings.yaml").read_text("utf-8")
    )
    loaded: dict[str, list[str]] = yaml.load(text, Loader=yaml.CSafeLoader)
    common = load_common_sections().headings
    loaded[_NONE] += [
        heading
        for topic, headings in common.items()
        # What these list is often required, so it belongs to the skills, as before.
        for heading in (headings if topic not in _LISTED_TOPICS else ())
    ]
    return loaded


def _pattern(wording: str) -> re.Pattern[str]:
    """Return a wording as a pattern with any words for the role, since titles have many forms."""
    before, _, after = wording.partition("{role}")
    # The article follows the title: "a {role}" also has to match "an analyst".
    article = re.sub(r"\ba $", "an? ", before)
    return re.compile(f"{article}.+{re.escape(after)}")


def _normalise(text: str) -> str:
    straight = text.replace("&", " and ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    words = _NOT_WORDS.sub(" ", _NUMBER.sub("", straight)).casefold()
    return " ".join(words.split())


def _without_title(heading: str, title: str) -> str:
    """Return the heading without the title, in singular or plural and any case."""
    names = {title, title.removesuffix("s"), f"{title}s"} if title else set[str]()
    names |= {re.sub(r"s\b", "", title)} if title else set()
    for name in sorted(filter(None, names), key=len, reverse=True):
        heading = re.sub(rf"\b(?:an? |the )?{re.escape(name)}\b", " ", heading, flags=re.IGNORECASE)
    return re.sub(r"\b(an?|the)\s*$", "", heading.strip(), flags=re.IGNORECASE)
