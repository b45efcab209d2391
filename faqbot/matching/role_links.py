"""Links to roles: which a question has, how sure each is, and its words with the roles masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from faqbot.matching.role_linker import Linking
from faqbot.matching.text import ROLE_WORD, Token
from faqbot.matching.thresholds import CONFIDENCES
from faqbot.model import LinkMethod, RoleLink, RoleMention


def mask_roles(
    asked: Sequence[Token],
    mentions: Iterable[RoleMention],
    titles: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    own: str = "",
) -> list[Token]:
    """Return the words with each mention of a role masked.

    Args:
        asked: the words of a question.
        mentions: the mentions to mask.
        titles: the words of the titles of roles that are shown by their title instead.
        own: the role that is masked all the same.
    """
    masked = list(asked)
    # From the end, so that the positions of earlier mentions stay right.
    for mention in sorted(mentions, key=lambda mention: -mention.start):
        first = masked[mention.start]
        role = mention.links[0].role
        shown = (ROLE_WORD,) if role == own else titles.get(role, (ROLE_WORD,))
        masked[mention.start : mention.end] = [replace(first, word=word) for word in shown]
    return masked


def links_of(linking: Linking, role: str | None) -> tuple[RoleLink, ...]:
    """Return the roles that a question names, or else the role of the conversation."""
    links = tuple(link for mention in linking.mentions for link in mention.links)
    if not links and role is not None:
        return (RoleLink(role, "", LinkMethod.CONVERSATION, 1.0),)
    return links


def link_confidence(link: RoleLink) -> float:
    """Return the probability that a link names its role."""
    match link.method:
        case LinkMethod.TITLE | LinkMethod.ALIAS | LinkMethod.CONVERSATION:
            return CONFIDENCES.exact_link
        case LinkMethod.TYPO:
            confidence = CONFIDENCES.typo_link + CONFIDENCES.typo_link_slope * link.score
        case LinkMethod.PARTIAL:
            confidence = CONFIDENCES.partial_link + CONFIDENCES.partial_link_slope * link.score
    return min(CONFIDENCES.max_inexact_link, confidence)


def link_groups(links: Iterable[RoleLink]) -> list[list[RoleLink]]:
    """Group links by the words that they come from; groups of the same roles are one."""
    groups: dict[str, list[RoleLink]] = {}
    for link in links:
        groups.setdefault(link.words, []).append(link)
    by_roles = {tuple(link.role for link in group): group for group in groups.values()}
    return list(by_roles.values())
