"""Sections that most job pages have are recognised by their headings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from faqbot.content.defaults import load_common_sections
from faqbot.content.loader import load_knowledge_base
from tests.content.conftest import Write

COMMON = load_common_sections()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "section-titles.md"


def topics_of(write: Write, heading: str) -> tuple[str, ...]:
    role = {
        "role": "baker",
        "title": "Baker",
        "sections": {"own": {"title": heading, "text": "As agreed."}},
    }
    folder = write("baker.yaml", yaml.safe_dump(role)).parent
    section = load_knowledge_base(folder).roles[0].section("own")
    assert section is not None
    return section.topics


@pytest.mark.parametrize(
    ("heading", "topics"),
    [
        ("Salary", ("salary",)),
        ("COMPENSATION", ("salary",)),
        ("Compensation for this role", ("salary",)),
        ("Baker salary range", ("salary",)),
        ("Pay & benefits", ("salary", "benefits")),
        ("Salary and benefits", ("salary", "benefits")),
        ("Salary / Location", ("salary", "location")),
        ("Salary (per month)", ("salary",)),
        ("Tools and technology", ("tools",)),
        ("Software we use", ("tools",)),
        ("Key performance indicators", ("success-measures",)),
        ("Work schedule", ("working-hours",)),
        ("Physical requirements:", ("physical-demands",)),
        ("Reports to", ("team",)),
        ("What you’ll earn", ("salary",)),
        ("Vergütung", ("salary",)),
        ("Unser Team", ("team",)),
        ("Arbeitszeit und Urlaub", ("working-hours", "benefits")),
        ("Ubicación del puesto", ("location",)),
        ("Rémunération et avantages", ("salary", "benefits")),
    ],
)
def test_heading_tells_the_topics_of_a_section(
    write: Write, heading: str, topics: tuple[str, ...]
) -> None:
    assert topics_of(write, heading) == topics


@pytest.mark.parametrize(
    "heading",
    [
        "Benefits administration",
        "Team leadership",
        "Travel management",
        "Salary negotiation skills",
        "Pathways into the role",
        "About this job",
        "Our values",
        "&",
    ],
)
def test_other_headings_have_no_topic(write: Write, heading: str) -> None:
    assert topics_of(write, heading) == ()


def test_standard_section_has_no_topic(write: Write) -> None:
    folder = write(
        "baker.yaml",
        """
        role: baker
        title: Baker
        sections:
          skills: {title: Tools, required: [Oven]}
        """,
    ).parent
    (skills,) = load_knowledge_base(folder).roles[0].sections
    assert skills.topics == ()


@pytest.mark.parametrize("topic", COMMON.headings)
def test_every_shipped_heading_names_its_topic_only(topic: str) -> None:
    assert {h: COMMON.topics_of_heading(h) for h in COMMON.headings[topic]} == dict.fromkeys(
        COMMON.headings[topic], (topic,)
    )


def test_every_shipped_phrasing_belongs_to_one_topic() -> None:
    phrasings = [text for texts in COMMON.phrasings.values() for text in texts]
    assert len(phrasings) == len(set(phrasings))
    assert all(len(texts) >= 30 for texts in COMMON.phrasings.values())


def test_reference_lists_every_topic_with_titles_that_are_recognised() -> None:
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    named = {}
    for section in sections:
        topic, _, text = section.partition("\n")
        languages = re.findall(r"^- \w+: ((?:.|\n  )+)$", text, re.MULTILINE)
        assert len(languages) == 4
        titles = [title for one in languages for title in re.split(r",\s+", one)]
        named[topic] = {COMMON.topics_of_heading(title) for title in titles}
    assert named == {topic: {(topic,)} for topic in COMMON.headings}
