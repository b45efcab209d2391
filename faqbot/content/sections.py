"""Format of a role's sections as pydantic models, and the standard sections."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from faqbot.content.fields import ID_PATTERN, ContentModel, OneOrMore, Text, Texts, list_field


def _expand_short_form(value: object) -> object:
    """Expand the short form of a section: a text or a list."""
    if isinstance(value, str):
        return {"text": value}
    return {"items": value} if isinstance(value, list) else value


class YearsPart(ContentModel):
    """Years of experience; leave one side out for "at least" or "at most"."""

    model_config = ConfigDict(title="Years")

    min: float | None = Field(
        default=None,
        ge=0,
        le=80,
        title="At least",
        description="The fewest years that are enough.",
        examples=[2],
    )
    max: float | None = Field(
        default=None,
        ge=0,
        le=80,
        title="At most",
        description="The most years that are asked for.",
        examples=[5],
    )

    @model_validator(mode="after")
    def _in_order(self) -> YearsPart:
        low, high = self.min, self.max
        if low is None and high is None:
            raise PydanticCustomError("content", "needs `min`, `max` or both")
        if low is not None and high is not None and low > high:
            raise PydanticCustomError("content", "has a `min` above its `max`; swap them")
        return self


class SectionPart(ContentModel):
    """A section in full; a text or a list alone is its short form."""

    model_config = ConfigDict(title="Section")

    title: Text = Field(
        default="",
        title="Title",
        description="The heading. A standard section has one already.",
        examples=["Why join"],
    )
    phrasings: Texts = list_field(
        "Phrasings",
        "Ways to ask for this section; `{role}` stands for the title and every alias.",
        "why should I join as a {role}",
    )
    text: Text = Field(
        default="",
        title="Text",
        description="The text, in Markdown.",
        examples=["You look after the services behind our products."],
    )
    items: Texts = list_field(
        "Items",
        "Entries that are shown as a list.",
        "Build and look after services",
        "Review code",
    )
    required: OneOrMore = list_field(
        "Required",
        "What is required: a text or a list.",
        "Python",
        "REST APIs",
    )
    preferred: OneOrMore = list_field(
        "Preferred",
        "What is welcome but not required: a text or a list.",
        "Docker",
    )
    years: YearsPart | None = Field(
        default=None,
        title="Years",
        description="Years of experience.",
        examples=[{"min": 2, "max": 5}],
    )

    @model_validator(mode="after")
    def _says_something(self) -> SectionPart:
        if not (self.text or self.items or self.required or self.preferred or self.years):
            raise PydanticCustomError(
                "content",
                "is empty; give it `text`, `items`, `required`, `preferred` or `years`",
            )
        return self


class OwnSectionPart(SectionPart):
    """A section of the author's own, which needs a title."""

    model_config = ConfigDict(title="Own section")

    title: Text = Field(title="Title", description="The heading.", examples=["Why join"])


SectionValue = Annotated[
    SectionPart,
    BeforeValidator(_expand_short_form, json_schema_input_type=Text | Texts | SectionPart),
]


def _standard_section(title: str, description: str, *examples: object) -> Any:
    return Field(default=None, title=title, description=description, examples=list(examples))


class SectionsPart(BaseModel):
    """The parts of a role. Any further key is a section of your own, with a title."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        strict=True,
        title="Sections of a role",
        json_schema_extra={"propertyNames": {"pattern": ID_PATTERN, "not": {"const": "faq"}}},
    )
    __pydantic_extra__: dict[str, OwnSectionPart]

    overview: SectionValue | None = _standard_section(
        "Overview",
        "What the role is, in a paragraph.",
        "A {role} builds and runs the services behind our products.",
    )
    day_to_day: SectionValue | None = Field(
        default=None,
        alias="day-to-day",
        title="Day to day",
        description="What a usual day looks like.",
        examples=[["Stand-up with the team", "Code, reviews and tests"]],
    )
    responsibilities: SectionValue | None = _standard_section(
        "Responsibilities",
        "What the role is responsible for.",
        ["Build and look after services", "Review code"],
    )
    skills: SectionValue | None = _standard_section(
        "Skills",
        "Required and preferred skills.",
        {"required": ["Python", "REST APIs"], "preferred": ["Docker"]},
    )
    education: SectionValue | None = _standard_section(
        "Education",
        "Required and preferred education.",
        {"preferred": "A degree in computer science"},
    )
    certifications: SectionValue | None = _standard_section(
        "Certifications",
        "Required and preferred certificates.",
        {"preferred": ["PCAP"]},
    )
    experience: SectionValue | None = _standard_section(
        "Experience",
        "How much experience, and of which kind.",
        {"years": {"min": 2, "max": 5}, "text": "In a team that runs its own services."},
    )

    def written(self) -> Mapping[str, SectionPart]:
        """Return the sections that are written: standard ones in their order, then others."""
        names = {field.alias or name: name for name, field in type(self).model_fields.items()}
        standard = {key: getattr(self, name) for key, name in names.items()}
        return {key: part for key, part in standard.items() if part} | self.__pydantic_extra__


STANDARD_SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "overview": "Overview",
        "day-to-day": "Day to day",
        "responsibilities": "Responsibilities",
        "skills": "Skills",
        "education": "Education",
        "certifications": "Certifications",
        "experience": "Experience",
    },
)
"""Titles of the standard sections by key, in the order in which they are shown."""
