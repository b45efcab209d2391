"""Subjects of questions about requirements, and the lines of roles that name them.

A subject is a thing ("SQL"), a degree, a certificate, or experience in years.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from faqbot.matching.facts.evidence import EvidenceIndex, IndexedLine
from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.matching.thresholds import SCORE_WEIGHTS, THRESHOLDS
from faqbot.model import Evidence, RequirementLevel, Role


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
    demands accept accepts accepted know knows known knowing knowledge skill skills job jobs role
    roles position positions opening openings vacancy vacancies career careers occupation
    occupations apply applying applied application become becoming hired hire hires hiring
    candidate candidates applicant applicants person people someone somebody anyone really
    actually still absolutely strictly strict level good strong basic basics advanced deep proven
    solid useful learn learning able use uses using used thing things stuff ok okay enough
    background formal proper real work working works team start starting beginner junior senior
    new finished finishing finish completed go went going come hold holding holds being possible
    considered chance else question quick now here company prior previous first kind type sort
    least without dont doesnt listed list lists mentioned mention want wants wanted take takes
    involve involves which who whom land getting got turn down reject not no deal breaker hard
    dealbreaker yes either min minimum max years' well even maybe however honestly familiar
    familiarity proficiency proficient fluent understanding comfortable worth find show name every
    available offer offers there call calls look looking looks dealing deal professional
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
        words: the words that name a thing, in the singular.
        section: the key of the section that its kind belongs to; empty for a thing.
        grades: the degrees that are meant in particular.
        any_school: whether education below a university counts too.
        any_of: whether one of the words is enough.
    """

    text: str
    words: tuple[str, ...]
    section: str = ""
    grades: tuple[str, ...] = ()
    any_school: bool = False
    any_of: bool = False


def subject_of(asked: Sequence[str]) -> Subject | None:
    """Return the subject in the words of a question without its roles; None if there is none."""
    content = [word for word in asked if word not in STOP_WORDS and word not in _FILLERS]
    content = [word for word in content if not word.isdigit() and not word.startswith("@")]
    kinds = {kind for word in content if (kind := _kind(word))}
    words = tuple(dict.fromkeys(singular(word) for word in content if not _kind(word)))
    section = next((k for k in ("certifications", "education", "experience") if k in kinds), "")
    if len(words) > MAX_SUBJECT_WORDS or not (words or section):
        return None
    if section == "experience" and _YEARS_WORDS & set(content):
        words = ()
    grades = tuple(sorted({singular(word) for word in content if singular(word) in GRADES}))
    return Subject(
        " ".join(content),
        words,
        section,
        grades,
        any_school=bool(_SCHOOL & set(content)),
        any_of=bool(_OR & set(asked)),
    )


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

    def find(self, role: str, subject: Subject) -> tuple[Evidence, ...]:
        """Return the lines of a role that say something of the subject, best first."""
        lines = self._lines.lines_of(role)
        match subject.section:
            case "education" if not self._names_thing(subject):
                found = self._studies(lines, subject)
            case "certifications":
                found = self._of_kind(lines, subject)
            case "experience" if not self._names_thing(subject):
                found = [line for line in lines if line.section == "experience"]
            case _:
                found = self._named(lines, subject.words)
        if not found and len(subject.words) > 1:
            telling = next((word for word in subject.words if self.is_thing(word)), "")
            found = self._named(lines, (telling,)) if telling else []
        return tuple(one.line for one in found)

    def is_sensible(self, subject: Subject) -> bool:
        """Return whether the words beside "degree" or "certificate" are about one, in any role.

        "Support without a diploma" names a place to work, "a computer science degree" a degree.
        """
        if not subject.words or not self.section_of(subject):
            return True
        return self._lines.any_contains(subject.section, subject.words)

    def section_of(self, subject: Subject) -> str:
        """Return the section that the subject as a whole is about, or "" for a thing."""
        return "" if self._names_thing(subject) else subject.section

    def _names_thing(self, subject: Subject) -> bool:
        """Return whether some word of the subject is a thing that roles list."""
        return any(self.is_thing(word) for word in subject.words)

    def is_subject(self, word: str) -> bool:
        """Return whether a word names a thing, a degree or a certificate."""
        return bool(_kind(word)) or self.is_thing(word)

    def is_item(self, text: str) -> bool:
        """Return whether some role lists just that."""
        return self._lines.lists_item(text)

    def is_thing(self, word: str) -> bool:
        """Return whether a word names something that roles list, and no everyday thing."""
        return word not in self._everyday and self._lines.lists_word(word)

    def is_named(self, subject: Subject) -> bool:
        """Return whether the subject is a thing by its words alone, though no role may list it."""
        if not subject.words:
            return subject.section in ("education", "certifications")
        return all(
            self._lines.lists_item(word) or word not in self._everyday for word in subject.words
        )

    def _named(self, lines: Iterable[IndexedLine], words: Sequence[str]) -> list[IndexedLine]:
        """Return the lines with most of the words; running text needs all, one of them telling."""
        total = sum(self._weight(word) for word in words)
        scored: list[tuple[bool, float, IndexedLine]] = []
        for one in lines:
            hits = [
                word for word in words if one.contains(word, whole=self._lines.lists_word(word))
            ]
            share = sum(map(self._weight, hits)) / total if total else 0.0
            listed = one.line.level is not RequirementLevel.MENTIONED
            telling = any(word not in self._everyday for word in hits)
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
            fitting = narrow or fitting
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
