"""What ships with faqbot: content, phrasings of the standard sections, general negatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final

import yaml
from pydantic import TypeAdapter

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


def shipped_knowledge() -> Path:
    """Return the folder of the content that ships with faqbot."""
    with resources.as_file(resources.files("faqbot") / "knowledge") as folder:
        installed = folder
    # In a checkout the folder stands beside the package; building the wheel copies it inside.
    beside = Path(__file__).resolve().parents[2] / "knowledge"
    return installed if installed.is_dir() else beside


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
