"""Parts of roles: the entry of a role that a candidate stands for, and what stands in for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.matching.facts.subjects import CERTIFICATES, DEGREES, EXPERIENCE
from faqbot.matching.role_links import link_confidence
from faqbot.matching.text import normalise, words
from faqbot.matching.training_data import COMMON_PREFIX
from faqbot.model import (
    Answer,
    Audience,
    Candidate,
    Entry,
    EntryKind,
    Faq,
    KnowledgeBase,
    Role,
    RoleLink,
    Section,
)

WORK_PARTS = ("responsibilities", "overview", "day-to-day")
"""Sections that say what a role does: where one isn't written, the next one stands in for it."""

DEMAND_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "education": DEGREES,
        "certifications": CERTIFICATES,
        "experience": EXPERIENCE,
        "skills": frozenset(),
    }
)
"""Sections that say what a role demands, and the words of each: where it isn't written, another of
them may say it ("Radio certificate" among the skills)."""


@dataclass(frozen=True, slots=True)
class PartsFound:
    """The parts of roles that candidates stand for, and the names of those that aren't written."""

    written: tuple[Candidate, ...]
    missing: tuple[str, ...]


class RoleParts:
    """Finds the parts of roles that candidates stand for.

    Args:
        knowledge_base: the content.
    """

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._knowledge_base = knowledge_base

    def of_role(
        self, candidates: Iterable[Candidate], role: Role, confidence: float, audience: Audience
    ) -> tuple[Candidate, ...]:
        """Return the candidates that the role has, as its own, and that the audience may read.

        Args:
            candidates: sections and FAQs of any role, and general FAQs.
            role: the role.
            confidence: how surely it is meant.
            audience: who asks.
        """
        found: list[Candidate] = []
        for candidate in candidates:
            key = candidate.id.removeprefix(f"{role.id}/")
            if candidate.kind is EntryKind.ROLE:
                key = ""
            general = candidate.kind is EntryKind.FAQ and candidate.role is None
            if general and self._knowledge_base.entry(candidate.id) is not None:
                found.append(candidate)
                continue
            entry = self.entry(role, key)
            if entry is not None:
                found.append(
                    Candidate(
                        entry.id,
                        entry.kind,
                        role.id,
                        round(candidate.confidence * confidence, 4),
                        candidate.scores,
                    )
                )
        return self.readable(found, audience)

    def of_each(
        self, asked: Sequence[Candidate], links: Sequence[RoleLink], audience: Audience
    ) -> PartsFound:
        """Return the parts that candidates stand for, of each of some roles.

        What stands in for a section that isn't written is found beside the section's name.

        Args:
            asked: sections and FAQs, best first.
            links: the roles.
            audience: who asks.
        """
        found: dict[str, Candidate] = {}
        missing: list[str] = []
        for link in links:
            role = self._knowledge_base.role(link.role)
            assert role is not None
            for candidate in map(self._of_any_role, asked):
                confidence = link_confidence(link)
                written = self.of_role((candidate,), role, confidence, audience)
                if not written and candidate.kind is EntryKind.SECTION:
                    missing.append(f"{role.title} · {self._title(candidate.id, links)}")
                    instead = self.stand_in(candidate, role, confidence)
                    written = instead.entries if instead else ()
                for one in written:
                    found.setdefault(one.id, one)
        return PartsFound(tuple(found.values()), tuple(missing))

    def _of_any_role(self, candidate: Candidate) -> Candidate:
        """Return a candidate with the key of its part that is the same for all roles."""
        if candidate.role is None:
            return candidate
        key = candidate.id.removeprefix(f"{candidate.role}/")
        section = self._knowledge_base.entry(candidate.id)
        if isinstance(section, Section) and section.topics:
            # Each role may have another key for its section on the same topic.
            key = COMMON_PREFIX + section.topics[0]
        return replace(candidate, id=key)

    def _title(self, part: str, links: Iterable[RoleLink]) -> str:
        """Return the title of a part as one of some roles, or any role, has it."""
        if part in STANDARD_SECTIONS:
            return STANDARD_SECTIONS[part]
        linked = (self._knowledge_base.role(link.role) for link in links)
        for role in (*linked, *self._knowledge_base.roles):
            entry = self.entry(role, part) if role else None
            if isinstance(entry, Section):
                return entry.title
        return part.rpartition("/")[2]

    def entry(self, role: Role, part: str) -> Entry | None:
        """Return the part of a role with a key, or on a topic; the role itself without a key."""
        if part.startswith(COMMON_PREFIX):
            return role.entry_about(part.removeprefix(COMMON_PREFIX))
        return self._knowledge_base.entry(f"{role.id}/{part}" if part else role.id)

    def stand_in(self, missing: Candidate, role: Role, confidence: float) -> Answer | None:
        """Return the parts that say what is asked for, in the place of one that isn't written."""
        key = missing.id.removeprefix(f"{role.id}/")
        sure = round(missing.confidence * confidence, 4)
        found = tuple(
            Candidate(f"{role.id}/{part}", EntryKind.SECTION, role.id, sure)
            for part in _parts_instead(role, key)
        )
        return Answer(found, instead_of=STANDARD_SECTIONS[key]) if found else None

    def readable(
        self, candidates: Iterable[Candidate], audience: Audience
    ) -> tuple[Candidate, ...]:
        """Return the candidates that are written, and that the audience may read."""
        return tuple(c for c in candidates if self.is_readable(c.id, audience))

    def is_readable(self, entry_id: str, audience: Audience) -> bool:
        """Return whether an entry exists, and the audience may read it."""
        entry = self._knowledge_base.entry(entry_id)
        if entry is None:
            return False
        return not isinstance(entry, Faq) or audience.may_read(entry.audience)


def _parts_instead(role: Role, key: str) -> list[str]:
    """Return the keys of the sections that say what the section of a key would."""
    if key in WORK_PARTS:
        return [part for part in WORK_PARTS if role.section(part)][:1]
    wanted = DEMAND_WORDS.get(key, frozenset())
    return [
        part
        for part in DEMAND_WORDS
        if (section := role.section(part)) and not wanted.isdisjoint(_words_of(section))
    ]


def _words_of(section: Section) -> list[str]:
    texts = (section.text, *section.items, *section.required, *section.preferred)
    return words(normalise(" . ".join(texts)))
