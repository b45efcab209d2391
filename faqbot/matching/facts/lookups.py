"""Look-ups: roles by requirement ("which roles need SQL") or by years of experience."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from faqbot.matching.facts.counts import years_in
from faqbot.matching.facts.cues import QuestionCues
from faqbot.matching.facts.other_names import NamedWord, OtherNames
from faqbot.matching.facts.subjects import EXPERIENCE, Subject, SubjectFinder, subject_of
from faqbot.matching.thresholds import CONFIDENCES
from faqbot.model import (
    ANY_EXPERIENCE,
    Answer,
    Audience,
    Candidate,
    Decline,
    EntryKind,
    Evidence,
    KnowledgeBase,
    Lookup,
    LookupMode,
    Reason,
    RequirementLevel,
    Role,
    Section,
)


class Lookups:
    """Finds the roles that require something, or don't.

    Args:
        knowledge_base: the content.
        subjects: finds what is required in the lines of a role.
        names: other names of the things that roles ask for.
    """

    def __init__(
        self, knowledge_base: KnowledgeBase, subjects: SubjectFinder, names: OtherNames
    ) -> None:
        self._knowledge_base = knowledge_base
        self._subjects = subjects
        self._names = names

    def find(
        self, asked: QuestionCues, words: Sequence[NamedWord], audience: Audience
    ) -> Answer | Decline | None:
        """Return the roles that a question looks up; None when it doesn't, or none fits.

        It is declined when it looks for roles without something that isn't understood: all roles
        would seem to do without it.
        """
        if not asked.looks_up:
            return None
        years = years_in(asked.text)
        subject = subject_of(words, self._names)
        understood = subject is not None and self._subjects.is_understood(subject)
        if years is not None:
            known = self._things_known(words) if asked.tells_of_oneself else None
            return self._by_years(years, known, audience)
        if subject is None:
            return None
        if subject.section == "experience" and not subject.words:
            # "Which roles don't need experience" looks for those that ask for no year of it.
            return self._by_years(0.0, None, audience) if asked.negates else None
        mode = LookupMode.REQUIRED if asked.wants_required_only else LookupMode.ANY
        if asked.negates:
            mode = LookupMode.WITHOUT
        found = None
        if self._subjects.is_sensible(subject) and (understood or not asked.negates):
            found = self._by_subject(subject, mode, audience)
        if found is None:
            return not_found(subject) if asked.negates or (understood and subject.words) else None
        return found

    def leaving_out(
        self, found: Answer, left_out: Sequence[NamedWord], roles: Iterable[str], audience: Audience
    ) -> Answer | Decline | None:
        """Return a look-up without some roles, or without those that require something else too.

        Args:
            found: the look-up.
            left_out: the words for what is left out.
            roles: the roles among them.
            audience: who asks.
        """
        fact = found.fact
        if not isinstance(fact, Lookup):
            return found
        gone = set(roles)
        subject = None if gone else subject_of(left_out, self._names)
        if subject is not None:
            if not self._subjects.is_understood(subject):
                return not_found(subject)
            gone = {
                role.id
                for role in self._knowledge_base.roles
                if self._requires(role, subject, audience)
            }
        lines = tuple(line for line in fact.lines if line.role not in gone)
        preferred = tuple(line for line in fact.preferred if line.role not in gone)
        if not lines and fact.mode is LookupMode.REQUIRED:
            fact, lines, preferred = replace(fact, mode=LookupMode.ANY), preferred, ()
        words = " ".join(one.asked for one in left_out)
        return _answer(replace(fact, lines=lines, preferred=preferred, without=words)) or (
            not_found(subject) if subject else None
        )

    def _requires(self, role: Role, subject: Subject, audience: Audience) -> bool:
        found = self._subjects.find(role.id, subject, audience)
        return bool(found) and found[0].level is RequirementLevel.REQUIRED

    def _things_known(self, words: Sequence[NamedWord]) -> Subject | None:
        """Return the things that somebody knows besides having experience; None for others."""
        others = [one for one in words if one.word not in EXPERIENCE]
        subject = subject_of(others, self._names)
        understood = subject is not None and self._subjects.is_understood(subject)
        return subject if understood else None

    def of_thing(self, subject: Subject, audience: Audience) -> Answer | None:
        """Return the roles that list a thing, in whatever way."""
        return self._by_subject(subject, LookupMode.ANY, audience)

    def repeat(self, mode: str, sought: str, audience: Audience) -> Answer | None:
        """Return the look-up of a key, over the content as it is now."""
        if mode not in set(LookupMode):
            return None
        years = None
        if mode == LookupMode.YEARS:
            # A key comes from a button, so it may be forged: "nan" and "1e9" are no years.
            number, _, sought = sought.partition(" ")
            digits = number.replace(".", "", 1)
            if not (digits.isascii() and digits.isdigit() and len(number) < 6):  # noqa: PLR2004
                return None
            years = float(number)
        subject = self._subject_in(sought)
        if years is not None:
            return self._by_years(years, subject, audience)
        return self._by_subject(subject, LookupMode(mode), audience) if subject else None

    def _subject_in(self, sought: str) -> Subject | None:
        capitals = frozenset(word.casefold() for word in sought.split() if word != word.casefold())
        return subject_of(self._names.read(sought.casefold().split(), capitals), self._names)

    def _by_years(self, years: float, subject: Subject | None, audience: Audience) -> Answer | None:
        fitting = {
            section.role: Evidence(section.id, "", RequirementLevel.REQUIRED)
            for section in self._sections("experience")
            if section.years and (section.years.min or 0) <= years
        }
        if subject is None:
            lines = tuple(fitting.values())
            return _answer(Lookup(ANY_EXPERIENCE, LookupMode.YEARS, lines, years=years))
        for any_of in (False, True):
            found = self._by_subject(subject.with_any_of(any_of), LookupMode.ANY, audience)
            fact = found.fact if found else None
            if isinstance(fact, Lookup):
                lines = tuple(line for line in fact.lines if line.role in fitting)
                if lines:
                    return _answer(Lookup(subject.text, LookupMode.YEARS, lines, years=years))
        return None

    def _by_subject(self, subject: Subject, mode: LookupMode, audience: Audience) -> Answer | None:
        required: list[Evidence] = []
        preferred: list[Evidence] = []
        without: list[Evidence] = []
        mentioned: list[Evidence] = []
        for role in self._knowledge_base.roles:
            found = self._subjects.find(role.id, subject, audience)
            # The best line comes first; of several things, the one that is asked for least.
            if found and _is_listed(found[0]):
                line = _joined(found) if len(subject.words) > 1 and not subject.any_of else found[0]
                if line.level is RequirementLevel.REQUIRED:
                    required.append(line)
                else:
                    preferred.append(line)
                    without.append(line)
                continue
            section = role.section(subject.section or "skills")
            if found and _is_mention(found[0], subject):
                mentioned.append(found[0])
            elif section:
                without.append(Evidence(section.id, "", RequirementLevel.NOT_LISTED))
        # What no role wants is probably no thing: each role would be one that does without it.
        if not required and not preferred:
            return None
        if mode is LookupMode.WITHOUT:
            return _answer(Lookup(subject.text, mode, tuple(without), tuple(mentioned)))
        if mode is LookupMode.REQUIRED and required:
            return _answer(Lookup(subject.text, mode, tuple(required), tuple(preferred)))
        lines = (*required, *preferred)
        return _answer(Lookup(subject.text, LookupMode.ANY, lines))

    def _sections(self, key: str) -> Iterator[Section]:
        return (section for role in self._knowledge_base.roles if (section := role.section(key)))


def _is_listed(line: Evidence) -> bool:
    return line.level in (RequirementLevel.REQUIRED, RequirementLevel.PREFERRED)


def _joined(lines: Sequence[Evidence]) -> Evidence:
    """Return the lines for several things as one."""
    texts = dict.fromkeys(line.text for line in lines if _is_listed(line))
    return Evidence(lines[0].entry, "; ".join(texts), lines[0].level)


def _is_mention(line: Evidence, subject: Subject) -> bool:
    """Return whether a line mentions a thing that it may ask for.

    The text about education says what the lists say, and often that no degree is needed.
    """
    return line.level is RequirementLevel.MENTIONED and not subject.section


def not_found(subject: Subject, role: Role | None = None) -> Decline:
    """Return the decline of a question about something that no role, or not this one, names."""
    return Decline(
        Reason.NOT_WRITTEN,
        nearest=(role.id,) if role else (),
        owner=role.owner if role else "",
        subject=subject.text,
    )


def _answer(fact: Lookup) -> Answer | None:
    if not fact.lines:
        return None
    entries = tuple(
        Candidate(line.entry, EntryKind.SECTION, line.role, CONFIDENCES.fact) for line in fact.lines
    )
    return Answer(entries, fact=fact)
