"""Export a role as a job advertisement: in Markdown, and as a JobPosting of schema.org."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from markdown_it import MarkdownIt

from faqbot.errors import UsageError
from faqbot.model import Role, Section
from faqbot.replies.advertisement import advertisement
from faqbot.replies.reply import markdown_blocks

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
    """Return a job advertisement in Markdown that a Slack canvas can show."""
    parts = [f"# {role.title}"]
    for part in advertisement(role):
        parts += [f"## {part.title}", *markdown_blocks(part.body)]
    return "\n\n".join(parts) + "\n"


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

    def __post_init__(self) -> None:
        """Check what search engines refuse.

        Raises:
            UsageError: Facts are missing that others need, or contradict each other.
        """
        if self.remote and not self.country:
            raise UsageError(
                "--remote needs --country: the country where people who apply may live, such as DE."
            )
        if self.locality and not self.country:
            raise UsageError("--locality needs --country: an address has its country, such as DE.")
        if self.posted and self.until and self.until < self.posted:
            raise UsageError(
                f"--until {self.until} is before --posted {self.posted}: give a later last day."
            )


def job_posting(role: Role, opening: JobOpening) -> dict[str, Any]:
    """Return a role as a JobPosting with the properties that the role or the opening states.

    Types and properties are those of https://schema.org/JobPosting.
    """
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": role.title,
        "description": _MARKDOWN.render(advert(role)).strip(),
    }
    more = (*_role_properties(role), *_opening_properties(role, opening))
    return found | {name: value for name, value in more if value}


def json_ld(posting: dict[str, Any]) -> str:
    """Return a posting as JSON that may stand in the script element of a page."""
    text = json.dumps(posting, indent=2, ensure_ascii=False)
    # A text of the role must neither end that element nor begin a comment in it.
    return text.replace("</", "<\\/").replace("<!--", "<\\u0021--") + "\n"


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


def _opening_properties(role: Role, opening: JobOpening) -> Iterator[tuple[str, Any]]:
    if opening.organization:
        organization = {"@type": "Organization", "name": opening.organization}
        yield (
            "hiringOrganization",
            organization | ({"sameAs": opening.website} if opening.website else {}),
        )
        # The id is the organization's own, so search engines want it with the organization's name.
        yield (
            "identifier",
            {"@type": "PropertyValue", "name": opening.organization, "value": role.id},
        )
    address = {"addressLocality": opening.locality, "addressCountry": opening.country}
    address = {name: value for name, value in address.items() if value}
    if opening.remote:
        yield "jobLocationType", "TELECOMMUTE"
        country = {"@type": "Country", "name": opening.country}
        yield "applicantLocationRequirements", country
    elif address:
        postal = {"@type": "PostalAddress", **address}
        yield "jobLocation", {"@type": "Place", "address": postal}
    yield "employmentType", opening.employment_type
    yield "datePosted", opening.posted.isoformat() if opening.posted else ""
    yield "validThrough", opening.until.isoformat() if opening.until else ""
    yield "url", opening.link
