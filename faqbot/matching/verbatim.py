"""Authors' own questions: a text that says one word for word is answered by its entry.

They are looked up before anything is linked or compared, so that no author's question is answered
by another entry because it resembles that, or because it names a role.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from faqbot.matching.text import ROLE_SLOT, clauses, normalise
from faqbot.matching.thresholds import CONFIDENCES
from faqbot.model import Candidate, Faq, KnowledgeBase, Role, Section


def verbatim_key(normalised: str) -> str:
    """Return what two texts have in common that say the same: their words, without courtesies."""
    return " ".join(word for _, clause in clauses(normalised) for word in clause)


class VerbatimQuestions:
    """The questions and phrasings of all entries, as their authors wrote them.

    Args:
        knowledge_base: the content.
    """

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        found: dict[str, list[Candidate]] = defaultdict(list)
        for text, entry in _written(knowledge_base):
            candidate = Candidate(entry.id, entry.kind, entry.role, CONFIDENCES.verbatim)
            places = found[verbatim_key(normalise(text))]
            if candidate not in places:
                places.append(candidate)
        self._candidates = {key: tuple(places) for key, places in found.items() if key}

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
