"""Files of small talk and sensitive matters: their format, their checks, and what they become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pydantic import ConfigDict, Field

from faqbot.content.fields import ID_PATTERN, ContentModel, Text, Texts, list_field
from faqbot.content.yaml_tree import YamlDocument
from faqbot.errors import Problem, quoted
from faqbot.model import ConversationContent, Origin, SensitiveMatter, SmallTalk

TOP_KEYS: Final = ("smalltalk", "sensitive", "contact")
"""Keys that make a document one of small talk and sensitive matters."""

BESIDE: Final = "beside"
"""The kind whose phrasings may stand beside those of any other, and mean nothing by themselves."""


class SmallTalkPart(ContentModel):
    """A kind of small talk."""

    model_config = ConfigDict(title="Small talk")

    reply: Text = Field(
        default="",
        title="Reply",
        description="What is replied, in Markdown; `{contact}` stands for `contact`.",
        examples=["Hello! Ask me about a role."],
    )
    phrasings: Texts = list_field(
        "Phrasings",
        "Lines of this kind, added to those that ship; brackets hold alternatives.",
        "ahoy",
        "good (day|evening)",
    )
    examples: bool = Field(
        default=False,
        title="Examples",
        description="Whether questions that faqbot answers follow the reply.",
        examples=[True],
    )


class SensitivePart(ContentModel):
    """A matter that may hurt."""

    model_config = ConfigDict(title="Sensitive matter")

    reply: Text = Field(
        default="",
        title="Reply",
        description="What is replied, in Markdown; `{contact}` stands for the contact.",
        examples=["Please talk to {contact}."],
    )
    contact: Text = Field(
        default="",
        title="Contact",
        description="Whom to turn to about this matter, in Markdown.",
        examples=["[the ombuds office](mailto:ombuds@example.com)"],
    )
    phrasings: Texts = list_field(
        "Phrasings",
        "Lines about this matter; they are added to those that ship.",
        "my shift leader threatens me",
    )
    words: Texts = list_field(
        "Words",
        "Words, or their beginnings, that are about this matter wherever they stand.",
        "harass",
    )


class ConversationFile(ContentModel):
    """A file of small talk and sensitive matters."""

    model_config = ConfigDict(title="Conversation")

    contact: Text = Field(
        default="",
        title="Contact",
        description="Whom people turn to who want a person, or raise a sensitive matter.",
        examples=["[People Care](mailto:care@example.com)"],
    )
    smalltalk: dict[str, SmallTalkPart] = Field(
        default={},
        title="Small talk",
        description="Kinds of small talk by their id: those that ship, changed, or your own.",
        examples=[{"greeting": {"reply": "Hello! Ask me about a role."}}],
    )
    sensitive: dict[str, SensitivePart] = Field(
        default={},
        title="Sensitive matters",
        description="Matters that go to a person, by their id: those that ship, or your own.",
        examples=[{"harassment": {"contact": "the ombuds office, room 12"}}],
    )


def build_conversation(
    document: YamlDocument | None, file: ConversationFile
) -> ConversationContent:
    """Return the values that a file describes."""

    def origin(*loc: str) -> Origin:
        return Origin(document.path, document.at(loc, key=True).line) if document else Origin()

    return ConversationContent(
        file.contact,
        tuple(
            SmallTalk(kind, part.reply, part.phrasings, part.examples, origin("smalltalk", kind))
            for kind, part in file.smalltalk.items()
        ),
        tuple(
            SensitiveMatter(
                kind,
                part.reply,
                part.contact,
                part.phrasings,
                part.words,
                origin("sensitive", kind),
            )
            for kind, part in file.sensitive.items()
        ),
    )


def joined(contents: Iterable[ConversationContent]) -> ConversationContent:
    """Return the content of several files as one; of several contacts the first."""
    contents = tuple(contents)
    return ConversationContent(
        next((content.contact for content in contents if content.contact), ""),
        tuple(kind for content in contents for kind in content.small_talk),
        tuple(matter for content in contents for matter in content.matters),
    )


def check_conversations(
    files: Sequence[tuple[YamlDocument, ConversationFile]],
    shipped: Iterable[ConversationContent],
) -> Iterator[Problem]:
    """Report ids that aren't ids or are taken, kinds without a reply, and second contacts."""
    replying: set[str] = set()
    for content in shipped:
        replying |= {part.kind for part in content.small_talk}
        replying |= {matter.kind for matter in content.matters}
    seen: dict[tuple[str, str], str] = {}
    for document, file in files:
        if file.contact:
            yield from _check_once(document, ("contact",), "the contact", seen)
        for name, parts in (("smalltalk", file.smalltalk), ("sensitive", file.sensitive)):
            for kind, part in parts.items():
                loc = (name, kind)
                if not re.fullmatch(ID_PATTERN, kind):
                    message = f"the key {quoted(kind)} has to be lower-case words with hyphens"
                    yield document.problem(loc, message, key=True)
                elif kind not in replying and not part.reply:
                    message = f"{quoted(kind)} is a kind of your own, so it needs `reply`"
                    yield document.problem(loc, message, key=True)
                yield from _check_once(document, loc, quoted(kind), seen)


def _check_once(
    document: YamlDocument, loc: tuple[str, ...], what: str, seen: dict[tuple[str, str], str]
) -> Iterator[Problem]:
    key = (loc[0], loc[-1])
    if key in seen:
        message = f"{what} is written in {seen[key]} too; write it once"
        yield document.problem(loc, message, key=True)
    else:
        seen[key] = f"{document.path}:{document.at(loc, key=True).line}"
