"""Keys of entries by scope: which entry of a role the phrasings of a common section ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

from faqbot.matching.ranking import ALL_SCOPES, Phrasing
from faqbot.matching.training_data import COMMON_PREFIX, GENERAL_FAQ_PREFIX, written_topics
from faqbot.model import KnowledgeBase


@dataclass(frozen=True)
class ScopeKeys:
    """The keys under which the phrasings of common sections count in each scope.

    Each role may call its section on the salary otherwise, and have an FAQ instead. In its scope
    the shipped phrasings belong to that entry; where all roles are ranked together, their entries
    belong to the common section.

    Attributes:
        own: the key of a role's own entry, by the role's id and the key of the common section.
        general: the key of a general FAQ, by the key of the common section.
        common: the key of the common section, by the role's id and the key of its own entry.
    """

    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    general: Mapping[str, str] = field(default_factory=dict)
    common: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def key(self, phrasing: Phrasing, scope: str) -> str:
        """Return the key under which a phrasing counts in a scope."""
        key = phrasing.key
        if phrasing.scope:
            return self.common.get((phrasing.scope, key), key) if scope == ALL_SCOPES else key
        if not key.startswith(COMMON_PREFIX):
            return key
        return self.own.get(scope, {}).get(key) or self.general.get(key, key)


def scope_keys(knowledge_base: KnowledgeBase) -> ScopeKeys:
    """Return the keys of the entries that are about common sections."""
    written = written_topics(knowledge_base)
    general: dict[str, str] = {}
    for faq in knowledge_base.faqs:
        for topic in written.intersection(faq.topics):
            general.setdefault(COMMON_PREFIX + topic, GENERAL_FAQ_PREFIX + faq.id)
    own: dict[str, dict[str, str]] = {}
    common: dict[tuple[str, str], str] = {}
    for role in knowledge_base.roles:
        topics = [*(part.topics for part in role.sections), *(faq.topics for faq in role.faqs)]
        for topic in filter(written.__contains__, dict.fromkeys(chain.from_iterable(topics))):
            entry = role.entry_about(topic)
            assert entry is not None
            key = entry.id.removeprefix(f"{role.id}/")
            own.setdefault(role.id, {})[COMMON_PREFIX + topic] = key
            # Without a role the general FAQ answers, and a role's own entry is another matter.
            if COMMON_PREFIX + topic not in general:
                common.setdefault((role.id, key), COMMON_PREFIX + topic)
    return ScopeKeys(own, general, common)
