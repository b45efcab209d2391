"""The format of content files, as pydantic models: the one source of checks and of the schema."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from faqbot.model import Audience

ID_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_DAYS_OF_UNIT: Final = {"day": 1.0, "week": 7.0, "month": 365 / 12, "year": 365.0}
_PERIOD_PATTERN: Final = r"^\s*([0-9]{1,5})\s+(day|week|month|year)s?\s*$"
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_LONGEST_PERIOD: Final = dt.timedelta(days=36_500)
_YEARS_OF_REVIEWS: Final = range(1990, 2200)


def _date(value: object) -> dt.date:
    """A date as YAML reads it, or in quotes; the bounds catch slips such as 0206 and 20260."""
    if isinstance(value, str):
        try:
            value = dt.date.fromisoformat(value.strip())
        except ValueError:
            value = None
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise PydanticCustomError("content", "isn't a date; write it as in 2026-11-01")
    if value.year not in _YEARS_OF_REVIEWS:
        raise PydanticCustomError("content", "has a year that can't be right; check the date")
    return value


def _period(value: object) -> dt.timedelta:
    days: float = 0
    if isinstance(value, int) and not isinstance(value, bool):
        days = value
    elif isinstance(value, str) and (match := re.match(_PERIOD_PATTERN, value)):
        days = round(int(match[1]) * _DAYS_OF_UNIT[match[2]])
    if not 1 <= days <= _LONGEST_PERIOD.days:
        raise PydanticCustomError(
            "content",
            "isn't a period; write it as in `180 days`, `6 months` or `1 year`",
        )
    return dt.timedelta(days=days)


def _printable(text: str) -> str:
    """Escapes such as \\x00 can bring in what a file itself can't hold."""
    if found := _CONTROL.search(text):
        code = f"U+{ord(found[0]):04X}"
        raise PydanticCustomError(
            "content", "holds the control character {code}; remove it", {"code": code}
        )
    return text


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _section(value: object) -> object:
    """The short forms of a section, written in full."""
    if isinstance(value, str):
        return {"text": value}
    return {"items": value} if isinstance(value, list) else value


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=60)]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(_printable),
    Field(json_schema_extra={"pattern": r"\S"}),
]
Texts = Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
OneOrMore = Annotated[Texts, BeforeValidator(_one_or_more, json_schema_input_type=Text | Texts)]
Ids = Annotated[tuple[Id, ...], Field(strict=False, min_length=1)]
Date = Annotated[dt.date, BeforeValidator(_date, json_schema_input_type=dt.date)]
Period = Annotated[
    dt.timedelta,
    BeforeValidator(
        _period,
        json_schema_input_type=Annotated[str, Field(pattern=_PERIOD_PATTERN)]
        | Annotated[int, Field(ge=1, le=_LONGEST_PERIOD.days)],
    ),
]
AudienceName = Literal["everyone", "employees", "candidates"]


def _list(title: str, description: str, *examples: str) -> Any:
    return Field(default=(), title=title, description=description, examples=[list(examples)])


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class YearsPart(_Part):
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
        description="The most years that are looked for.",
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


class SectionPart(_Part):
    """A section in full; a text or a list alone may stand for it."""

    model_config = ConfigDict(title="Section")

    title: Text = Field(
        default="",
        title="Title",
        description="The heading. A standard section has one already.",
        examples=["Why join"],
    )
    phrasings: Texts = _list(
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
    items: Texts = _list(
        "Items",
        "Points that are shown as a list.",
        "Build and look after services",
        "Review code",
    )
    required: OneOrMore = _list(
        "Required",
        "What somebody must have: a text or a list.",
        "Python",
        "REST APIs",
    )
    preferred: OneOrMore = _list(
        "Preferred",
        "What is welcome but not needed: a text or a list.",
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
                "says nothing; give it `text`, `items`, `required`, `preferred` or `years`",
            )
        return self


class OwnSectionPart(SectionPart):
    """A section that isn't a standard one: it needs a title."""

    model_config = ConfigDict(title="Own section")

    title: Text = Field(title="Title", description="The heading.", examples=["Why join"])


SectionValue = Annotated[
    SectionPart,
    BeforeValidator(_section, json_schema_input_type=Text | Texts | SectionPart),
]


def _standard(title: str, description: str, *examples: object) -> Any:
    return Field(default=None, title=title, description=description, examples=list(examples))


class SectionsPart(BaseModel):
    """The parts of a role. Any further key is a section of your own, with a title."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        strict=True,
        title="Sections",
        json_schema_extra={"propertyNames": {"pattern": ID_PATTERN, "not": {"const": "faq"}}},
    )
    __pydantic_extra__: dict[str, OwnSectionPart]

    overview: SectionValue | None = _standard(
        "Overview",
        "What the role is, in a paragraph.",
        "A {role} builds and runs the services behind our products.",
    )
    day_to_day: SectionValue | None = Field(
        default=None,
        alias="day-to-day",
        title="Day to day",
        description="What a usual day holds.",
        examples=[["Stand-up with the team", "Code, reviews and tests"]],
    )
    responsibilities: SectionValue | None = _standard(
        "Responsibilities",
        "What the role answers for.",
        ["Build and look after services", "Review code"],
    )
    skills: SectionValue | None = _standard(
        "Skills",
        "What somebody should know, required and preferred told apart.",
        {"required": ["Python", "REST APIs"], "preferred": ["Docker"]},
    )
    education: SectionValue | None = _standard(
        "Education",
        "Which education is required or preferred.",
        {"preferred": "A degree in computer science"},
    )
    certifications: SectionValue | None = _standard(
        "Certifications",
        "Which certificates are required or preferred.",
        {"preferred": ["PCAP"]},
    )
    experience: SectionValue | None = _standard(
        "Experience",
        "How much experience, and of which kind.",
        {"years": {"min": 2, "max": 5}, "text": "In a team that runs its own services."},
    )

    def written(self) -> Mapping[str, SectionPart]:
        """The sections that are there: standard ones in their order, then the author's own."""
        names = {field.alias or name: name for name, field in type(self).model_fields.items()}
        standard = {key: getattr(self, name) for key, name in names.items()}
        return {key: part for key, part in standard.items() if part} | self.__pydantic_extra__


class _Reviewed(_Part):
    owner: Text = Field(
        default="",
        title="Owner",
        description="Who looks after this, and whom an unanswered question goes to.",
        examples=["@people-engineering"],
    )
    reviewed: Date | None = Field(
        default=None,
        title="Reviewed",
        description="The day when somebody last checked that this is right.",
        examples=["2026-11-01"],
    )
    review_every: Period | None = Field(
        default=None,
        title="Review every",
        description="How often it should be checked: days, weeks, months or years.",
        examples=["180 days", "6 months", "1 year"],
    )


class FaqPart(_Reviewed):
    """One question with its answer."""

    model_config = ConfigDict(title="FAQ")

    id: Id = Field(
        title="Id",
        description="A name for links, logs and reports: lower-case words with hyphens.",
        examples=["how-to-apply"],
    )
    question: Text = Field(
        title="Question",
        description="The question as readers see it; in a role, `{role}` stands for its title.",
        examples=["Which technologies should a {role} know?"],
    )
    phrasings: Texts = _list(
        "Phrasings",
        "Other ways to ask it; in a role, `{role}` stands for the title and every alias.",
        "what is the tech stack of a {role}",
        "do I need django",
    )
    answer: Text = Field(
        title="Answer",
        description="The answer, in Markdown; in a role, `{role}` stands for its title.",
        examples=["Python, one web framework, and SQL."],
    )
    audience: AudienceName = Field(
        default=Audience.EVERYONE.value,
        title="Audience",
        description="Who may read the answer.",
        examples=["employees"],
    )
    matches: Texts = _list(
        "Matches",
        "Questions that must lead here: tests that live with the content.",
        "which frameworks do I need",
    )
    rejects: Texts = _list(
        "Rejects",
        "Questions that must not lead here: tests that live with the content.",
        "which framework does marketing use",
    )
    example: bool = Field(
        default=False,
        title="Example",
        description="Whether this is an example that you should replace with your own answer.",
        examples=[True],
    )


Faqs = Annotated[tuple[FaqPart, ...], Field(strict=False, min_length=1)]


class RoleFile(_Reviewed):
    """A file about one role: its top key is `role`."""

    model_config = ConfigDict(title="Role")

    role: Annotated[Id, Field(json_schema_extra={"not": {"const": "faq"}})] = Field(
        title="Role",
        description="The id of the role: lower-case words with hyphens, unique.",
        examples=["python-back-end-developer"],
    )
    title: Text = Field(
        title="Title",
        description="The title as readers see it.",
        examples=["Python Back End Developer"],
    )
    aliases: Texts = _list(
        "Aliases",
        "Other titles that people use for this role.",
        "python backend engineer",
        "server-side python developer",
    )
    family: Text = Field(
        default="",
        title="Family",
        description="The group that the role is listed under.",
        examples=["software-engineering"],
    )
    related: Ids = _list(
        "Related roles",
        "Ids of roles that are close to this one.",
        "front-end-developer",
        "devops-engineer",
    )
    next_roles: Ids = _list(
        "Next roles",
        "Ids of roles that people move on to.",
        "data-engineer",
    )
    sections: SectionsPart = Field(
        default_factory=SectionsPart.model_construct,
        title="Sections",
        description="The parts of the role.",
        examples=[{"overview": "What the role is, in a paragraph."}],
    )
    faqs: Faqs = Field(
        default=(),
        title="FAQs",
        description="Questions about this role.",
        examples=[[{"id": "tools", "question": "Which tools?", "answer": "An editor and git."}]],
    )


class FaqFile(_Part):
    """A file of general questions: its top key is `faqs`, and it has no `role`."""

    model_config = ConfigDict(title="General FAQs")

    faqs: Faqs = Field(
        title="FAQs",
        description="Questions that aren't about one role.",
        examples=[[{"id": "how-to-apply", "question": "How do I apply?", "answer": "By form."}]],
    )


def keys_of(part: type[BaseModel]) -> tuple[str, ...]:
    """The keys that a part of a file may have, as authors write them."""
    return tuple(field.alias or name for name, field in part.model_fields.items())
