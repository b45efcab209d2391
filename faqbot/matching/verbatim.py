"""Authors' own questions: a text that says one word for word is answered by its entry.

They are looked up before anything is linked or compared, so that no author's question is answered
by another entry because it resembles that, or because it names a role.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from faqbot.matching.ranking import ROLE_FAQ_PREFIX, Phrasing
from faqbot.matching.role_linker import Linking
from faqbot.matching.text import ROLE_SLOT, ROLE_WORD, Token, clauses, normalise
from faqbot.matching.thresholds import CONFIDENCES
from faqbot.model import Candidate, EntryKind, Faq, KnowledgeBase, Role, Section


def verbatim_key(normalised: str) -> str:
    """Return what two texts have in common that say the same: their words, without courtesies."""
    return " ".join(word for _, clause in clauses(normalised) for word in clause)


_ROLE_PHRASE = re.compile(
    rf"(?:\b(?:of|for|as|in|by|at|to|be)\s+)?(?:\b(?:a|an|the)\s+)?\b{ROLE_WORD}\b"
)


_ARTICLES = frozenset({"a", "an", "the"})


def without_role(masked: str) -> str:
    """Return a text without the masked role, and without the words that join it to the rest.

    Articles go too: "the shift" of one role is "the baker's shift" where roles are named.
    """
    words = _ROLE_PHRASE.sub(" ", masked).split()
    return " ".join(word for word in words if word not in _ARTICLES)


class VerbatimQuestions:
    """The questions and phrasings of all entries, as their authors wrote them.

    Args:
        knowledge_base: the content.
        own: the phrasings of the entries that only one role has, that role masked.
    """

    def __init__(self, knowledge_base: KnowledgeBase, own: Iterable[Phrasing] = ()) -> None:
        found: dict[str, list[Candidate]] = defaultdict(list)
        for text, entry in _written(knowledge_base):
            candidate = Candidate(entry.id, entry.kind, entry.role, CONFIDENCES.verbatim)
            places = found[verbatim_key(normalise(text))]
            if candidate not in places:
                places.append(candidate)
        self._candidates = {key: tuple(places) for key, places in found.items() if key}

        of_roles: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for phrasing in own:
            of_roles[phrasing.scope, without_role(phrasing.text)][phrasing.key] = None
        self._of_roles = {
            place: next(iter(keys))
            for place, keys in of_roles.items()
            if place[1] and len(keys) == 1
        }

    def find_of_role(self, masked: Sequence[Token], linking: Linking) -> Candidate | None:
        """Return a role's own entry whose question a text is, but for the name of that role.

        "Who washes the plane of a pilot?" is the pilot's question "Who washes the plane?".

        Args:
            masked: the words of the text, roles masked.
            linking: the roles that it names.
        """
        roles = [link.role for mention in linking.mentions for link in mention.links]
        if len(roles) != 1 or linking.unknown_role:
            return None
        (role,) = roles
        key = self._of_roles.get((role, without_role(" ".join(token.word for token in masked))))
        if key is None:
            return None
        kind = EntryKind.FAQ if key.startswith(ROLE_FAQ_PREFIX) else EntryKind.SECTION
        return Candidate(f"{role}/{key}", kind, role, CONFIDENCES.verbatim)

    def find(self, normalised: str, role: str | None) -> Candidate | None:
        """Return the entry whose question a text is; None if there is none, or several.

        Args:
            normalised: the text.
            role: the role that the conversation is about, whose entry it is among several.
        """
        found = self._candidates.get(verbatim_key(normalised), ())
        if len(found) > 1:
            found = tuple(candidate for candidate in found if candidate.role == role)
        return found[0] if len(found) == 1 else None


def _written(knowledge_base: KnowledgeBase) -> Iterator[tuple[str, Faq | Section]]:
    """Yield the questions and phrasings of entries, with the names of roles in their slots."""
    for faq in knowledge_base.faqs:
        for text in (faq.question, *faq.phrasings):
            yield text, faq
    for role in knowledge_base.roles:
        for entry, text in _of_role(role):
            if ROLE_SLOT not in text:
                yield text, entry
                continue
            for name in (role.title, *role.aliases):
                yield text.replace(ROLE_SLOT, name), entry


def _of_role(role: Role) -> Iterator[tuple[Faq | Section, str]]:
    for faq in role.faqs:
        for text in (faq.question, *faq.phrasings):
            yield faq, text
    for section in role.sections:
        for text in section.phrasings:
            yield section, text
