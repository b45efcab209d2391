"""Lines of text and PDF files become the headings, points and paragraphs that they show."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faqbot.model import Role, Years
from tests.importers.conftest import Import, Shown, items, pdf_pages, said, text

Imported = Callable[..., Role]


@pytest.mark.parametrize("heading", ["Skills", "Skills:", "What you bring:", "REQUIREMENTS"])
def test_heading_ends_the_point_before_it(imported: Imported, heading: str) -> None:
    role = imported(
        "a.txt",
        f"Payroll Clerk\n\nResponsibilities\n- Check hours\n- File reports\n{heading}\n- Excel\n",
    )
    assert items(role, "responsibilities")[0] == ("Check hours", "File reports")
    assert items(role, "skills")[1] == ("Excel",)


def test_unknown_heading_with_a_colon_ends_the_point_before_it(imported: Imported) -> None:
    role = imported("a.txt", "Clerk\n\nDuties:\n- Check hours\nOur little extras:\n- Cake\n")
    assert items(role, "responsibilities")[0] == ("Check hours",)
    assert items(role, "our-little-extras")[0] == ("Cake",)


def test_line_within_a_point_is_no_heading(imported: Imported) -> None:
    role = imported("a.txt", "Clerk\n\nDuties:\n- Check hours and\n  experience of all\n- File\n")
    assert items(role, "responsibilities")[0] == ("Check hours and experience of all", "File")


@pytest.mark.parametrize(
    ("lines", "point"),
    [
        ("the hours of depart-\n  ments", "the hours of departments"),
        ("a well-\n  ordered ledger", "a well-ordered ledger"),
        ("full-\n  and part-time work", "full- and part-time work"),
        ("the coordi-\n  nation of work", "the coordination of work"),
    ],
)
def test_word_that_a_line_breaks_is_one_word(imported: Imported, lines: str, point: str) -> None:
    role = imported("a.txt", f"Payroll Clerk\n\nDuties:\n- {lines}\n")
    assert items(role, "responsibilities")[0] == (point,)


@pytest.mark.parametrize(
    "lines",
    [
        "● Check hours ● File reports",
        "● Check hours\n● File reports",
        "●Check hours\n●File reports",
        "o Check hours\no File reports",
        "1) Check hours\n2) File reports",
    ],
)
def test_points_are_split_at_their_signs(imported: Imported, lines: str) -> None:
    role = imported("a.txt", f"Payroll Clerk\n\nResponsibilities\n{lines}\n")
    assert items(role, "responsibilities")[0] == ("Check hours", "File reports")


def test_short_lines_without_signs_are_points_and_wrapped_lines_are_a_text(
    imported: Imported,
) -> None:
    role = imported(
        "a.txt",
        "Payroll Clerk\n\nWhat you bring\nExcel\nSAP\n3 years in payroll\n\n"
        "Responsibilities\nYou check the hours of all colleagues in\nOslo and Bergen, and file "
        "what the state\nwants to know.\n",
    )
    assert items(role, "skills")[1] == ("Excel", "SAP")
    section = role.section("experience")
    assert section is not None
    assert section.years == Years(3)
    assert text(role, "responsibilities").startswith("You check the hours of all colleagues in O")


def test_heading_before_points_on_one_line_is_a_heading(imported: Imported) -> None:
    role = imported("a.md", "# Clerk\n\nRequired skills: ● Excel ● SAP\n")
    assert items(role, "skills")[1] == ("Excel", "SAP")


def test_page_numbers_and_what_pages_repeat_are_left_out(import_one: Import) -> None:
    found = import_one(
        "a.txt",
        "Example GmbH\nPayroll Clerk\n\nDuties:\n- Check hours of\nPage 1 of 2\f"
        "Example GmbH\n  all colleagues\n- File reports\nPage 2 of 2\n",
    )
    assert found.mapped.role.title == "Payroll Clerk"
    assert items(found.mapped.role, "responsibilities")[0] == (
        "Check hours of all colleagues",
        "File reports",
    )
    assert found.missing_words == ()
    assert {one.kind for one in found.left_out} == {"page numbers", "repeated on pages"}


def test_labels_in_lines_are_sections(imported: Imported) -> None:
    role = imported(
        "a.txt",
        "JOB OVERVIEW\n\nJob Title: Payroll Clerk\nLocation: Oslo\n"
        "Salary: 50,000 to\n60,000 euros\n\nKEY RESPONSIBILITIES\n- File reports\n",
    )
    assert role.title == "Payroll Clerk"
    assert text(role, "location") == "Oslo"
    assert text(role, "salary") == "50,000 to 60,000 euros"
    assert items(role, "responsibilities")[0] == ("File reports",)


def column(x: float, *lines: str, top: float = 700.0) -> list[Shown]:
    """Lines of 11 points below each other; a line in capitals is 14 points."""
    return [
        (x, top - 15 * number, 14.0 if line.isupper() else 11.0, line)
        for number, line in enumerate(lines)
    ]


def test_columns_of_a_pdf_are_read_one_after_the_other(imported: Imported) -> None:
    page = [
        (50.0, 780.0, 18.0, "Payroll Clerk"),
        (50.0, 740.0, 11.0, "Pays everybody in all countries of the company on time, and answers."),
        *column(50.0, "RESPONSIBILITIES", "\N{BULLET} Check hours", "\N{BULLET} File reports"),
        *column(320.0, "SKILLS", "\N{BULLET} Excel", "\N{BULLET} SAP", "\N{BULLET} Teams"),
    ]
    role = imported("a.pdf", pdf_pages(page))
    assert role.title == "Payroll Clerk"
    assert text(role, "overview").startswith("Pays everybody")
    assert items(role, "responsibilities")[0] == ("Check hours", "File reports")
    assert items(role, "skills")[1] == ("Excel", "SAP", "Teams")


def test_labels_beside_their_values_are_no_columns(imported: Imported) -> None:
    page = [
        (50.0, 780.0, 18.0, "Payroll Clerk"),
        *column(50.0, "Location:", "Department:", "Salary:"),
        *column(320.0, "Oslo", "Finance", "50,000"),
    ]
    role = imported("a.pdf", pdf_pages(page))
    assert [text(role, key) for key in ("location", "department", "salary")] == [
        "Oslo",
        "Finance",
        "50,000",
    ]


@pytest.mark.parametrize("heading", ["*Our ways", (14.0, "Our ways")])
def test_font_tells_a_heading_of_a_pdf(
    imported: Imported, heading: str | tuple[float, str]
) -> None:
    size, words = (11.0, heading) if isinstance(heading, str) else heading
    page = [
        (50.0, 780.0, 18.0, "Payroll Clerk"),
        (50.0, 750.0, 11.0, "Duties"),
        (50.0, 735.0, 11.0, "\N{BULLET} Check hours of all colleagues"),
        (50.0, 720.0, size, words),
        (50.0, 705.0, 11.0, "We are kind to each other and to others."),
    ]
    role = imported("a.pdf", pdf_pages(page))
    assert items(role, "responsibilities")[0] == ("Check hours of all colleagues",)
    assert text(role, "our-ways") == "We are kind to each other and to others."


def test_page_numbers_of_a_pdf_are_left_out_and_reported(import_one: Import) -> None:
    pages = [
        [
            (50.0, 800.0, 9.0, "Example GmbH"),
            *column(50.0, *lines),
            (280.0, 30.0, 9.0, f"{number}"),
        ]
        for number, lines in enumerate(
            (
                ("PAYROLL CLERK", "Duties", "\N{BULLET} Check the hours of all depart-"),
                ("ments and countries", "\N{BULLET} File reports"),
            ),
            1,
        )
    ]
    found = import_one("a.pdf", pdf_pages(*pages))
    assert items(found.mapped.role, "responsibilities")[0] == (
        "Check the hours of all departments and countries",
        "File reports",
    )
    assert found.missing_words == ()
    assert "Example" not in said(found.mapped.role)
    assert sorted(one.text for one in found.left_out) == ["1", "2", "Example GmbH", "Example GmbH"]


def test_indented_lines_of_a_pdf_are_points_where_signs_are_drawn(imported: Imported) -> None:
    page = [
        (50.0, 780.0, 18.0, "Payroll Clerk"),
        (50.0, 750.0, 11.0, "Pays everybody on time."),
        (50.0, 735.0, 14.0, "Duties"),
        *column(80.0, "Check the hours of all people in", "the company", "File reports"),
    ]
    role = imported("a.pdf", pdf_pages(page))
    assert items(role, "responsibilities")[0] == (
        "Check the hours of all people in the company",
        "File reports",
    )


def test_small_print_at_the_edge_of_a_page_is_left_out_and_reported(import_one: Import) -> None:
    page = [
        (20.0, 820.0, 7.0, "Northwind form 7"),
        (50.0, 780.0, 18.0, "Payroll Clerk"),
        (50.0, 750.0, 11.0, "Pays everybody on time."),
    ]
    found = import_one("a.pdf", pdf_pages(page))
    assert found.mapped.role.title == "Payroll Clerk"
    assert [one.text for one in found.left_out] == ["Northwind form 7"]
    assert found.missing_words == ()
