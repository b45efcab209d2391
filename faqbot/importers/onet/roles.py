"""Write occupations as role files, each with the attribution that the licence requires."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from faqbot.content.fields import make_id
from faqbot.content.writer import role_file
from faqbot.errors import UsageError
from faqbot.importers.onet.release import FAMILY_NAMES, Occupation, Release, family_of
from faqbot.matching.text import normalise, singular, words
from faqbot.model import Role, Section, Years

MIN_REQUIRED_IMPORTANCE: Final = 3.0
"""Importance (1 to 5) from which a skill is required: O*NET's “important”."""

MIN_PREFERRED_IMPORTANCE: Final = 2.5
"""Importance from which a skill is preferred; below, it is left out."""

MIN_EDUCATION_PERCENT: Final = 5.0
"""Percentage from which an answer about education is listed."""

MAX_TECHNOLOGIES: Final = 40
"""Technologies that a role lists at most, those in demand first."""

ATTRIBUTION: Final = (
    "This file includes information from the O*NET {number} Database by the U.S. Department of",
    "Labor, Employment and Training Administration (USDOL/ETA). Used under the CC BY 4.0 license",
    "(https://creativecommons.org/licenses/by/4.0/). O*NET® is a trademark of USDOL/ETA.",
    "faqbot has modified the information. USDOL/ETA has not approved, endorsed or tested this.",
)
"""Attribution that the licence requires: https://www.onetcenter.org/license_db.html"""

_SVP_MONTHS: Final = {1: 0.0, 2: 0.0, 3: 1.0, 4: 3.0, 5: 6.0, 6: 12.0, 7: 24.0, 8: 48.0, 9: 120.0}
"""Months of preparation at which each level of Specific Vocational Preparation begins.

Dictionary of Occupational Titles, appendix C.
"""


@dataclass(frozen=True, slots=True)
class OccupationRole:
    """A role made of an occupation, the text of its file, and what the release lacks."""

    role: Role
    text: str
    gaps: tuple[str, ...]
    shared_titles: tuple[str, ...]


def build_roles(release: Release, occupations: Sequence[Occupation]) -> Iterator[OccupationRole]:
    """Yield each occupation as a role; related occupations that aren't imported are left out."""
    ids = _ids(occupations)
    codes_by_title = _occupations_by_title(occupations)
    for occupation in occupations:
        yield _build_role(release, occupation, ids, codes_by_title)


def _ids(occupations: Sequence[Occupation]) -> Mapping[str, str]:
    taken: set[str] = set()
    ids = {}
    for occupation in occupations:
        ids[occupation.code] = make_id(occupation.title, taken)
        taken.add(ids[occupation.code])
    return ids


def _occupations_by_title(occupations: Sequence[Occupation]) -> Mapping[str, frozenset[str]]:
    """Return the codes of the occupations with a title, by the normalised title."""
    codes_by_title: defaultdict[str, set[str]] = defaultdict(set)
    for occupation in occupations:
        for title in (occupation.title, *occupation.titles):
            codes_by_title[_folded(title)].add(occupation.code)
    return {title: frozenset(codes) for title, codes in codes_by_title.items()}


def _build_role(
    release: Release,
    occupation: Occupation,
    ids: Mapping[str, str],
    codes_by_title: Mapping[str, frozenset[str]],
) -> OccupationRole:
    named = ids[occupation.code]
    own: dict[str, str] = {}
    shared: list[str] = []
    for title in occupation.titles:
        key = _folded(title)
        if key == _folded(occupation.title) or key in own:
            continue
        # A title of two roles always leads to the question which one is meant, so neither gets it.
        if len(codes_by_title[key]) > 1:
            shared.append(title)
        else:
            own[key] = title
    related = tuple(ids[code] for code in occupation.related if code in ids)
    role = Role(
        named,
        occupation.title,
        aliases=tuple(own.values()),
        family=family_of(occupation.code),
        onet=occupation.code,
        related=related,
        sections=tuple(_sections(named, occupation)),
    )
    gaps = tuple(_gaps(occupation))
    notes: dict[str, list[str]] = {}
    if shared:
        titles = "; ".join(shared)
        notes["aliases"] = [f"shared: titles of other occupations too, left out here: {titles}"]
    if gaps:
        notes["title"] = [f"check: the release says nothing about {gap}" for gap in gaps]
    source = [line.format(number=release.number) for line in ATTRIBUTION]
    text = role_file(role, schema="../schema.json", heading=source, notes=notes)
    return OccupationRole(role, text, gaps, tuple(shared))


def _sections(role: str, occupation: Occupation) -> Iterator[Section]:
    yield Section(role, "overview", "Overview", text=occupation.description)
    if occupation.tasks:
        yield Section(role, "responsibilities", "Responsibilities", items=occupation.tasks)
    required = [one.name for one in occupation.ratings if one.importance >= MIN_REQUIRED_IMPORTANCE]
    useful = [
        one.name
        for one in occupation.ratings
        if MIN_PREFERRED_IMPORTANCE <= one.importance < MIN_REQUIRED_IMPORTANCE
    ]
    if required or useful:
        yield Section(role, "skills", "Skills", required=tuple(required), preferred=tuple(useful))
    if occupation.education or (occupation.zone and occupation.zone.education):
        shares = [
            f"{share.answer}: {share.percent:.0f} %"
            for share in occupation.education
            if share.percent >= MIN_EDUCATION_PERCENT
        ]
        text = occupation.zone.education if occupation.zone else ""
        if shares:
            text += "\n\nWhat those who do the work say is needed:"
        yield Section(role, "education", "Education", text=text.strip(), items=tuple(shares))
    zone = occupation.zone
    if zone is not None:
        text = f"Job zone {zone.number}: {zone.experience} {zone.training}".strip()
        yield Section(role, "experience", "Experience", text=text, years=svp_years(zone.svp))
    if occupation.technologies:
        yield Section(
            role,
            "technology",
            "Technology",
            items=tuple(_technologies(occupation)),
            phrasings=(
                "which software does a {role} use",
                "what tools and technology does a {role} work with",
                "which programs must a {role} know",
            ),
        )


def _technologies(occupation: Occupation) -> Iterator[str]:
    ordered = sorted(
        occupation.technologies, key=lambda one: (not one.in_demand, not one.hot, one.name)
    )
    for one in ordered[:MAX_TECHNOLOGIES]:
        marks = ", ".join(
            mark for mark, holds in (("in demand", one.in_demand), ("hot", one.hot)) if holds
        )
        yield f"{one.name} ({marks})" if marks else one.name


def svp_years(svp: str) -> Years | None:
    """Return the years of a range of Specific Vocational Preparation such as “7.0 to < 8.0”."""
    numbers = [int(float(found)) for found in re.findall(r"\d+(?:\.\d+)?", svp)]
    if not numbers or any(number not in _SVP_MONTHS for number in numbers):
        return None
    low = _SVP_MONTHS[numbers[0]] if len(numbers) > 1 or "below" not in svp.lower() else 0.0
    high = _SVP_MONTHS[numbers[-1]]
    years = [round(months / 12, 1) for months in (low, high)]
    return Years(years[0], years[1] if years[1] > years[0] else None)


def _gaps(occupation: Occupation) -> Iterator[str]:
    for name, found in (
        ("tasks", occupation.tasks),
        ("skills", occupation.ratings),
        ("education", occupation.education),
        ("the job zone", occupation.zone),
        ("technology", occupation.technologies),
    ):
        if not found:
            yield name


def _folded(title: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", title.casefold()).split())


def gaps_summary(written: Sequence[OccupationRole]) -> str:
    """Return on one line how many roles lack which part."""
    counts = Counter(gap for one in written for gap in one.gaps)
    return ", ".join(f"{count} without {gap}" for gap, count in counts.most_common())


_CODE: Final = re.compile(r"[0-9]{2}(-[0-9]{0,4}|-[0-9]{4}\.[0-9]{0,2})?")
_MAX_NAMED: Final = 5
"""Occupations that an error message names at most."""


def select_occupations(
    occupations: Sequence[Occupation], selectors: Sequence[str]
) -> tuple[Occupation, ...]:
    """Return the selected occupations in the order of their codes; all without a selector.

    A selector is an O*NET-SOC code or the beginning of one (`15-1252.00`, `15-12`, `15`), a
    title, or the name of a family.

    Raises:
        UsageError: A selector matches no occupation; the message names the nearest.
    """
    if not selectors:
        return tuple(occupations)
    codes = {
        one.code
        for selector in selectors
        for one in _matching_occupations(occupations, selector.strip())
    }
    return tuple(one for one in occupations if one.code in codes)


def title_key(text: str) -> str:
    """Return a title or family for comparison: without case, plural and punctuation."""
    return " ".join(singular(word) for word in words(normalise(text)))


def _matching_occupations(occupations: Sequence[Occupation], selector: str) -> list[Occupation]:
    if _CODE.fullmatch(selector):
        # A major group is written 15-0000, but the codes in it begin with 15 only.
        start = selector.removesuffix("-0000")
        found = [one for one in occupations if one.code.startswith(start)]
        if found:
            return found
        raise UsageError(f"No occupation has a code that begins with {selector}: try a title.")
    key = title_key(selector)
    found = [one for one in occupations if title_key(one.title) == key]
    found = found or [one for one in occupations if title_key(family_of(one.code)) == key]
    if key and found:
        return found
    raise UsageError(_advice(occupations, selector, key))


def _advice(occupations: Sequence[Occupation], selector: str, key: str) -> str:
    others = [one for one in occupations if any(title_key(title) == key for title in one.titles)]
    if key and others:
        titles = _names(others)
        return f"{selector!r} is another title of {titles}: give a code or one of these titles."
    from rapidfuzz import fuzz, process

    names = {one.title: f"{one.title} ({one.code})" for one in occupations}
    names |= {name: f"the family {name} ({digits})" for digits, name in FAMILY_NAMES.items()}
    near = process.extract(
        key, {name: title_key(name) for name in names}, scorer=fuzz.WRatio, limit=3
    )
    meant = "; ".join(names[name] for _, _, name in near)
    return f"No occupation or family is called {selector!r}. The nearest: {meant}."


def _names(occupations: Iterable[Occupation]) -> str:
    names = [f"{one.title} ({one.code})" for one in occupations]
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + more
