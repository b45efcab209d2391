"""Format of content files as pydantic models: source of the checks and of the JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from faqbot.content.conversation import TOP_KEYS, ConversationFile
from faqbot.content.fields import (
    ContentModel,
    Date,
    Id,
    Ids,
    OnetCode,
    Period,
    Text,
    Texts,
    list_field,
)
from faqbot.content.sections import SectionsPart
from faqbot.model import Audience

AudienceName = Literal["everyone", "employees", "candidates"]


Owner = Annotated[
    Text,
    Field(
        title="Owner",
        description="Who maintains this and receives unanswered questions about it.",
        examples=["@people-engineering"],
    ),
]
Reviewed = Annotated[
    Date | None,
    Field(title="Reviewed", description="Date of the last review.", examples=["2026-11-01"]),
]
ReviewEvery = Annotated[
    Period | None,
    Field(
        title="Review every",
        description="How often it is to be reviewed: in days, weeks, months or years.",
        examples=["180 days", "6 months", "1 year"],
    ),
]


class FaqPart(ContentModel):
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
    phrasings: Texts = list_field(
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
    matches: Texts = list_field(
        "Matches",
        "Questions that this FAQ must answer; `faqbot check` asks them.",
        "which frameworks do I need",
    )
    rejects: Texts = list_field(
        "Rejects",
        "Questions that this FAQ must not answer; `faqbot check` asks them.",
        "which framework does marketing use",
    )
    owner: Owner = ""
    reviewed: Reviewed = None
    review_every: ReviewEvery = None
    example: bool = Field(
        default=False,
        title="Example",
        description="Whether this is an example answer that you should replace.",
        examples=[True],
    )


Faqs = Annotated[tuple[FaqPart, ...], Field(strict=False, min_length=1)]


class RoleFile(ContentModel):
    """A file about one role; its top key is `role`."""

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
    aliases: Texts = list_field(
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
    onet: OnetCode = Field(
        default="",
        title="O*NET-SOC code",
        description="The occupation of the O*NET database that the role belongs to.",
        examples=["15-1252.00"],
    )
    owner: Owner = ""
    reviewed: Reviewed = None
    review_every: ReviewEvery = None
    related: Ids = list_field(
        "Related roles",
        "Ids of roles that are close to this one.",
        "front-end-developer",
        "devops-engineer",
    )
    next_roles: Ids = list_field(
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


class FaqFile(ContentModel):
    """A file of FAQs, general or about one role; its top key is `faqs`."""

    model_config = ConfigDict(title="FAQs")

    about: Id | None = Field(
        default=None,
        title="About",
        description="The id of the role that the questions belong to; general without it.",
        examples=["python-back-end-developer"],
    )

    faqs: Faqs = Field(
        title="FAQs",
        description="General questions, or those about the role that `about` names.",
        examples=[[{"id": "how-to-apply", "question": "How do I apply?", "answer": "By form."}]],
    )


class PhrasingFile(ContentModel):
    """A file of additional phrasings for entries of other files; its top key is `phrasings`."""

    model_config = ConfigDict(title="Phrasings")

    phrasings: dict[str, Texts] = Field(
        min_length=1,
        title="Phrasings",
        description="Other ways to ask for a section or an FAQ, by its id.",
        examples=[{"data-analyst/skills": ["what must an analyst be good at"]}],
    )


class NamesFile(ContentModel):
    """A file of other names of things that roles ask for; its top key is `other_names`."""

    model_config = ConfigDict(title="Other names")

    other_names: dict[Text, Texts] = Field(
        min_length=1,
        title="Other names",
        description="Things that roles list, each with the other names that people use for it.",
        examples=[{"Applicant tracking systems": ["ATS", "recruiting software"]}],
    )


def field_keys(part: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys of a model as authors write them."""
    return tuple(field.alias or name for name, field in part.model_fields.items())


SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_PATH = Path("knowledge/schema.json")


def content_schema() -> dict[str, Any]:
    """Return the JSON Schema of content files."""
    refs, definitions = models_json_schema(
        [
            (file, "validation")
            for file in (RoleFile, FaqFile, PhrasingFile, NamesFile, ConversationFile)
        ],
        title="faqbot content",
        description="A file of faqbot's content: one role (`role`), `faqs`, `phrasings`, "
        "`other_names`, or small talk and sensitive matters (`smalltalk`, `sensitive`).",
    )
    schema: dict[str, Any] = {
        "$schema": SCHEMA_DIALECT,
        "title": definitions["title"],
        "description": definitions["description"],
        "type": "object",
        "if": {"required": ["role"]},
        "then": refs[(RoleFile, "validation")],
        "else": {
            "if": {"required": ["phrasings"]},
            "then": refs[(PhrasingFile, "validation")],
            "else": {
                "if": {"required": ["other_names"]},
                "then": refs[(NamesFile, "validation")],
                "else": {
                    "if": {"anyOf": [{"required": [key]} for key in TOP_KEYS]},
                    "then": refs[(ConversationFile, "validation")],
                    "else": refs[(FaqFile, "validation")],
                },
            },
        },
        "$defs": definitions["$defs"],
    }
    _remove_empty_defaults(schema)
    return schema


def schema_text() -> str:
    """Return the JSON Schema as the text of its file."""
    return json.dumps(content_schema(), indent=2, ensure_ascii=False) + "\n"


def _remove_empty_defaults(node: object) -> None:
    """Remove null as a choice, and defaults that no author could write: both mean "left out"."""
    if isinstance(node, list):
        for child in node:
            _remove_empty_defaults(child)
    elif isinstance(node, dict):
        if node.get("default", ...) in (None, "", [], {}) and "title" in node:
            del node["default"]
        choices = [choice for choice in node.get("anyOf", ()) if choice != {"type": "null"}]
        if len(choices) == 1:
            del node["anyOf"]
            node |= choices[0]
        elif choices:
            node["anyOf"] = choices
        for child in node.values():
            _remove_empty_defaults(child)
