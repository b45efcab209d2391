"""Export a role as a job advertisement: in Markdown, and as a JobPosting of schema.org."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from markdown_it import MarkdownIt

from faqbot.model import Role, Section
from faqbot.replies.entries import years_of

EMPLOYMENT_TYPES: Final = (
    "FULL_TIME",
    "PART_TIME",
    "CONTRACTOR",
    "TEMPORARY",
    "INTERN",
    "VOLUNTEER",
    "PER_DIEM",
    "OTHER",
)
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False})
_DEGREES: Final = (
    ("doctor", "postgraduate degree"),
    ("phd", "postgraduate degree"),
    ("master", "postgraduate degree"),
    ("bachelor", "bachelor degree"),
    ("associate degree", "associate degree"),
    ("high school", "high school"),
)
"""Words of a degree, and the category of it that search engines know."""


def advert(role: Role) -> str:
    """Return a job advertisement in Markdown that a Slack canvas can show.

    The parts have the usual order: overview, duties, education and experience, required skills,
    nice-to-haves. Parts that the role doesn't have are left out.
    """
    parts = [f"# {role.title}"]
    for title, lines in (
        ("About the role", _texts(role.section("overview"))),
        ("What you will do", _duties(role)),
        ("Education and experience", _background(role)),
        ("Required skills", _bullets(_listed(role, "skills", required=True))),
        ("Nice to have", _bullets(_pluses(role))),
    ):
        block = "\n".join(lines).strip()
        if block:
            parts.append(f"## {title}\n\n{block}")
    return "\n\n".join(parts) + "\n"


def _texts(section: Section | None) -> Iterator[str]:
    if section is None:
        return
    if section.text.strip():
        yield section.text.strip()
        yield ""
    yield from _bullets((*section.items, *section.required, *section.preferred))


def _duties(role: Role) -> Iterator[str]:
    yield from _texts(role.section("responsibilities") or role.section("day-to-day"))


def _background(role: Role) -> Iterator[str]:
    years = years_of(role)
    if years:
        yield f"- {years} of experience" if "year" in years else f"- {years}"
    education = role.section("education")
    if education is None:
        return
    yield from _bullets((*education.required, *education.items))
    yield from _bullets(f"{item} (preferred)" for item in education.preferred)
    if not (education.required or education.items or education.preferred) and education.text:
        yield f"\n{education.text.strip()}"


def _pluses(role: Role) -> Iterator[str]:
    yield from _listed(role, "skills", required=False)
    certifications = role.section("certifications")
    if certifications is not None:
        yield from certifications.required
        yield from certifications.preferred
        yield from certifications.items


def _listed(role: Role, key: str, *, required: bool) -> tuple[str, ...]:
    section = role.section(key)
    if section is None:
        return ()
    return (*section.required, *section.items) if required else section.preferred


def _bullets(items: Iterable[str]) -> Iterator[str]:
    return (f"- {' '.join(item.split())}" for item in items)


@dataclass(frozen=True, slots=True)
class JobOpening:
    """Facts about an opening that a role doesn't contain. Empty fields are left out."""

    organization: str = ""
    website: str = ""
    locality: str = ""
    country: str = ""
    remote: bool = False
    employment_type: str = ""
    posted: dt.date | None = None
    until: dt.date | None = None
    link: str = ""


def job_posting(role: Role, opening: JobOpening) -> dict[str, Any]:
    """Return a role as a JobPosting with the properties that the role or the opening states.

    Types and properties are those of https://schema.org/JobPosting.
    """
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "identifier": {"@type": "PropertyValue", "name": "faqbot", "value": role.id},
        "title": role.title,
        "description": _MARKDOWN.render(advert(role)).strip(),
    }
    more = (*_role_properties(role), *_opening_properties(opening))
    return found | {name: value for name, value in more if value}


def missing_options(found: dict[str, Any]) -> tuple[str, ...]:
    """Return the options that would add properties which search engines ask for."""
    options = {
        "datePosted": "--posted",
        "hiringOrganization": "--organization",
        "jobLocation": "--locality and --country",
    }
    if found.get("jobLocationType"):
        del options["jobLocation"]
    return tuple(option for name, option in options.items() if name not in found)


def _role_properties(role: Role) -> Iterator[tuple[str, Any]]:
    yield "occupationalCategory", role.onet
    duties = role.section("responsibilities") or role.section("day-to-day")
    yield "responsibilities", _section_text(duties)
    skills = role.section("skills")
    yield (
        "skills",
        ", ".join((*skills.required, *skills.items, *skills.preferred)) if skills else "",
    )
    certifications = role.section("certifications")
    yield "qualifications", _section_text(certifications)
    yield "educationRequirements", list(_credentials(role.section("education")))
    experience = role.section("experience")
    # schema.org has a property for the least experience only, in months.
    if experience and experience.years and experience.years.min:
        yield (
            "experienceRequirements",
            {
                "@type": "OccupationalExperienceRequirements",
                "monthsOfExperience": round(experience.years.min * 12),
            },
        )


def _credentials(education: Section | None) -> Iterator[dict[str, str]]:
    """Yield the required degrees by the categories that search engines know."""
    yielded = set[str]()
    for item in education.required if education else ():
        for word, category in _DEGREES:
            if word in item.casefold() and category not in yielded:
                yielded.add(category)
                yield {
                    "@type": "EducationalOccupationalCredential",
                    "credentialCategory": category,
                }
                break


def _section_text(section: Section | None) -> str:
    if section is None:
        return ""
    points = (*section.items, *section.required, *section.preferred)
    return ". ".join(filter(None, (section.text.strip().rstrip("."), *points)))


def _opening_properties(opening: JobOpening) -> Iterator[tuple[str, Any]]:
    if opening.organization:
        organization = {"@type": "Organization", "name": opening.organization}
        yield (
            "hiringOrganization",
            organization | ({"sameAs": opening.website} if opening.website else {}),
        )
    address = {"addressLocality": opening.locality, "addressCountry": opening.country}
    address = {name: value for name, value in address.items() if value}
    if opening.remote:
        yield "jobLocationType", "TELECOMMUTE"
        if opening.country:
            country = {"@type": "Country", "name": opening.country}
            yield "applicantLocationRequirements", country
    elif address:
        postal = {"@type": "PostalAddress", **address}
        yield "jobLocation", {"@type": "Place", "address": postal}
    yield "employmentType", opening.employment_type
    yield "datePosted", opening.posted.isoformat() if opening.posted else ""
    yield "validThrough", opening.until.isoformat() if opening.until else ""
    yield "url", opening.link
