"""The title is the name of the role; what the headings say decides about sections."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faqbot.model import Role
from tests.importers.conftest import Import, items, paragraph, said, table, text, word_file

Imported = Callable[..., Role]

SECTIONS = "\n\n## Responsibilities\n\n- File reports\n\n## Skills\n\n- Excel\n"

TITLES: dict[str, tuple[str, str | bytes, str]] = {
    "a heading": ("a.md", f"# Senior Payroll Clerk{SECTIONS}", "Senior Payroll Clerk"),
    "a company above it": (
        "a.md",
        f"# Northwind Trading Ltd\n\n## Warehouse Supervisor\n\nRuns the warehouse.{SECTIONS}",
        "Warehouse Supervisor",
    ),
    "a summary above it": (
        "a.md",
        f"# Summary\n\nA person who pays.\n\n# Position: Payroll Clerk{SECTIONS}",
        "Payroll Clerk",
    ),
    "a label": (
        "a.txt",
        "JOB OVERVIEW\n\nJob Title: Night Porter\nLocation: Oslo\n\nKEY DUTIES\n- Open doors\n",
        "Night Porter",
    ),
    "a label that is bold": (
        "a.md",
        f"**Company:** Example GmbH\n\n**Position:** Data Engineer{SECTIONS}",
        "Data Engineer",
    ),
    "a kind of document before it": (
        "a.txt",
        "JOB DESCRIPTION: Dental Hygienist\n\nDuties:\n- Clean teeth\n",
        "Dental Hygienist",
    ),
    "a kind of document after it": (
        "a.md",
        f"# Fleet Mechanic - Job Description{SECTIONS}",
        "Fleet Mechanic",
    ),
    "a line without a style": (
        "a.docx",
        word_file(
            paragraph("Head of Catering"),
            paragraph("Feeds everybody."),
            paragraph("Key Accountabilities"),
            paragraph("• Plan menus"),
        ),
        "Head of Catering",
    ),
    "a table": (
        "a.docx",
        word_file(
            paragraph("Vacancy notice 2026/17", "H1"),
            table(("Post title", "Research Fellow"), ("Department", "Physics")),
            paragraph("Duties", "H2"),
            paragraph("• Measure things"),
        ),
        "Research Fellow",
    ),
    "a page's title": (
        "a.html",
        "<title>Care Assistant | Example</title><body><h2>Duties</h2><p>Helps people.</p></body>",
        "Care Assistant",
    ),
}


@pytest.mark.parametrize("kind", TITLES)
def test_title_is_found_without_doubt(import_one: Import, kind: str) -> None:
    name, content, title = TITLES[kind]
    found = import_one(name, content)
    assert found.mapped.role.title == title
    assert found.missing_words == ()
    assert not any("the title" in check for check in found.mapped.checks)
    assert "check this title" not in found.text


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("JD_fork-lift_driver_final_v2.md", f"# Summary\n\nDrives.{SECTIONS}", "Fork lift driver"),
        ("4711.md", f"# Wonder Maker of Everything Blue Sky{SECTIONS}", None),
        ("4711.md", f"We are looking for a Site Engineer to join us.{SECTIONS}", "Site Engineer"),
        ("a.md", f"# Vibe Shaping{SECTIONS}", "Vibe Shaping"),
    ],
)
def test_title_that_is_a_guess_is_marked_in_report_and_file(
    import_one: Import, name: str, content: str, title: str | None
) -> None:
    found = import_one(name, content)
    if title is None:
        assert found.mapped.role.title == "Wonder Maker of Everything Blue Sky"
        return
    assert found.mapped.role.title == title
    assert found.mapped.checks[0].startswith(f"the title “{title}”")
    assert "# check this title: " in found.text


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("What skills are we looking for?", "skills"),
        ("What will you do?", "responsibilities"),
        ("Which degree do you need?", "education"),
    ],
)
def test_heading_that_asks_is_the_section_that_it_means(
    imported: Imported, heading: str, section: str
) -> None:
    role = imported("a.md", f"# Tester\n\nTests.\n\n## {heading}\n\n- Python\n- SQL\n")
    assert role.section(section) is not None
    assert role.faqs == ()


def test_question_among_questions_stays_one(imported: Imported) -> None:
    role = imported(
        "a.md", "# Tester\n\nTests.\n\n## FAQ\n\n### Which degree do I need?\n\nNone at all.\n"
    )
    assert [(faq.question, faq.answer) for faq in role.faqs] == [
        ("Which degree do I need?", "None at all.")
    ]


@pytest.mark.parametrize(
    ("heading", "section", "is_preferred"),
    [
        ("Desireable experience", "experience", True),
        ("Responsabilities", "responsibilities", False),
        ("Prefered Qualifications", "skills", True),
        ("Essential Skils", "skills", False),
    ],
)
def test_misspelt_heading_is_read_as_it_is_meant(
    imported: Imported, heading: str, section: str, *, is_preferred: bool
) -> None:
    role = imported("a.md", f"# Tester\n\nTests.\n\n## {heading}\n\n- Java\n")
    points, required, preferred = items(role, section)
    assert (points or required or preferred) == ("Java",)
    assert bool(preferred) == is_preferred


def test_grade_below_a_section_grades_that_section(imported: Imported) -> None:
    role = imported(
        "a.md", "# Tester\n\nTests.\n\n## Education\n\n- School\n\n### Preferred\n\n- A degree\n"
    )
    assert items(role, "education")[1:] == (("School",), ("A degree",))


@pytest.mark.parametrize(
    "document",
    [
        (
            "## Levels|### Ledger Associate|#### Ledger Associate Requirements|- 1 year of ledgers|"
            "### Senior Ledger Clerk|#### Requirements|- A degree"
        ),
        (
            "## Ledger Clerk I|### Requirements|- 1 year of ledgers|"
            "## Ledger Clerk II|### Requirements|- A degree"
        ),
        (
            "## Junior Ledger Clerk|## Requirements|- 1 year of ledgers|"
            "## Senior Ledger Clerk|## Requirements|- A degree"
        ),
    ],
)
def test_levels_keep_their_text_together(imported: Imported, document: str) -> None:
    role = imported("a.md", "# Ledger Clerk\n\n" + document.replace("|", "\n\n") + "\n")
    assert role.title == "Ledger Clerk"
    for key in ("education", "skills", "certifications"):
        assert role.section(key) is None
    levels = said(role)
    assert levels.index("1 year of ledgers") < levels.index("A degree")


def test_questionnaire_is_one_section(imported: Imported) -> None:
    role = imported(
        "a.txt",
        "Clerk\n\nSkills\n- Excel\n\nSupplemental questions\n\n01\n\nDo you have a licence?\n\n"
        "Yes\n\nNo\n\n02\n\nNONE\n\nBenefits\n\nFree lunch.\n",
    )
    assert [one.key for one in role.sections] == ["skills", "supplemental-questions", "benefits"]
    assert "Do you have a licence?" in text(role, "supplemental-questions")
    assert role.faqs == ()


@pytest.mark.parametrize(
    "heading", ["About us", "About Northwind", "Who we are", "Equal Opportunity Employer"]
)
def test_text_about_the_company_is_a_section_of_its_own(imported: Imported, heading: str) -> None:
    role = imported("a.md", f"# Tester\n\nTests.\n\n## {heading}\n\n- Kind people\n")
    assert role.section("skills") is None
    assert text(role, "overview") == "Tests."


def test_equal_opportunity_below_the_skills_is_no_skill(imported: Imported) -> None:
    role = imported(
        "a.md",
        "# Tester\n\nTests.\n\n## Skills\n\n- Java\n\nWe are an equal opportunity employer.\n",
    )
    assert items(role, "skills")[1] == ("Java",)
    assert text(role, "skills") == ""
    assert text(role, "equal-opportunity") == "We are an equal opportunity employer."


def test_link_that_names_its_address_elsewhere_keeps_it(imported: Imported) -> None:
    role = imported(
        "a.md",
        "# Tester\n\n## Skills\n\n- [Docker][d] and [Helm]\n\n[d]: https://d.example/x\n"
        "[helm]: https://h.example\n",
    )
    assert items(role, "skills")[1] == (
        "[Docker](https://d.example/x) and [Helm](https://h.example)",
    )
