"""What ships with faqbot: phrasings, negatives, names, common sections known by their heading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from faqbot.content.conversation import ConversationFile, build_conversation
from faqbot.model import ConversationContent

LANGUAGES: Final = ("en", "es", "de", "fr")
"""Languages of the default phrasings; content may be written in any language."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """Default sentences, in which `{role}` stands for the title and every alias.

    Attributes:
        phrasings: Ways to ask for a standard section, by its key; `role` is the role as a whole.
        negatives: Questions that no content answers, by kind.
        conversations: Small talk and sensitive matters, one value for each language.
    """

    phrasings: Mapping[str, tuple[str, ...]]
    negatives: Mapping[str, tuple[str, ...]]
    conversations: tuple[ConversationContent, ...] = ()


@dataclass(frozen=True, slots=True)
class KindOfThing:
    """A kind of thing that roles ask for: the words for it, and things of that kind."""

    names: tuple[str, ...]
    things: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DefaultNames:
    """Names of what roles ask for.

    Attributes:
        names: The names of each thing, the usual one first.
        qualifications: The names of each degree, in plain words first.
        kinds: Kinds of things.
    """

    names: tuple[tuple[str, ...], ...]
    qualifications: tuple[tuple[str, ...], ...]
    kinds: tuple[KindOfThing, ...]


def load_defaults() -> Defaults:
    """Read the default sentences of all languages."""
    return Defaults(
        _load_languages("phrasings"), _load_languages("negatives"), load_conversations()
    )


def load_conversations() -> tuple[ConversationContent, ...]:
    """Read the small talk and the sensitive matters of all languages."""
    return tuple(
        build_conversation(
            None, ConversationFile.model_validate(read_default(f"conversation.{code}.yaml"))
        )
        for code in LANGUAGES
    )


def load_names() -> DefaultNames:
    """Read the names of what roles ask for."""
    return TypeAdapter(DefaultNames).validate_python(read_default("other_names.yaml"))


def _load_languages(name: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language in LANGUAGES:
        for key, texts in _read_sentences(f"{name}.{language}.yaml").items():
            found[key] = (*found.get(key, ()), *texts)
    return MappingProxyType(found)


def _read_sentences(name: str) -> Mapping[str, tuple[str, ...]]:
    checked = TypeAdapter(dict[str, tuple[str, ...]]).validate_python(read_default(name))
    return MappingProxyType(checked)


def read_default(name: str) -> object:
    """Return what a file of the defaults holds, unchecked."""
    text = resources.files("faqbot.content").joinpath("defaults", name).read_text("utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


@cache
def load_headings() -> Mapping[str, tuple[str, ...]]:
    """Read how headings of job descriptions are worded, by the key of their section.

    Two further keys: `none`, headings that belong to no section, and `title`, labels of titles.
    """
    return _read_sentences("section-headings.yaml")


_ROLE_SLOT: Final = "{role}"
_IN_BRACKETS: Final = re.compile(r"\([^)]*\)|\[[^]]*\]")
_SIGNS: Final = re.compile(r"[&/,;:|+]|\s[-\u2013\u2014]\s")
_WORD: Final = re.compile(r"[^\W_]+")
_JOINT: Final = "&"
_MIN_PLURAL_LENGTH: Final = 4


class _CommonSection(BaseModel):
    """A common section in one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    headings: tuple[str, ...]
    phrasings: tuple[str, ...]


class _LanguageFile(BaseModel):
    """The common sections of one language.

    Attributes:
        filler: words of a heading that don't tell its section.
        joints: words between two sections in one heading.
        sections: the common sections by topic.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    filler: tuple[str, ...]
    joints: tuple[str, ...]
    sections: dict[str, _CommonSection]


@dataclass(frozen=True)
class CommonSections:
    """The common sections of all languages, by topic: `salary`, `benefits`, `location`.

    Attributes:
        headings: The titles by which a section is recognised.
        phrasings: Ways to ask for it; `{role}` stands for the title and every alias.
        filler: Words of a heading that don't tell its section.
        joints: Words between two sections in one heading.
    """

    headings: Mapping[str, tuple[str, ...]]
    phrasings: Mapping[str, tuple[str, ...]]
    filler: frozenset[str]
    joints: frozenset[str]

    def topics_of_heading(self, heading: str, title: str = "") -> tuple[str, ...]:
        """Return the topics that the heading of a section names, in its order.

        Args:
            heading: the heading; “Pay & benefits” names two topics.
            title: the title of the role, which tells no topic.
        """
        words = _without_title(_words(_IN_BRACKETS.sub(" ", heading)), _words(title))
        # As a whole first: "tools and technology" is one topic, and no list of two.
        whole = self._topic_of_heading.get(self._heading_key(words))
        if whole is not None:
            return (whole,)
        named = (self._topic_of_heading.get(self._heading_key(part)) for part in self._parts(words))
        return tuple(dict.fromkeys(topic for topic in named if topic is not None))

    def topics_of_questions(self, questions: Iterable[str], title: str = "") -> tuple[str, ...]:
        """Return the topics that questions ask for in the words of a shipped phrasing.

        Args:
            questions: the question of an FAQ, and its phrasings.
            title: the title of the role that it belongs to.
        """
        named = (
            self._topic_of_question.get(self._question_key(question, title))
            for question in questions
        )
        return tuple(dict.fromkeys(topic for topic in named if topic is not None))

    @cached_property
    def _topic_of_heading(self) -> Mapping[tuple[str, ...], str]:
        return {
            self._heading_key(_words(heading)): topic
            for topic, headings in self.headings.items()
            for heading in headings
        }

    @cached_property
    def _topic_of_question(self) -> Mapping[tuple[str, ...], str]:
        return {
            self._question_key(text, ""): topic
            for topic, texts in self.phrasings.items()
            for text in texts
        }

    def _heading_key(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the words that tell a section, in the singular."""
        told = [word for word in words if word not in self.filler and word != _JOINT]
        return tuple(_singular(word) for word in told)

    def _question_key(self, question: str, title: str) -> tuple[str, ...]:
        """Return the words of a question that tell its topic, in their order."""
        names = "|".join(re.escape(name) for name in (title, _ROLE_SLOT) if name)
        return self._heading_key(_words(re.sub(names, " ", question, flags=re.IGNORECASE)))

    def _parts(self, words: Sequence[str]) -> Iterator[Sequence[str]]:
        """Yield what stands between the joints of a heading."""
        part: list[str] = []
        for word in (*words, _JOINT):
            if word != _JOINT and word not in self.joints:
                part.append(word)
            elif part:
                yield part
                part = []


def _words(text: str) -> list[str]:
    """Return the words of a text without case and accents; a sign between two becomes a joint."""
    plain = unicodedata.normalize("NFKD", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    found: list[str] = []
    for number, part in enumerate(_SIGNS.split(letters)):
        found += [_JOINT, *_WORD.findall(part)] if number else _WORD.findall(part)
    return found


def _singular(word: str) -> str:
    plural = len(word) >= _MIN_PLURAL_LENGTH and word.endswith("s") and not word.endswith("ss")
    return word.removesuffix("s") if plural else word


def _without_title(words: list[str], title: list[str]) -> list[str]:
    """Return the words of a heading without those of the role's title, in any number."""
    sought = [_singular(word) for word in title]
    for start in range(len(words) - len(sought) + 1):
        here = [_singular(word) for word in words[start : start + len(sought)]]
        if sought and here == sought:
            return words[:start] + words[start + len(sought) :]
    return words


@cache
def load_common_sections() -> CommonSections:
    """Read the common sections of all languages, once for a process."""
    headings: dict[str, tuple[str, ...]] = {}
    phrasings: dict[str, tuple[str, ...]] = {}
    filler, joints = set[str](), set[str]()
    for language in LANGUAGES:
        read = _read_language(language)
        filler |= {word for text in read.filler for word in _words(text)}
        joints |= {word for text in read.joints for word in _words(text)}
        for topic, section in read.sections.items():
            headings[topic] = (*headings.get(topic, ()), *section.headings)
            phrasings[topic] = (*phrasings.get(topic, ()), *section.phrasings)
    return CommonSections(headings, phrasings, frozenset(filler), frozenset(joints))


def _read_language(language: str) -> _LanguageFile:
    return _LanguageFile.model_validate(read_default(f"common-sections.{language}.yaml"))
