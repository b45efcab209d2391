from __future__ import annotations

from faqbot.exporters.job_advert import advert
from faqbot.model import Role, Section, Years

ROLE = Role(
    "tester",
    "Tester",
    sections=(
        Section("tester", "overview", "Overview", text="Finds *faults*."),
        Section(
            "tester", "responsibilities", "Responsibilities", items=("Plan tests", "Run\nthem")
        ),
        Section("tester", "skills", "Skills", required=("SQL",), preferred=("Docker",)),
        Section("tester", "education", "Education", required=("School",), preferred=("A degree",)),
        Section("tester", "certifications", "Certifications", preferred=("ISTQB",)),
        Section("tester", "experience", "Experience", years=Years(1, 3)),
    ),
)


def test_advertisement_has_its_parts_in_the_usual_order() -> None:
    assert advert(ROLE) == (
        "# Tester\n\n"
        "## About the role\n\nFinds *faults*.\n\n"
        "## What you will do\n\n- Plan tests\n- Run them\n\n"
        "## Education and experience\n\n"
        "- 1 to 3 years of experience\n- School\n- A degree (preferred)\n\n"
        "## Required skills\n\n- SQL\n\n"
        "## Nice to have\n\n- Docker\n- ISTQB\n"
    )


def test_missing_parts_are_left_out() -> None:
    assert advert(Role("x", "X")) == "# X\n"


def test_day_to_day_replaces_missing_responsibilities() -> None:
    day = Section("x", "day-to-day", "Day to day", text="Mornings.")
    assert "## What you will do\n\nMornings.\n" in advert(Role("x", "X", sections=(day,)))
