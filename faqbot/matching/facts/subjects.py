"""Subjects of questions about requirements, and the lines of roles that name them.

A subject is a thing ("SQL"), a degree, a certificate, or experience in years.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from faqbot.matching.facts.evidence import EvidenceIndex, IndexedLine
from faqbot.matching.facts.other_names import NamedWord, OtherNames, is_mark, unmarked
from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.matching.thresholds import SCORE_WEIGHTS, THRESHOLDS
from faqbot.model import Audience, Evidence, RequirementLevel, Role


def names_role(role: Role, text: str) -> bool:
    """Return whether a normalised text names a role by one of its titles."""
    titles = (" ".join(words(normalise(title))) for title in (role.title, *role.aliases))
    return any(f" {title} " in f" {text} " or f" {title}s " in f" {text} " for title in titles)


GRADES: Final = frozenset({"bachelor", "master", "phd", "doctorate", "mba", "bsc", "msc"})
DEGREES: Final = GRADES | frozenset(
    "degree diploma university college uni graduate studied graduated studies school schooling "
    "education academic study".split()
)
CERTIFICATES: Final = frozenset(
    "certificate certificates certification certifications cert certs certified license licence "
    "licenses licences licensed".split()
)
EXPERIENCE: Final = frozenset(
    "exp experience experienced year years yrs yr yoe month months".split()
)

_AWARDED: Final = frozenset({"degree", "bachelor", "master", "mba", "phd"})
"""Words of lines that ask for studies at a university."""

_SCHOOL: Final = frozenset({"diploma", "school", "schooling", "education"})
"""Words that ask for any education, school included."""

_FILLERS: Final = frozenset(
    """
    mandatory compulsory obligatory required require requires requirement requirements necessary
    neccessary essential optional must need needs needed prerequisite preferred have plus
    advantage bonus nice help helps helpful matter matters crucial important ask asked asks insist
    insists expected expect expects indispensable should supposed beneficial demand demanded
    demands accept accepts accepted asking needing requiring using wanting expecting demanding
    accepting know knows known knowing knowledge skill skills job jobs role roles position
    positions opening openings vacancy vacancies career careers occupation occupations apply
    applying applied application become becoming hired hire hires hiring candidate candidates
    applicant applicants person people someone somebody anyone really actually still absolutely
    strictly strict level good strong basic basics advanced deep proven solid useful learn
    learning able use uses used thing things stuff ok okay enough background formal proper real
    work working works team start starting beginner junior senior new finished finishing finish
    completed go went going come hold holding holds being possible considered chance else question
    quick now here company prior previous first kind type sort least without listed
    list lists mentioned mention want wants wanted take takes involve involves which who whom land
    getting got turn down reject not no deal breaker hard dealbreaker yes either min minimum max
    well even maybe however honestly familiar familiarity proficiency proficient fluent
    understanding comfortable worth find show name every fit fits fitting suit suits suitable
    match matches available offer offers there call calls look looking looks dealing professional
    never neither nor ones right correct true
    """.split()
)
_YEARS_WORDS: Final = frozenset("year years yrs yr yoe month months".split())
_OR: Final = frozenset({"or"})
MAX_SUBJECT_WORDS: Final = 4
"""Words of the longest name of a single thing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question about requirements asks for.

    Attributes:
        text: its words as asked.
        words: the words that name a thing, in the singular, and the marks of names.
        section: the key of the section that its kind belongs to; empty for a thing.
        grades: the degrees that are meant in particular.
        any_school: whether education below a university counts too.
        any_of: whether one of the words is enough.
        things: the marks of things of the kind that the words name ("programming").
        phrases: the words as asked, where several stand together, alone and with the word before.
    """

    text: str
    words: tuple[str, ...]
    section: str = ""
    grades: tuple[str, ...] = ()
    any_school: bool = False
    any_of: bool = False
    things: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()

    def with_any_of(self, any_of: bool) -> Subject:  # noqa: FBT001
        """Return the subject with one of its things, or all of them, asked for."""
        return replace(self, any_of=any_of)


def subject_of(asked: Sequence[NamedWord], names: OtherNames) -> Subject | None:
    """Return the subject in the words of a question without its roles; None if there is none."""
    content = [one for one in asked if one.is_name or _names_something(one.word)]
    kinds = {kind for one in content if (kind := _kind(one.word))}
    words = tuple(
        dict.fromkeys(
            one.word if one.is_name else singular(one.word)
            for one in content
            if not _kind(one.word)
        )
    )
    section = next((k for k in ("certifications", "education", "experience") if k in kinds), "")
    if len(words) > MAX_SUBJECT_WORDS or not (words or section):
        return None
    plain = {one.word for one in content}
    if section == "experience" and _YEARS_WORDS & plain:
        words = ()
    grades = tuple(sorted({singular(word) for word in plain if singular(word) in GRADES}))
    any_of = any(one.word in _OR for one in asked)
    asked_names = [one.asked for one in content if one.asked]
    several = len(content) > 1 and all(one.is_name for one in content)
    return Subject(
        (" or " if several and any_of else " and " if several else " ").join(asked_names),
        words,
        section,
        grades,
        any_school=bool(_SCHOOL & plain),
        any_of=any_of,
        things=names.things_of(words) if section in ("", "experience") else frozenset(),
        phrases=_phrases([one.word for one in asked], {one.word for one in content}),
    )


def _phrases(asked: Sequence[str], content: AbstractSet[str]) -> tuple[str, ...]:
    """Return the words from the first that names something to the last, if all between do.

    A filler before them may belong to the name: "first aid". A single word is no phrase.
    """
    at = [number for number, word in enumerate(asked) if word in content]
    if not at or at[-1] - at[0] + 1 != len(at):
        return ()
    found = [asked[at[0] : at[-1] + 1]]
    if at[0] and asked[at[0] - 1] not in STOP_WORDS:
        found.append(asked[at[0] - 1 : at[-1] + 1])
    return tuple(" ".join(phrase) for phrase in found if len(phrase) > 1)


def _names_something(word: str) -> bool:
    if word in STOP_WORDS or word in _FILLERS:
        return False
    return not (word.isdigit() or word.startswith("@"))


def _kind(word: str) -> str:
    if word in CERTIFICATES:
        return "certifications"
    if word in DEGREES or singular(word) in DEGREES:
        return "education"
    return "experience" if word in EXPERIENCE else ""


class SubjectFinder:
    """Finds subjects in the lines of roles.

    Args:
        lines: the lines of all roles.
        everyday: the most frequent words of the language, which name no thing by themselves.
    """

    def __init__(self, lines: EvidenceIndex, everyday: frozenset[str]) -> None:
        self._lines = lines
        self._everyday = everyday

    def find(self, role: str, subject: Subject, audience: Audience) -> tuple[Evidence, ...]:
        """Return the lines of a role that say something of the subject, best first."""
        lines = self._lines.lines_of(role, audience)
        match subject.section:
            case "education":
                found = self._studies(lines, subject)
                if not found and self._names_thing(subject):
                    found = self._named(lines, subject.words)
            case "certifications":
                found = self._of_kind(lines, subject)
            case "experience" if self.section_of(subject):
                found = [line for line in lines if line.section == "experience"]
            case _:
                found = self._named(lines, subject.words)
                if subject.things:
                    fitting = {*found, *_with_things(lines, subject.things)}
                    found = [line for line in lines if line in fitting]
        if not found:
            telling = self._telling_word(subject)
            found = self._named(lines, (telling,)) if telling else []
        listed = any(one.line.level is not RequirementLevel.MENTIONED for one in found)
        # A sentence about several things says less of them than the lists, which name each.
        if len(self._things_in(subject)) == len(subject.words) > 1:
            if not listed:
                return self._of_each(role, subject, audience)
            found = [one for one in found if one.line.level is found[0].line.level]
        return tuple(one.line for one in found)

    def _of_each(self, role: str, subject: Subject, audience: Audience) -> tuple[Evidence, ...]:
        """Return a line for each of several things: the weakest first, or with "or" the strongest.

        A thing that no line names has one with the level NOT_LISTED, unless all are missing.
        """
        lines = self._lines.lines_of(role, audience)
        found = {word: self._named(lines, (word,)) for word in subject.words}
        if not any(found.values()):
            return ()
        of_each = [one[0].line for one in found.values() if one]
        if not subject.any_of:
            of_each += [
                Evidence(f"{role}/skills", unmarked(word), RequirementLevel.NOT_LISTED)
                for word, one in found.items()
                if not one
            ]
        levels = tuple(RequirementLevel)
        return tuple(
            sorted(of_each, key=lambda line: levels.index(line.level), reverse=not subject.any_of)
        )

    def _things_in(self, subject: Subject) -> list[str]:
        return [word for word in subject.words if is_mark(word) or self.is_thing(word)]

    def _telling_word(self, subject: Subject) -> str:
        """Return the word that names the thing, if all others are everyday words; "" if none is.

        "Python skills" are Python, while "Azure Sentinel" is more than Azure.
        """
        things = self._things_in(subject)
        others = [word for word in subject.words if word not in things]
        clear = len(things) == 1 and others and all(word in self._everyday for word in others)
        return things[0] if clear else ""

    def is_sensible(self, subject: Subject) -> bool:
        """Return whether the words beside "degree" or "certificate" are about one, in any role.

        "Support without a diploma" names a place to work, "a computer science degree" a degree.
        """
        if not subject.words or not self.section_of(subject):
            return True
        return self._lines.any_contains(subject.section, subject.words)

    def section_of(self, subject: Subject) -> str:
        """Return the section that the subject as a whole is about, or "" for a thing."""
        if self._names_thing(subject) or subject.things:
            return ""
        # Experience with what no everyday word names is experience with that thing.
        return "" if subject.section == "experience" and self.is_rare(subject) else subject.section

    def _names_thing(self, subject: Subject) -> bool:
        """Return whether some word of the subject is a name, or a thing that roles list."""
        return bool(self._things_in(subject))

    def is_subject(self, word: str) -> bool:
        """Return whether a word names a thing, a degree or a certificate."""
        return bool(_kind(word)) or self.is_thing(word)

    def is_item(self, text: str) -> bool:
        """Return whether some role lists just that."""
        return self._lines.lists_item(text)

    def is_thing(self, word: str) -> bool:
        """Return whether a word names something that roles list, and no everyday thing."""
        return word not in self._everyday and self._lines.lists_word(word)

    def is_understood(self, subject: Subject) -> bool:
        """Return whether all words of the subject are known to name what roles ask for.

        Only then it says something that a role doesn't name it. A kind of thing is never enough:
        a role may ask for it in other words.
        """
        if subject.things:
            return False
        if not subject.words:
            return subject.section in ("education", "certifications")
        if self.is_listed(subject):
            return True
        return all(
            is_mark(word) or self._lines.lists_item(word) or self.is_thing(word)
            for word in subject.words
        )

    def is_listed(self, subject: Subject) -> bool:
        """Return whether a role lists just that, or names it within what it lists.

        "Deck oven" is named in "two years at a deck oven": one of the words is no everyday word.
        """
        if self._lines.lists_item(subject.text):
            return True
        # Everyday words name a thing together: "rope access".
        if any(self._lines.lists_phrase(phrase) for phrase in subject.phrases):
            return True
        names = [word for word in subject.words if is_mark(word)]
        if names and len(names) == len(subject.words):
            return all(self._lines.lists_word(name) for name in names)
        several = len(subject.words) > 1
        return several and self._names_thing(subject) and self._lines.lists_together(subject.words)

    def is_rare(self, subject: Subject) -> bool:
        """Return whether some word of the subject is no everyday word."""
        return any(word not in self._everyday for word in subject.words)

    def touches(self, role: str, section: str, subject: Subject) -> bool:
        """Return whether a section of a role has some word of the subject."""
        return any(
            one.section == section and any(one.contains(word) for word in subject.words)
            for one in self._lines.lines_of(role, Audience.EVERYONE)
        )

    def _named(self, lines: Iterable[IndexedLine], words: Sequence[str]) -> list[IndexedLine]:
        """Return the lines with most of the words; running text needs all, one of them telling."""
        wanted = [(word, self._lines.lists_word(word), self._weight(word)) for word in words]
        total = sum(weight for *_, weight in wanted)
        scored: list[tuple[bool, float, IndexedLine]] = []
        for one in lines:
            hits = [found for found in wanted if one.contains(found[0], whole=found[1])]
            if not hits:
                continue
            share = sum(weight for *_, weight in hits) / total
            listed = one.line.level is not RequirementLevel.MENTIONED
            telling = any(word not in self._everyday for word, *_ in hits)
            # Running text must hold all of the words; the sum of weights may miss 1 by a hair.
            if share >= THRESHOLDS.min_line_share and (listed or (telling and share > 1 - 1e-9)):
                scored.append((listed, share, one))
        return [one for *_, one in sorted(scored, key=lambda row: (not row[0], -row[1]))]

    def _studies(self, lines: Iterable[IndexedLine], subject: Subject) -> list[IndexedLine]:
        inside = [one for one in lines if one.section == "education"]
        wanted = frozenset(subject.grades) or _AWARDED
        if subject.any_school:
            wanted |= _SCHOOL
        fitting = [one for one in inside if any(one.contains(word) for word in wanted)]
        if subject.words:
            narrow = [one for one in fitting if any(one.contains(word) for word in subject.words)]
            # A subject of studies that no line has is another degree than those that are listed.
            fitting = narrow or ([] if self.is_rare(subject) else fitting)
        return fitting

    def _of_kind(self, lines: Iterable[IndexedLine], subject: Subject) -> list[IndexedLine]:
        inside = [one for one in lines if one.section == subject.section]
        if not subject.words:
            return inside
        named = self._named(inside, subject.words)
        return named or self._named(
            [one for one in lines if one.line.level is not RequirementLevel.MENTIONED],
            subject.words,
        )

    def _weight(self, word: str) -> float:
        return SCORE_WEIGHTS.everyday_word if word in self._everyday else 1.0


def _with_things(lines: Iterable[IndexedLine], things: frozenset[str]) -> list[IndexedLine]:
    """Return the lines that list one of some things."""
    return [
        one
        for one in lines
        if one.line.level is not RequirementLevel.MENTIONED
        and any(one.contains(thing, whole=True) for thing in things)
    ]
