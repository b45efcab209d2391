"""Answers from the data of roles, where a question asks for what the data says exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from faqbot.matching.facts.cues import Asked
from faqbot.matching.facts.lines import Lines
from faqbot.matching.facts.lookups import Lookups
from faqbot.matching.facts.subjects import Subject, Subjects, subject_of
from faqbot.matching.text import normalise, words
from faqbot.matching.understood import Understood, certainty, link_groups
from faqbot.model import (
    Answered,
    Candidate,
    Comparison,
    Declined,
    Fact,
    Faq,
    Kind,
    Level,
    Library,
    LinkedBy,
    NextStep,
    Outcome,
    Requirement,
    Role,
    RoleLink,
)

SURE: Final = 0.95
"""How often a fact is what was asked for, on the development questions about facts."""

NOT_LISTED: Final = 0.9
"""The same for a thing that a role does not list."""

MOST_ROLES: Final = 3
"""As many roles can stand side by side."""

_PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        word: key
        for key, said in {
            "skills": "skill skills tools",
            "education": "education degree degrees studies schooling",
            "certifications": "certificate certificates certification certifications certs",
            "experience": "experience years yoe",
            "responsibilities": "responsibility responsibilities duties tasks duty",
            "day-to-day": "day daily everyday",
            "overview": "overview",
        }.items()
        for word in said.split()
    }
)


class FactFinder:
    """Finds facts in one library.

    Args:
        library: the content.
        everyday: the most frequent words of the language.
    """

    def __init__(self, library: Library, everyday: frozenset[str] = frozenset()) -> None:
        self._library = library
        self._subjects = Subjects(Lines(library), everyday)
        self._lookups = Lookups(library, self._subjects)

    def refine(self, understood: Understood, outcome: Outcome) -> Outcome:
        """The outcome, or the answer that the data gives more exactly."""
        if understood.reading.unknown_role or not understood.words:
            return outcome
        asked = Asked(_marked(understood))
        links = _single_links(understood)
        if links is None:
            return outcome
        named = [link for link in links if link.by is not LinkedBy.CONVERSATION]
        found: Answered | None = None
        plain = Asked(" ".join(understood.words))
        in_part = all(link.by is LinkedBy.PARTIAL for link in named)
        if not named or (in_part and plain.asks_for_roles):
            # "Which roles use Python?" names a thing that is part of a title.
            found = self._lookups.find(plain, understood.words)
        if found is not None:
            return found
        if len(links) > 1:
            found = self._step(asked, links) or self._compared(asked, links, outcome)
        elif named and asked.asks_what_is_next:
            found = self._next(links[0], outcome)
        if found is None and len(links) == 1:
            found = self._needed(asked, links[0], outcome)
        return found or outcome

    def at(self, key: str) -> Answered | None:
        """The fact that a key stands for; None when it stands for nothing here."""
        kind, _, rest = key.partition(" ")
        if kind == "=find":
            wanted, _, said = rest.partition(" ")
            return self._lookups.again(wanted, said)
        words_left = rest.split()
        part = words_left.pop(0) if kind == "=compare" and words_left else ""
        roles = [role for role_id in words_left if (role := self._library.role(role_id))]
        if len(roles) != len(words_left) or not roles:
            return None
        ids = tuple(dict.fromkeys(role.id for role in roles))
        if kind == "=compare" and 1 < len(ids) <= MOST_ROLES:
            part = "" if part == "-" else part
            return self._answer(Comparison(ids, part), ids, 1.0, part)
        if kind == "=next":
            step = NextStep(ids[0], ids[1:])
            return self._answer(step, (*ids[1:], ids[0]), 1.0)
        return None

    # -- roles side by side

    def _compared(
        self, asked: Asked, links: Sequence[RoleLink], outcome: Outcome
    ) -> Answered | None:
        ids = tuple(dict.fromkeys(link.role for link in links))
        if not asked.compares or not 1 < len(ids) <= MOST_ROLES:
            return None
        parts = {key for word in asked.text.split() if (key := _PARTS.get(word))}
        part = parts.pop() if len(parts) == 1 else ""
        sure = _surely(links)
        answer = self._answer(Comparison(ids, part), ids, sure, part)
        about = self._faq_about(outcome, ids) if not part else None
        return replace(answer, entries=(about, *answer.entries)) if about else answer

    def _faq_about(self, outcome: Outcome, roles: Sequence[str]) -> Candidate | None:
        """The FAQ that answers, when it tells these very roles apart."""
        if not isinstance(outcome, Answered):
            return None
        best = outcome.entries[0]
        entry = self._library.entry(best.id)
        if not isinstance(entry, Faq) or entry.role not in roles:
            return None
        said = " ".join(words(normalise(" . ".join((entry.question, *entry.phrasings)))))
        others = [self._library.role(role) for role in roles if role != entry.role]
        return best if all(role and _names(role, said) for role in others) else None

    # -- from role to role

    def _step(self, asked: Asked, links: Sequence[RoleLink]) -> Answered | None:
        step = asked.step()
        if step is None or len(links) != 2 or max(step) > 1:  # noqa: PLR2004 - from one to another
            return None
        origin, target = links[step[0]], links[step[1]]
        if origin.role == target.role:
            return None
        fact = NextStep(origin.role, (target.role,))
        return self._answer(fact, (target.role, origin.role), _surely(links))

    def _next(self, link: RoleLink, outcome: Outcome) -> Answered | None:
        role = self._library.role(link.role)
        if role is None or not role.next_roles or _faq_answers(outcome):
            return None
        targets = tuple(one for one in role.next_roles if self._library.role(one))[:MOST_ROLES]
        return self._answer(NextStep(role.id, targets), (*targets, role.id), _surely([link]))

    # -- required or preferred

    def _needed(self, asked: Asked, link: RoleLink, outcome: Outcome) -> Answered | None:
        several = isinstance(outcome, Answered) and len(outcome.entries) > 1
        subject = subject_of([word for word in asked.text.split() if not word.startswith("@")])
        if not asked.needs or several or subject is None:
            return None
        role = self._library.role(link.role)
        assert role is not None
        fact, entry = self._requirement(role, subject, asked)
        if fact is None:
            return None
        if isinstance(outcome, Answered) and outcome.entries[0].kind is Kind.FAQ:
            if fact.level is Level.NOT_LISTED or not fact.lines:
                return None
            return replace(outcome, fact=fact)
        if fact.level is Level.NOT_LISTED and isinstance(outcome, Declined) and not subject.words:
            return None
        sure = NOT_LISTED if fact.level is Level.NOT_LISTED else SURE
        confidence = round(sure * certainty(link), 4)
        return Answered((Candidate(entry, Kind.SECTION, role.id, confidence),), fact=fact)

    def _requirement(
        self, role: Role, subject: Subject, asked: Asked
    ) -> tuple[Requirement | None, str]:
        lines = self._subjects.find(role.id, subject)
        opposite = asked.other_way_round
        about = self._subjects.section_of(subject)
        if about == "experience":
            section = role.section("experience")
            if section is None or section.years is None:
                return None, ""
            level = Level.REQUIRED if section.years.min else Level.PREFERRED
            return Requirement(role.id, subject.said, level, lines[:1], opposite), section.id
        if lines:
            level = lines[0].level
            kept = tuple(line for line in lines if line.level is level)
            return Requirement(role.id, subject.said, level, kept[:3], opposite), lines[0].entry
        section = role.section(about or "skills") or role.section("skills")
        if section is None or not self._subjects.is_named(subject):
            return None, ""
        return Requirement(role.id, subject.said, Level.NOT_LISTED, (), opposite), section.id

    def _answer(self, fact: Fact, roles: Sequence[str], sure: float, part: str = "") -> Answered:
        entries = []
        for role_id in roles:
            role = self._library.role(role_id)
            section = role.section(part) if role and part else None
            kind = Kind.SECTION if section else Kind.ROLE
            entries.append(
                Candidate(section.id if section else role_id, kind, role_id, round(sure, 4))
            )
        return Answered(tuple(entries), fact=fact)


def _marked(understood: Understood) -> str:
    """The words of a question with each mention of a role as a number."""
    said = list(understood.words)
    numbered = sorted(enumerate(understood.mentions), key=lambda pair: -pair[1].start)
    for number, mention in numbered:
        said[mention.start : mention.end] = [f"@{number}"]
    return " ".join(said)


def _single_links(understood: Understood) -> list[RoleLink] | None:
    """The role of each mention, in reading order; None where a mention is ambiguous."""
    groups = link_groups(understood.reading.links)
    if any(len(group) > 1 for group in groups):
        return None
    if understood.mentions:
        return [mention.links[0] for mention in understood.mentions]
    return [group[0] for group in groups]


def _surely(links: Sequence[RoleLink]) -> float:
    sure = SURE
    for link in links:
        sure *= certainty(link)
    return sure


def _faq_answers(outcome: Outcome) -> bool:
    return isinstance(outcome, Answered) and outcome.entries[0].kind is Kind.FAQ


def _names(role: Role, said: str) -> bool:
    """Whether normalised words name a role by one of its titles."""
    titles = (" ".join(words(normalise(title))) for title in (role.title, *role.aliases))
    return any(f" {title} " in f" {said} " or f" {title}s " in f" {said} " for title in titles)
