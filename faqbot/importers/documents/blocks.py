"""Blocks of a document in any format, and the sections that its headings mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from faqbot.content.defaults import load_common_sections, load_headings
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


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A label and what belongs to it alone, such as “Location” and “Oslo”.

    Blocks below go on where those above it stopped. `is_preferred` says that all of it is welcome
    but not required.
    """

    label: str
    blocks: tuple[Block, ...]
    is_preferred: bool = False

    @property
    def text(self) -> str:
        """The label and the text on one line."""
        return " ".join((self.label, *(block.text for block in self.blocks)))


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """Text that isn't imported, and its kind, such as "page footer".

    `is_counted` says whether the raw text of its document contains it.
    """

    kind: str
    text: str
    is_counted: bool = True


Block = Heading | Text | Item | LabelledText | Boilerplate


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """A document in reading order.

    Attributes:
        blocks: Its blocks.
        raw_text: Its text, read in a simpler way than the blocks, so that a loss shows.
        title: Empty if it has none.
        is_title_stated: Whether the document says outright that this is its title.
        left_out: Text that isn't part of the job description.
    """

    blocks: tuple[Block, ...]
    raw_text: str
    title: str = ""
    is_title_stated: bool = False
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

MIN_SPELLING_SIMILARITY: Final = 85.0
"""Similarity of letters from which a word of a heading is read as a misspelt one."""

MIN_HEADING_SIMILARITY: Final = 0.72
"""Cosine from which a heading has the meaning of a known wording."""

MIN_SURE_SIMILARITY: Final = 0.85
"""Cosine below which the author is asked to check the section."""

_NONE: Final = "none"
_LISTED_TOPICS: Final = ("tools", "languages")
_MIN_MISSPELT_LENGTH: Final = 6
_MAX_HEADING_LENGTH: Final = 60
_MAX_HEADING_WORDS: Final = 7
_NUMBER: Final = re.compile(r"^(?:\(?(?:\d{1,2}|[ivx]{1,4}|[a-z])[.)]\s+)+", re.IGNORECASE)
_NOT_WORDS: Final = re.compile(r"[^\w\s&'/-]+")
_PREFERRED: Final = re.compile(
    r"\b(nice[- ]to[- ]haves?|prefer(?:red|ably|ence)?|desir(?:ed|able)|bonus|(?:is )?a plus"
    r"|plus points?|ideally|advantage(?:ous)?|an asset|optional|would be (?:great|nice|good))\b",
    re.IGNORECASE,
)
# They grade what a heading names, and don't change what it is.
_GRADES: Final = re.compile(
    r"\b(?:required|requirements?|preferred|desired|desirable|essential|minimum|mandatory|additional"
    r"|basic|key|main|general|relevant|other|nice to have|ideal|criteria|and|the|our|your)\b"
)
_COMPANY: Final = re.compile(
    r"(?:about|who is|why|working (?:at|for)|life at|join|meet) "
    r"(?!(?:the|this|our|your|an?)? ?(?:role|job|position|post|opportunity|vacancy|team|work|you)"
    r"\b).+|.*\b(?:company|organi[sz]ation|employer|inc|ltd|gmbh|llc)\b.*"
)


class HeadingEncoder(Protocol):
    """Turns texts into vectors of length 1."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of shape (texts, dimensions)."""
        ...

    def language(self) -> frozenset[str]:
        """Return the words that it knows."""
        ...


@dataclass(frozen=True, slots=True)
class HeadingMeaning:
    """Meaning of a heading.

    Attributes:
        section: A standard section, or None.
        is_sure: Whether that is certain.
        is_preferred: Whether what is below is welcome but not required.
        is_grade: Whether the heading says only how much something is required.
    """

    section: str | None
    is_sure: bool
    is_preferred: bool = False
    is_grade: bool = False


class HeadingClassifier:
    """Finds the standard section that a heading means.

    Wordings are compared by letters, then as patterns, then without misspelt words and grades, then
    by the cosine of their vectors.

    Args:
        encoder: The bundled encoder.
        phrasings: Default phrasings by the key of the standard section.
    """

    def __init__(self, encoder: HeadingEncoder, phrasings: Mapping[str, Sequence[str]]) -> None:
        self._encoder = encoder
        self.words = encoder.language()
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
        self._spellings = sorted(
            {word for text, _ in self._wordings for word in text.split()}
            | {"required", "preferred", "desired", "desirable", "essential", "minimum"}
        )
        examples = [
            (_normalise(text.replace("{role}", "")), section)
            for section in STANDARD_SECTIONS
            for text in phrasings.get(section, ())
        ]
        self._examples = [*self._wordings, *examples]
        self._vectors = encoder.encode([text for text, _ in self._examples])

    def classify(self, heading: str, title: str = "") -> HeadingMeaning:
        """Return the meaning of a heading in the description of a role with that title."""
        text = _normalise(_without_title(heading, title))
        if not text:
            return HeadingMeaning(None, is_sure=True)
        spelt = self._spelt(text)
        preferred = is_preferred(heading) or is_preferred(spelt)
        section = self._known_section(text)
        if section is None:
            section = next(
                (key for pattern, key in self._patterns if pattern.fullmatch(_normalise(heading))),
                None,
            )
        rest = " ".join(_GRADES.sub(" ", spelt).split())
        if section is None:
            section = self._known_section(spelt) or (self._known_section(rest) if rest else None)
        if section is not None:
            return HeadingMeaning(
                None if section == _NONE else section,
                is_sure=True,
                is_preferred=preferred,
                is_grade=not rest,
            )
        if _COMPANY.fullmatch(text):
            return HeadingMeaning(None, is_sure=True)
        return self._nearest(text, preferred=preferred)

    def _nearest(self, text: str, *, preferred: bool) -> HeadingMeaning:
        likeness = self._vectors @ self._encoder.encode([text])[0]
        best = int(np.argmax(likeness))
        score, section = float(likeness[best]), self._examples[best][1]
        if score < MIN_HEADING_SIMILARITY or section == _NONE:
            return HeadingMeaning(None, is_sure=True, is_preferred=preferred)
        return HeadingMeaning(section, is_sure=score >= MIN_SURE_SIMILARITY, is_preferred=preferred)

    def _known_section(self, text: str) -> str | None:
        found = process.extractOne(
            text,
            [wording for wording, _ in self._wordings],
            scorer=fuzz.ratio,
            score_cutoff=MIN_WORDING_SIMILARITY,
        )
        return self._wordings[found[2]][1] if found is not None else None

    def _spelt(self, text: str) -> str:
        """Return a heading with its misspelt words as headings spell them."""
        return " ".join(self._spelt_word(word) for word in text.split())

    def _spelt_word(self, word: str) -> str:
        if len(word) < _MIN_MISSPELT_LENGTH or word in self.words:
            return word
        near = process.extractOne(
            word, self._spellings, scorer=fuzz.ratio, score_cutoff=MIN_SPELLING_SIMILARITY
        )
        return near[0] if near is not None else word


def is_preferred(text: str) -> bool:
    """Return whether a text says that something is welcome but not required."""
    return bool(_PREFERRED.search(text))


def is_known_heading(text: str) -> bool:
    """Return whether a line is a heading by its wording alone, whatever its form."""
    plain = tidy(text).rstrip(": ")
    if (
        not plain
        or len(plain) > _MAX_HEADING_LENGTH
        or len(plain.split()) > _MAX_HEADING_WORDS
        or plain[0].islower()
        or plain.endswith((".", ",", ";", "!"))
    ):
        return False
    normal = _normalise(plain)
    rest = " ".join(_GRADES.sub(" ", normal).split())
    return any(
        process.extractOne(
            one, _all_wordings(), scorer=fuzz.ratio, score_cutoff=MIN_WORDING_SIMILARITY
        )
        for one in dict.fromkeys((normal, rest))
        if one
    )


def is_title_label(text: str) -> bool:
    """Return whether a label says that the title of the role follows."""
    label = _normalise(text)
    # “Official title in our system” is one, too.
    return any(
        label == known or (known.endswith(" title") and label.startswith(f"{known} "))
        for known in _title_labels()
    )


@cache
def _all_wordings() -> tuple[str, ...]:
    return tuple(
        _normalise(text)
        for texts in _load_wordings().values()
        for text in texts
        if "{role}" not in text
    )


@cache
def _title_labels() -> frozenset[str]:
    return frozenset(load_headings()["title"])


@cache
def _load_wordings() -> Mapping[str, tuple[str, ...]]:
    """Return the wordings of headings by section; labels of titles belong to none."""
    headings = load_headings()
    common = (
        heading
        for topic, texts in load_common_sections().headings.items()
        # What these list is often required, so it belongs to the skills.
        if topic not in _LISTED_TOPICS
        for heading in texts
    )
    sections = {key: texts for key, texts in headings.items() if key != "title"}
    return MappingProxyType({**sections, _NONE: (*headings[_NONE], *headings["title"], *common)})


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
