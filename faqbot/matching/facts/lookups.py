"""Look-ups: roles by requirement ("which roles need SQL") or by years of experience."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from faqbot.matching.facts.cues import QuestionCues
from faqbot.matching.facts.experience import years_in
from faqbot.matching.facts.subjects import Subject, SubjectFinder, subject_of
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
    """Finds the roles that require something, or don't.

    Args:
        knowledge_base: the content.
        subjects: finds what is required in the lines of a role.
    """

    def __init__(self, knowledge_base: KnowledgeBase, subjects: SubjectFinder) -> None:
        self._knowledge_base = knowledge_base
        self._subjects = subjects

    def find(self, asked: QuestionCues, words: Sequence[str]) -> Answer | None:
        """Return the roles that a question looks up; None when it doesn't, or none fits."""
        if not asked.looks_up:
            return None
        years = years_in(asked.text)
        if years is not None:
            return self._by_years(years)
        subject = subject_of(words)
        if subject is None or (subject.section == "experience" and not subject.words):
            return None
        if not self._subjects.is_sensible(subject):
            return None
        mode = LookupMode.REQUIRED if asked.wants_required_only else LookupMode.ANY
        return self._by_subject(subject, LookupMode.WITHOUT if asked.negates else mode)

    def repeat(self, mode: str, sought: str) -> Answer | None:
        """Return the look-up of a key, over the content as it is now."""
        if mode not in set(LookupMode):
            return None
        if mode == LookupMode.YEARS:
            # A key comes from a button, so it may be forged: "nan" and "1e9" are no years.
            number = sought.replace(".", "", 1)
            fits = number.isascii() and number.isdigit() and len(sought) < 6  # noqa: PLR2004
            return self._by_years(float(sought)) if fits else None
        subject = subject_of(sought.split())
        return self._by_subject(subject, LookupMode(mode)) if subject else None

    def _by_years(self, years: float) -> Answer | None:
        lines = tuple(
            Evidence(section.id, "", RequirementLevel.REQUIRED)
            for section in self._sections("experience")
            if section.years and (section.years.min or 0) <= years
        )
        return _answer(Lookup("experience", LookupMode.YEARS, lines, years=years))

    def _by_subject(self, subject: Subject, mode: LookupMode) -> Answer | None:
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
        # What no role wants is probably no thing: each role would be one that does without it.
        if not required and not preferred:
            return None
        if mode is LookupMode.WITHOUT:
            return _answer(Lookup(subject.text, mode, tuple(without)))
        if mode is LookupMode.REQUIRED and required:
            return _answer(Lookup(subject.text, mode, tuple(required), tuple(preferred)))
        lines = (*required, *preferred)
        return _answer(Lookup(subject.text, LookupMode.ANY, lines))

    def _evidence(self, role: Role, subject: Subject) -> tuple[Evidence, ...]:
        """Return the lines of a role that name the subject: all of its things, or any of them."""
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
