"""All text that Word shows arrives, wherever it stands; the report tells what doesn't."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faqbot.model import Role
from tests.importers.conftest import (
    Import,
    items,
    link,
    paragraph,
    run,
    said,
    table,
    text,
    word_file,
)

Clerk = Callable[..., bytes]
Imported = Callable[..., Role]


def control(content: str) -> str:
    return f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def box(content: str) -> str:
    """A text box as Word writes it: in its own form, and in one for older programs."""
    inner = f"<w:txbxContent>{content}</w:txbxContent>"
    return (
        f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>{inner}"
        f"</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{inner}</v:textbox>"
        "</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def mark(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


FIELD = (
    mark("begin")
    + "<w:r><w:instrText> DOCPROPERTY Pay </w:instrText></w:r>"
    + mark("separate")
    + run("50,000 euros")
    + mark("end")
)


@pytest.mark.parametrize(
    ("content", "point"),
    [
        (f"{run('Good ')}<w:ins w:id='1'>{run('Excel')}</w:ins>", "Good Excel"),
        (f"{run('Good ')}<w:moveTo w:id='1'>{run('Excel')}</w:moveTo>", "Good Excel"),
        (f"{run('Good ')}{control(run('Excel'))}", "Good Excel"),
        (f"{run('Pay: ')}<w:fldSimple w:instr='X'>{run('50,000')}</w:fldSimple>", "Pay: 50,000"),
        (run("Pay of ") + FIELD, "Pay of 50,000 euros"),
        (f"{run('In ')}<w:smartTag w:element='City'>{run('Oslo')}</w:smartTag>", "In Oslo"),
        (run("Well") + "<w:r><w:noBreakHyphen/></w:r>" + run("read"), "Well-read"),
        (run("Pay") + run("roll", "<w:b/>") + run(" law"), "Payroll law"),
    ],
)
def test_text_of_a_paragraph_is_kept_in_every_form(
    imported: Imported, clerk: Clerk, content: str, point: str
) -> None:
    role = imported("a.docx", clerk(paragraph(content, "Point")))
    assert items(role, "skills")[1] == (point,)


def test_deleted_and_moved_text_is_left_out_and_reported(import_one: Import, clerk: Clerk) -> None:
    gone = "<w:del w:id='1'><w:r><w:delText>Lotus</w:delText></w:r></w:del>"
    moved = f"<w:moveFrom w:id='2'>{run('Access')}</w:moveFrom>"
    found = import_one("a.docx", clerk(paragraph(run("Excel") + gone + moved, "Point")))
    assert items(found.mapped.role, "skills")[1] == ("Excel",)
    assert found.missing_words == ()
    assert {(one.kind, one.text) for one in found.left_out} == {
        ("deleted by a tracked change", "Lotus"),
        ("moved by a tracked change", "Access"),
    }


def test_paragraphs_whose_mark_is_deleted_are_one(imported: Imported, clerk: Clerk) -> None:
    first = (
        "<w:p><w:pPr><w:pStyle w:val='Point'/><w:rPr><w:del w:id='1'/></w:rPr></w:pPr>"
        f"{run('Good ')}</w:p>"
    )
    role = imported("a.docx", clerk(first, paragraph("Excel", "Point")))
    assert items(role, "skills")[1] == ("Good Excel",)


def test_content_controls_around_paragraphs_and_cells_are_read(
    imported: Imported, clerk: Clerk
) -> None:
    cells = table(("Grade", control(paragraph("Band 7"))))
    role = imported("a.docx", clerk(control(paragraph("Excel", "Point")), cells))
    assert items(role, "skills")[1] == ("Excel",)
    assert text(role, "grade") == "Band 7"


def test_text_box_is_read_once(imported: Imported, clerk: Clerk) -> None:
    role = imported("a.docx", clerk(paragraph(box(paragraph("Closing date: 30 April")))))
    assert said(role).count("30 April") == 1
    assert text(role, "closing-date") == "30 April"


def test_text_box_with_headings_takes_nothing_from_the_text_around_it(
    imported: Imported, clerk: Clerk
) -> None:
    aside = box(paragraph("Benefits", "H2") + paragraph("Free lunch.")) + run("Excel")
    role = imported("a.docx", clerk(paragraph(aside, "Point"), paragraph("SAP", "Point")))
    assert items(role, "skills")[1] == ("Excel", "SAP")
    assert text(role, "benefits") == "Free lunch."


def test_link_keeps_its_address(imported: Imported, clerk: Clerk) -> None:
    shown = run("Knows the ") + f'<w:hyperlink r:id="r1">{run("handbook")}</w:hyperlink>'
    role = imported(
        "a.docx", clerk(paragraph(shown, "Point"), links=link("r1", "https://example.com/h"))
    )
    assert items(role, "skills")[1] == ("Knows the [handbook](https://example.com/h)",)


def test_footnote_stands_where_it_is_referred_to(imported: Imported, clerk: Clerk) -> None:
    reference = "<w:r><w:footnoteReference w:id='2'/></w:r>"
    notes = (
        f"<w:footnote w:type='separator' w:id='0'>{paragraph('')}</w:footnote>"
        f"<w:footnote w:id='2'>{paragraph('or a similar program')}</w:footnote>"
    )
    role = imported(
        "a.docx",
        clerk(paragraph(run("Excel") + reference, "Point"), parts={"footnotes.xml": notes}),
    )
    assert items(role, "skills")[1] == ("Excel (or a similar program)",)


def test_tables_within_tables_are_read(imported: Imported, clerk: Clerk) -> None:
    inner = table(("• SAP",))
    role = imported("a.docx", clerk(table((paragraph("• Excel") + inner + paragraph(""),))))
    assert items(role, "skills")[1] == ("Excel", "SAP")


def test_table_of_labels_and_values_gives_sections(imported: Imported) -> None:
    role = imported(
        "a.docx",
        word_file(
            paragraph("Example GmbH", "H1"),
            table(
                ("Job title", "Payroll Clerk"),
                ("Department", "Finance"),
                ("What you bring", paragraph("Excel") + paragraph("SAP")),
                ("Education", "Degree in accounting"),
            ),
            paragraph("Pays everybody on time."),
        ),
    )
    assert role.title == "Payroll Clerk"
    assert text(role, "department") == "Finance"
    assert items(role, "skills")[1] == ("Excel", "SAP")
    assert text(role, "education") == "Degree in accounting"
    assert "Pays everybody" not in text(role, "education")


def test_person_specification_grades_what_it_lists(imported: Imported, clerk: Clerk) -> None:
    specification = table(
        ("Criteria", "Essential", "Desirable"),
        ("Skills", "Excel", "SAP"),
        ("Qualifications", paragraph("Payroll law"), ""),
        ("Education", "", "A degree in accounting"),
    )
    role = imported("a.docx", clerk(specification))
    assert items(role, "skills")[1:] == (("Excel", "Payroll law"), ("SAP",))
    assert items(role, "education")[2] == ("A degree in accounting",)


def test_table_of_other_pairs_keeps_its_rows(imported: Imported, clerk: Clerk) -> None:
    role = imported("a.docx", clerk(table(("SAP", "any version"), ("Oracle", "two years"))))
    assert items(role, "skills")[1] == ("SAP | any version", "Oracle | two years")


@pytest.mark.parametrize("sign", ["•", "·", "-", "\u2013", "o", "▪", "✓", "1)", "\uf0b7", "*"])
def test_typed_signs_make_a_list(imported: Imported, clerk: Clerk, sign: str) -> None:
    role = imported("a.docx", clerk(paragraph(f"{sign} Excel"), paragraph(f"{sign} Teams")))
    assert items(role, "skills")[1] == ("Excel", "Teams")


def test_headings_are_known_by_style_outline_and_wording(imported: Imported) -> None:
    outline = "<w:p><w:pPr><w:outlineLvl w:val='1'/></w:pPr>" + run("Education") + "</w:p>"
    role = imported(
        "a.docx",
        word_file(
            paragraph("Payroll Clerk", "Titel"),
            paragraph("What you will do", "Own"),
            paragraph("Check hours", "Point"),
            outline,
            paragraph("A degree."),
            paragraph("Person Specification"),
            paragraph("• Excel"),
        ),
    )
    assert role.title == "Payroll Clerk"
    assert items(role, "responsibilities")[0] == ("Check hours",)
    assert text(role, "education") == "A degree."
    assert items(role, "skills")[1] == ("Excel",)


def test_what_word_makes_or_hides_is_left_out_and_reported(import_one: Import) -> None:
    found = import_one(
        "a.docx",
        word_file(
            paragraph("Payroll Clerk", "H1"),
            paragraph("Contents 2", "TOC1"),
            paragraph("Pays everybody." + "</w:t></w:r>" + run("Ask Ana.", "<w:vanish/>")[:-12]),
            parts={"header1.xml": paragraph("Draft 7"), "comments.xml": paragraph("Is this so?")},
        ),
    )
    assert said(found.mapped.role) == "Overview Pays everybody."
    assert found.missing_words == ()
    assert {one.kind for one in found.left_out} == {
        "table of contents",
        "hidden text",
        "page header",
        "comments",
    }


def test_loss_shows_in_the_report(import_one: Import, clerk: Clerk) -> None:
    # Word doesn't show what a field computes with, but it stands in the file.
    nested = mark("begin") + run("Fortran ") + mark("separate") + run("Excel") + mark("end")
    found = import_one("a.docx", clerk(paragraph(nested, "Point")))
    assert items(found.mapped.role, "skills")[1] == ("Excel",)
    assert found.missing_words == ("fortran",)
    assert found.kept_words == found.source_words - 1


def test_choice_of_a_form_is_kept(imported: Imported, clerk: Clerk) -> None:
    choice = (
        "<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:ddList><w:result w:val='1'/>"
        "<w:listEntry w:val='Oslo'/><w:listEntry w:val='Bergen'/></w:ddList></w:ffData></w:fldChar>"
        "</w:r>" + mark("end")
    )
    role = imported("a.docx", clerk(paragraph(run("Location: ") + choice)))
    assert text(role, "location") == "Bergen"
