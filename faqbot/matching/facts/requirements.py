"""Requirements: whether a role requires something, prefers it, or doesn't name it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from faqbot.matching.facts.cues import QuestionCues
from faqbot.matching.facts.lookups import Lookups, not_found
from faqbot.matching.facts.other_names import NamedWord, OtherNames
from faqbot.matching.facts.subjects import Subject, SubjectFinder, subject_of
from faqbot.matching.role_links import link_confidence
from faqbot.matching.text import normalise, singular
from faqbot.matching.text import words as words_of
from faqbot.matching.thresholds import CONFIDENCES
from faqbot.model import (
    Answer,
    Audience,
    Candidate,
    Choices,
    Decline,
    EntryKind,
    Evidence,
    Faq,
    KnowledgeBase,
    Lookup,
    Outcome,
    Requirement,
    RequirementLevel,
    Role,
    RoleLink,
)

_LISTS: Final = frozenset({"skills", "education", "certifications", "experience"})
"""Sections that list what is asked for: what they don't name, they don't answer."""

MAX_LINES: Final = 3
"""Lines that are quoted for one requirement."""


class Requirements:
    """Finds what a role says of a thing that may be required.

    Args:
        knowledge_base: the content.
        subjects: finds subjects in the lines of roles.
        lookups: finds roles by what they list.
        names: other names of the things that roles ask for.
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        subjects: SubjectFinder,
        lookups: Lookups,
        names: OtherNames,
    ) -> None:
        self._knowledge_base = knowledge_base
        self._subjects = subjects
        self._lookups = lookups
        self._names = names

    def of_role(
        self,
        asked: QuestionCues,
        words: Sequence[NamedWord],
        link: RoleLink,
        outcome: Outcome,
        audience: Audience,
    ) -> Outcome | None:
        """Return what a role says of what a question asks for; None when it asks for nothing.

        Args:
            asked: the cues of the question.
            words: its words without those for the role.
            link: the role.
            outcome: what was decided without the data.
            audience: who asks.
        """
        several = (
            isinstance(outcome, Answer)
            and len(outcome.entries) > 1
            and {entry.role for entry in outcome.entries} == {link.role}
        )
        subject = subject_of(words, self._names)
        if not asked.asks_whether_needed or several or subject is None:
            return None
        role = self._knowledge_base.role(link.role)
        assert role is not None
        fact, entry = self._requirement(role, subject, asked, audience)
        if fact is not None:
            fact = replace(fact, is_negated=asked.negates)
        if isinstance(outcome, Answer) and outcome.entries[0].kind is EntryKind.FAQ:
            # The FAQ answers already, and "not listed" beside it would only contradict it.
            if fact is None or fact.level is RequirementLevel.NOT_LISTED or not fact.lines:
                return None
            return Answer(outcome.entries, outcome.reason, fact)
        if fact is None:
            whole = self._subjects.section_of(subject) and not subject.words
            stays = whole or not self._gives_way(outcome, subject)
            return None if stays else not_found(subject, role)
        unlisted = fact.level is RequirementLevel.NOT_LISTED and not subject.words
        # Another part may say it in running text, which stands in for the one that isn't written.
        stands_in = isinstance(outcome, Answer) and bool(outcome.instead_of)
        if unlisted and (stands_in or isinstance(outcome, Decline)):
            return None
        return _answer(fact, entry, link_confidence(link))

    def of_any_role(
        self,
        asked: QuestionCues,
        words: Sequence[NamedWord],
        outcome: Outcome,
        audience: Audience,
    ) -> Answer | None:
        """Return what roles say of a thing, where a question names no role: the one, or several."""
        subject = subject_of(words, self._names)
        if not asked.asks_whether_needed or subject is None:
            return None
        # What a role lists is surer than that a general FAQ may be meant, or one without its name.
        sure = self._subjects.is_listed(subject) and not self._is_named(outcome, subject)
        if _is_told(outcome) and not sure:
            return None
        # Degrees and experience are asked for by every role: which one is meant, matters there.
        if self._subjects.section_of(subject) or not self._subjects.is_understood(subject):
            return None
        found = self._lookups.of_thing(subject, audience)
        fact = found.fact if found else None
        if not isinstance(fact, Lookup) or len(fact.roles) != 1:
            return found
        role = self._knowledge_base.role(fact.roles[0])
        assert role is not None
        requirement, entry = self._requirement(role, subject, asked, audience)
        return _answer(requirement, entry, 1.0) if requirement else None

    def _is_named(self, outcome: Outcome, subject: Subject) -> bool:
        """Return whether an entry that answers asks about the subject by its name."""
        if not isinstance(outcome, Answer):
            return False
        entries = (self._knowledge_base.entry(entry.id) for entry in outcome.entries)
        name = {singular(word) for word in words_of(normalise(subject.text))}
        return any(
            name <= {singular(word) for word in words_of(normalise(text))}
            for entry in entries
            if isinstance(entry, Faq)
            for text in (entry.question, *entry.phrasings)
        )

    def _requirement(
        self, role: Role, subject: Subject, asked: QuestionCues, audience: Audience
    ) -> tuple[Requirement | None, str]:
        """Return what a role says of a subject, and the entry that says so."""
        lines = self._subjects.find(role.id, subject, audience)
        asks_without = asked.asks_without
        section_key = self._subjects.section_of(subject)
        if section_key == "experience":
            section = role.section("experience")
            if section is None or section.years is None:
                return None, ""
            level = RequirementLevel.REQUIRED if section.years.min else RequirementLevel.PREFERRED
            return Requirement(role.id, subject.text, level, lines[:1], asks_without), section.id
        if lines:
            level = lines[0].level
            # Each of several things has its own level, and is told.
            mixed = len(subject.words) > 1 and not subject.any_of
            told = [line for line in lines if mixed or line.level is level][:MAX_LINES]
            requirement = Requirement(role.id, subject.text, level, tuple(told), asks_without)
            return requirement, lines[0].entry
        section = role.section(section_key or "skills") or role.section("skills")
        if section is None or not self._subjects.is_understood(subject):
            return None, ""
        requirement = Requirement(
            role.id, subject.text, RequirementLevel.NOT_LISTED, (), asks_without
        )
        return requirement, section.id

    def _gives_way(self, outcome: Outcome, subject: Subject) -> bool:
        """Return whether "I don't find it" says more than what was decided.

        An answer from an FAQ, or from a section that lists nothing, may be about it in other words.
        """
        if _has_faq(outcome):
            return False
        entries = _entries(outcome)
        sections = [(entry.role or "", entry.id.rpartition("/")[2]) for entry in entries]
        # Experience is told in words of many kinds: "I never worked in a shop".
        if isinstance(outcome, Answer) and sections[0][1] == "experience":
            return self._subjects.is_rare(subject)
        if all(key in _LISTS for _, key in sections):
            # "Speak English" isn't listed, but the list that has "English" says more than nothing.
            return not any(self._subjects.touches(role, key, subject) for role, key in sections)
        if isinstance(outcome, Choices):
            return self._subjects.is_rare(subject)
        role, key = sections[0]
        return self._subjects.is_rare(subject) and not self._subjects.touches(role, key, subject)


def _entries(outcome: Outcome) -> tuple[Candidate, ...]:
    match outcome:
        case Answer(entries=entries) | Choices(options=entries):
            return entries
        case _:
            return ()


def _is_told(outcome: Outcome) -> bool:
    """Return whether an FAQ answers, or a general one may: it needs no role."""
    faqs = [entry for entry in _entries(outcome) if entry.kind is EntryKind.FAQ]
    return bool(faqs) and (isinstance(outcome, Answer) or any(one.role is None for one in faqs))


def _has_faq(outcome: Outcome) -> bool:
    return any(entry.kind is EntryKind.FAQ for entry in _entries(outcome))


def _answer(fact: Requirement, entry: str, link: float) -> Answer:
    listed = fact.level is not RequirementLevel.NOT_LISTED
    confidence = CONFIDENCES.fact if listed else CONFIDENCES.fact_not_listed
    kind = EntryKind.FAQ if is_of_faq(fact.lines) else EntryKind.SECTION
    return Answer((Candidate(entry, kind, fact.role, round(confidence * link, 4)),), fact=fact)


def is_of_faq(lines: Sequence[Evidence]) -> bool:
    """Return whether the first line stands in an FAQ."""
    return bool(lines) and "/faq/" in lines[0].entry
