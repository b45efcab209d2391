"""Roles by what they want: "which roles need SQL", "what can I do with 1 year of experience"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from faqbot.matching.facts.cues import QuestionCues
from faqbot.matching.facts.subjects import Subject, SubjectFinder, subject_of, years_in
from faqbot.matching.thresholds import CONFIDENCES
from faqbot.model import (
    Answer,
    Candidate,
    EntryKind,
    Evidence,
    KnowledgeBase,
    Lookup,
    LookupMode,
    RequirementLevel,
    Role,
    Section,
)


class Lookups:
    """Finds the roles of a library that want something.

    Args:
        library: the content.
        subjects: finds what is wanted in the lines of a role.
    """

    def __init__(self, knowledge_base: KnowledgeBase, subjects: SubjectFinder) -> None:
        self._knowledge_base = knowledge_base
        self._subjects = subjects

    def find(self, asked: QuestionCues, said: Sequence[str]) -> Answer | None:
        """The roles that a question looks for; None when it looks for none, or none fits."""
        if not asked.looks_up:
            return None
        years = years_in(asked.text)
        if years is not None:
            return self._by_years(years)
        subject = subject_of(said)
        if subject is None or (subject.section == "experience" and not subject.words):
            return None
        if not self._subjects.is_sensible(subject):
            return None
        wanted = LookupMode.REQUIRED if asked.wants_required_only else LookupMode.ANY
        return self._by_subject(subject, LookupMode.WITHOUT if asked.negates else wanted)

    def repeat(self, wanted: str, said: str) -> Answer | None:
        """The look-up of an earlier answer, over the content as it is now."""
        if wanted not in set(LookupMode):
            return None
        if wanted == LookupMode.YEARS:
            number = said.replace(".", "", 1)
            fits = number.isascii() and number.isdigit() and len(said) < 6  # noqa: PLR2004
            return self._by_years(float(said)) if fits else None
        subject = subject_of(said.split())
        return self._by_subject(subject, LookupMode(wanted)) if subject else None

    def _by_years(self, years: float) -> Answer | None:
        lines = tuple(
            Evidence(section.id, "", RequirementLevel.REQUIRED)
            for section in self._sections("experience")
            if section.years and (section.years.min or 0) <= years
        )
        return _answer(Lookup("experience", LookupMode.YEARS, lines, years=years))

    def _by_subject(self, subject: Subject, wanted: LookupMode) -> Answer | None:
        required: list[Evidence] = []
        preferred: list[Evidence] = []
        without: list[Evidence] = []
        for role in self._knowledge_base.roles:
            found = [
                line
                for line in self._evidence(role, subject)
                if line.level is not RequirementLevel.MENTIONED
            ]
            if found and found[0].level is RequirementLevel.REQUIRED:
                required.append(found[0])
                continue
            preferred += found[:1]
            section = role.section(subject.section or "skills")
            if found or section:
                without.append(found[0] if found else _unlisted(section, role))
        if not required and not preferred:
            return None
        if wanted is LookupMode.WITHOUT:
            return _answer(Lookup(subject.text, wanted, tuple(without)))
        if wanted is LookupMode.REQUIRED and required:
            return _answer(Lookup(subject.text, wanted, tuple(required), tuple(preferred)))
        lines = (*required, *preferred)
        return _answer(Lookup(subject.text, LookupMode.ANY, lines))

    def _evidence(self, role: Role, subject: Subject) -> tuple[Evidence, ...]:
        """The lines of a role that name the subject; each of several things has to be there."""
        lines = self._subjects.find(role.id, subject)
        if lines or len(subject.words) < 2:  # noqa: PLR2004 - one thing is there or not
            return lines
        found = [
            self._subjects.find(role.id, replace(subject, words=(word,))) for word in subject.words
        ]
        fits = any(found) if subject.any_of else all(found)
        return next((lines for lines in found if lines), ()) if fits else ()

    def _sections(self, key: str) -> Iterator[Section]:
        return (section for role in self._knowledge_base.roles if (section := role.section(key)))


def _unlisted(section: Section | None, role: Role) -> Evidence:
    return Evidence(section.id if section else f"{role.id}/skills", "", RequirementLevel.NOT_LISTED)


def _answer(fact: Lookup) -> Answer | None:
    if not fact.lines:
        return None
    entries = tuple(
        Candidate(line.entry, EntryKind.SECTION, line.role, CONFIDENCES.fact) for line in fact.lines
    )
    return Answer(entries, fact=fact)
