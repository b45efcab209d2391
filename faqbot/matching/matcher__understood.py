"""What the matcher makes of a question: its words, the roles in them masked, and a reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from faqbot.matching.role_linker import Linking, Mention
from faqbot.matching.text import ROLE_WORD, Token
from faqbot.model import Candidate, LinkedBy, Reading, RoleLink


@dataclass(frozen=True, slots=True)
class Understood:
    """A reading with what the decision needs beyond it."""

    reading: Reading
    mentions: tuple[Mention, ...]
    said: tuple[str, ...]
    """The words besides the roles'."""

    rest: tuple[str, ...]
    """Of these, the words that carry meaning: no stop words."""

    words: tuple[str, ...] = ()
    """All words as they were read, in order; mentions give positions among them."""

    parts: tuple[Candidate, ...] = ()
    """The parts that a question with "and" asks for, when it asks for several."""


def mask(
    asked: Sequence[Token],
    mentions: Iterable[Mention],
    titles: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    own: str = "",
) -> list[Token]:
    """The words with each mention of a role masked, or given by its title unless it is `own`."""
    result = list(asked)
    for mention in sorted(mentions, key=lambda mention: -mention.start):
        first = result[mention.start]
        role = mention.links[0].role
        shown = (ROLE_WORD,) if role == own else titles.get(role, (ROLE_WORD,))
        result[mention.start : mention.end] = [replace(first, word=word) for word in shown]
    return result


def links_of(linking: Linking, role: str | None) -> tuple[RoleLink, ...]:
    """The roles that a question is about; the conversation's, where it names none itself."""
    links = tuple(link for mention in linking.mentions for link in mention.links)
    if not links and role is not None:
        return (RoleLink(role, "", LinkedBy.CONVERSATION, 1.0),)
    return links


def certainty(link: RoleLink) -> float:
    """How surely a link names its role, as a probability."""
    match link.by:
        case LinkedBy.TITLE | LinkedBy.ALIAS | LinkedBy.CONVERSATION:
            return 0.99
        case LinkedBy.TYPO:
            return min(0.97, 0.75 + 0.25 * link.score)
        case LinkedBy.PARTIAL:
            return min(0.97, 0.7 + 0.35 * link.score)


def link_groups(links: Iterable[RoleLink]) -> list[list[RoleLink]]:
    """Links by the words that they come from: rivals stand together, and each role once."""
    groups: dict[str, list[RoleLink]] = {}
    for link in links:
        groups.setdefault(link.words, []).append(link)
    told = {tuple(link.role for link in group): group for group in groups.values()}
    return list(told.values())
