"""Job descriptions of any format become role files that keep every word."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from faqbot.cli.main import main
from faqbot.content.loader import load_knowledge_base
from faqbot.errors import UsageError
from faqbot.importers.documents.blocks import HeadingClassifier, words_of
from faqbot.importers.documents.importer import ImportedRole, import_documents
from faqbot.importers.documents.outline import find_years
from faqbot.model import Role, Years
from tests.importers.conftest import items, pdf_of

DOCUMENTS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "job-documents"
MARKDOWN = """\
---
title: Payroll Clerk
location: Oslo
duties:
  - Run the payroll
  - Answer questions
---
Pays everybody on time.

## What you'll do

- Check hours
- File reports

{% comment %}internal{% endcomment %}

## What you bring

- At least 3 years of experience with payroll
- Bachelor's degree in accounting
- Excel
- SAP is a plus

### Nice to have

- Norwegian

## Perks

Free lunch.

## Is there a car park?

Yes, behind the house.
"""
HTML = """\
<html><head><title>x</title><style>p {}</style></head><body>
<nav>Home Jobs</nav>
<main><h1>Payroll Clerk</h1><p>Pays everybody <b>on</b> time.</p>
<h2>Your responsibilities</h2><ul><li>Check hours<ul><li>daily</li></ul></li></ul>
<h2>Requirements</h2><ul><li>Excel</li></ul>
<table><tr><td>Pay</td><td>by tariff</td></tr></table></main>
<footer>Imprint</footer></body></html>
"""
PLAIN = """\
PAYROLL CLERK

Pays everybody
on time.

Responsibilities:
• Check hours of all
  colleagues
• File reports

EDUCATION AND TRAINING
A degree in accounting.
"""


def test_markdown_with_front_matter_becomes_a_role(imported: Callable[..., Role]) -> None:
    role = imported("clerk.md", MARKDOWN)
    assert role.title == "Payroll Clerk"
    overview = role.section("overview")
    assert overview is not None
    assert overview.text == "Pays everybody on time."
    assert items(role, "responsibilities")[0] == (
        "Check hours",
        "File reports",
        "Run the payroll",
        "Answer questions",
    )
    assert items(role, "skills") == ((), ("Excel",), ("SAP is a plus", "Norwegian"))
    assert items(role, "education")[1] == ("Bachelor's degree in accounting",)
    experience = role.section("experience")
    assert experience is not None
    assert experience.years == Years(3, None)
    assert [(one.key, one.title) for one in role.sections[-2:]] == [
        ("perks", "Perks"),
        ("details", "Details"),
    ]
    assert [(faq.question, faq.answer) for faq in role.faqs] == [
        ("Is there a car park?", "Yes, behind the house.")
    ]


def test_html_becomes_a_role_without_navigation_and_footer(imported: Callable[..., Role]) -> None:
    role = imported("clerk.html", HTML)
    assert role.title == "Payroll Clerk"
    said = " ".join(words_of(repr(role.sections)))
    assert "home jobs" not in said
    assert "imprint" not in said
    duties = role.section("responsibilities")
    assert duties is not None
    assert duties.text == "- Check hours\n  - daily"
    assert items(role, "skills")[1] == ("Excel",)
    pay = role.section("pay")
    assert pay is not None
    assert pay.text == "by tariff"


@pytest.mark.parametrize(
    "points",
    [
        "<li>a<ul><li>b<ol><li>c</li></ol></li><li>d</li></ul></li><li>e</li>",
        "<li>a<ul><li>b<ol><li>c</ol><li>d</ul><li>e",
    ],
    ids=["closed", "not-closed"],
)
def test_points_of_lists_within_each_other_keep_their_order(
    imported: Callable[..., Role], points: str
) -> None:
    role = imported("cook.html", f"<h1>Cook</h1><h2>Responsibilities</h2><ul>{points}</ul>")
    duties = role.section("responsibilities")
    assert duties is not None
    assert duties.text == "- a\n  - b\n    - c\n  - d\n- e"


@pytest.mark.parametrize("title", ["Role", "FAQ"])
def test_no_role_gets_an_id_that_content_may_not_have(
    imported: Callable[..., Role], title: str
) -> None:
    role = imported(f"{title}.txt", f"{title}\n\nOverview\n\nPays everybody on time.\n")
    assert role.id == f"{title.lower()}-2"


def test_plain_text_becomes_a_role(imported: Callable[..., Role]) -> None:
    role = imported("clerk.txt", PLAIN)
    assert role.title == "PAYROLL CLERK"
    assert items(role, "responsibilities")[0] == ("Check hours of all colleagues", "File reports")
    education = role.section("education")
    assert education is not None
    assert education.text == "A degree in accounting."


def test_hyphen_at_the_end_of_a_line_keeps_its_word_together(
    imported: Callable[..., Role],
) -> None:
    text = "Payroll Clerk\n\nResponsibilities:\n- Keep a well-\n  ordered ledger\n"
    text += "- Plan full-\n  and part-time work\n"
    role = imported("clerk.txt", text)
    assert items(role, "responsibilities")[0] == (
        "Keep a well-ordered ledger",
        "Plan full- and part-time work",
    )


def test_word_document_becomes_a_role(imported: Callable[..., Role]) -> None:
    import docx

    document = docx.Document()
    document.add_heading("Payroll Clerk", 0)
    document.add_paragraph("Pays everybody on time.")
    document.add_heading("Key accountabilities", 1)
    document.add_paragraph("Check hours", style="List Bullet")
    document.add_paragraph().add_run("Nice to have").bold = True
    document.add_paragraph("Excel", style="List Bullet")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "SAP", "any version"
    buffer = io.BytesIO()
    document.save(buffer)
    role = imported("clerk.docx", buffer.getvalue())
    assert role.title == "Payroll Clerk"
    assert items(role, "responsibilities")[0] == ("Check hours",)
    assert items(role, "skills")[2] == ("Excel", "SAP | any version")


def test_pdf_becomes_a_role(imported: Callable[..., Role]) -> None:
    role = imported(
        "clerk.pdf",
        pdf_of(["Payroll Clerk", "", "Duties:", "- Check hours", "- File reports", ""]),
    )
    assert role.title == "Payroll Clerk"
    assert items(role, "responsibilities")[0] == ("Check hours", "File reports")


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("old.doc", b"\xd0\xcf\x11\xe0 old", "save it as .docx"),
        ("a.docx", b"no zip", "isn't a .docx file"),
        ("a.docx", b"PK\x03\x04 broken", "isn't a valid Word document"),
        ("a.pdf", b"%PDF-1.4 broken", "isn't a valid PDF"),
        ("empty.md", b"", "contains no text"),
        ("image.pdf", pdf_of([]), "text recognition"),
        ("a.xyz", b"hello", "has an unknown format"),
    ],
)
def test_unreadable_file_is_one_line_of_advice(
    tmp_path: Path, headings: HeadingClassifier, name: str, content: bytes, advice: str
) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    (found,) = import_documents([source], headings)
    assert isinstance(found, UsageError)
    assert advice in str(found)
    assert "\n" not in str(found)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("at least 3 years of experience", Years(3, None)),
        ("3-5 years' experience in sales", Years(3, 5)),
        ("three to five years working with children", Years(3, 5)),
        ("5+ years of proven work", Years(5, None)),
        ("up to 2 years of experience", Years(None, 2)),
        ("one (1) year of specialized experience", Years(1, None)),
        ("must be 18 years of age with experience", None),
        ("At least 2 years in payroll", Years(2, None)),
        ("- 5+ years of Python", Years(5, None)),
        ("2 to 4 years as a team lead", Years(2, 4)),
        ("100 years in business", None),
        ("30 years in business", None),
        ("12 years of history and growth", None),
        ("we have been here for 12 years in Bremen", None),
        ("founded 20 years ago", None),
        ("no experience needed", None),
        ("a two-year degree", None),
    ],
)
def test_years_are_found_only_where_they_are_about_experience(
    text: str, years: Years | None
) -> None:
    assert find_years(text) == years


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("WHAT YOU'LL DO:", "responsibilities"),
        ("2. Key Responsibilities", "responsibilities"),
        ("How to become a payroll clerk or bookkeeper", "education"),
        ("Licences & Certifications", "certifications"),
        ("The skills that you will need", "skills"),
        ("Salary", None),
        ("Our story", None),
        ("How to apply", None),
    ],
)
def test_headings_are_classified_in_many_wordings(
    headings: HeadingClassifier, heading: str, section: str | None
) -> None:
    assert headings.classify(heading, "Payroll Clerk").section == section


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["faqbot", "import", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


def test_command_reports_and_never_replaces_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in (("a.md", MARKDOWN), ("b.txt", PLAIN), ("c.xyz", "?")):
        Path(name).write_text(content, encoding="utf-8")
    assert command(monkeypatch, "document", "a.md", "b.txt", "c.xyz", "--dry-run") == 1
    assert not Path("knowledge").exists()
    assert command(monkeypatch, "document", "a.md", "b.txt") == 0
    told = capsys.readouterr()
    assert "c.xyz has an unknown format" in told.err
    assert "100.0% of them in the file" in told.out
    assert "look at: are the years right?" in told.out
    assert "left out: comments" in told.out
    written = sorted(path.name for path in Path("knowledge/roles").iterdir())
    assert written == ["payroll-clerk-2.yaml", "payroll-clerk.yaml"]
    assert command(monkeypatch, "document", "a.md", "-q") == 1
    assert "--force" in capsys.readouterr().err
    assert command(monkeypatch, "document", "a.md", "--force") == 0


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="the public job descriptions aren't there")
def test_all_public_job_descriptions_import_and_load(
    tmp_path: Path, headings: HeadingClassifier
) -> None:
    paths = sorted(DOCUMENTS.iterdir())
    for found in import_documents(paths, headings):
        assert isinstance(found, ImportedRole), found
        assert found.missing_words == (), found.path
        (tmp_path / f"{found.mapped.role.id}.yaml").write_text(found.text, encoding="utf-8")
    assert len(load_knowledge_base(tmp_path).roles) == len(paths)
