"""Roles by what they want: "which roles need SQL", "what can I do with 1 year of experience"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from faqbot.matching.facts.cues import Asked
from faqbot.matching.facts.subjects import Subject, Subjects, subject_of, years_in
from faqbot.model import (
    Answered,
    Candidate,
    Kind,
    Level,
    Library,
    Line,
    Lookup,
    Role,
    Section,
    Wanted,
)

SURE: Final = 0.95
"""How often a look-up is what was asked for, on the development questions about facts."""


class Lookups:
    """Finds the roles of a library that want something.

    Args:
        library: the content.
        subjects: finds what is wanted in the lines of a role.
    """

    def __init__(self, library: Library, subjects: Subjects) -> None:
        self._library = library
        self._subjects = subjects

    def find(self, asked: Asked, said: Sequence[str]) -> Answered | None:
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
        wanted = Wanted.REQUIRED if asked.strictly else Wanted.ANY
        return self._by_subject(subject, Wanted.WITHOUT if asked.negates else wanted)

    def again(self, wanted: str, said: str) -> Answered | None:
        """The look-up of an earlier answer, over the content as it is now."""
        if wanted not in set(Wanted):
            return None
        if wanted == Wanted.YEARS:
            number = said.replace(".", "", 1)
            fits = number.isascii() and number.isdigit() and len(said) < 6  # noqa: PLR2004
            return self._by_years(float(said)) if fits else None
        subject = subject_of(said.split())
        return self._by_subject(subject, Wanted(wanted)) if subject else None

    def _by_years(self, years: float) -> Answered | None:
        lines = tuple(
            Line(section.id, "", Level.REQUIRED)
            for section in self._sections("experience")
            if section.years and (section.years.min or 0) <= years
        )
        return _answer(Lookup("experience", Wanted.YEARS, lines, years=years))

    def _by_subject(self, subject: Subject, wanted: Wanted) -> Answered | None:
        required: list[Line] = []
        preferred: list[Line] = []
        without: list[Line] = []
        for role in self._library.roles:
            found = [line for line in self._of(role, subject) if line.level is not Level.MENTIONED]
            if found and found[0].level is Level.REQUIRED:
                required.append(found[0])
                continue
            preferred += found[:1]
            section = role.section(subject.section or "skills")
            if found or section:
                without.append(found[0] if found else _unlisted(section, role))
        if not required and not preferred:
            return None
        if wanted is Wanted.WITHOUT:
            return _answer(Lookup(subject.said, wanted, tuple(without)))
        if wanted is Wanted.REQUIRED and required:
            return _answer(Lookup(subject.said, wanted, tuple(required), tuple(preferred)))
        lines = (*required, *preferred)
        return _answer(Lookup(subject.said, Wanted.ANY, lines))

    def _of(self, role: Role, subject: Subject) -> tuple[Line, ...]:
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
        return (section for role in self._library.roles if (section := role.section(key)))


def _unlisted(section: Section | None, role: Role) -> Line:
    return Line(section.id if section else f"{role.id}/skills", "", Level.NOT_LISTED)


def _answer(fact: Lookup) -> Answered | None:
    if not fact.lines:
        return None
    entries = tuple(Candidate(line.entry, Kind.SECTION, line.role, SURE) for line in fact.lines)
    return Answered(entries, fact=fact)
