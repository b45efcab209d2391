"""Tables: exported content is imported unchanged, and tables of people are understood."""

from __future__ import annotations

import datetime as dt
import io
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from faqbot.cli.main import main
from faqbot.content.loader import load_knowledge_base
from faqbot.errors import UsageError
from faqbot.model import KnowledgeBase, Role
from faqbot.spreadsheet.files import (
    TableCells,
    escape_formula,
    join_points,
    read_file,
    split_points,
    table_bytes,
    unescape_formula,
)
from faqbot.spreadsheet.reader import read_table
from faqbot.spreadsheet.rows import differences, table_rows
from tests.content.strategies import roles

SHIPPED = Path(__file__).resolve().parents[2] / "knowledge"
Run = Callable[..., tuple[int, str, str]]


def same(one: KnowledgeBase, other: KnowledgeBase) -> bool:
    key = str
    return sorted(one.roles, key=key) == sorted(other.roles, key=key) and one.faqs == other.faqs


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@given(role=roles())
@settings(max_examples=25, deadline=None)
def test_any_content_survives_export_and_import(suffix: str, role: Role) -> None:
    knowledge_base = KnowledgeBase(roles=(role,))
    target = Path(f"content{suffix}")
    raw = table_bytes(target, table_rows(knowledge_base))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / target
        path.write_bytes(raw)
        read = read_table(read_file(path), target.name)
    assert read.unknown_columns == ()
    assert read.knowledge_base == knowledge_base
    assert list(differences(knowledge_base, read.knowledge_base)) == []


@pytest.mark.parametrize("name", ["content.csv", "content.xlsx"])
def test_shipped_content_survives_export_and_import(run: Run, tmp_path: Path, name: str) -> None:
    file, folder = tmp_path / name, tmp_path / "knowledge"
    assert run("export", "table", str(file), "-k", str(SHIPPED))[0] == 0
    assert run("export", "table", str(file), "-k", str(SHIPPED))[0] == 2
    assert run("import", "table", str(file), "--out", str(folder), "-q")[0] == 0
    assert same(load_knowledge_base(folder), load_knowledge_base(SHIPPED))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["faqbot", *arguments])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capfd.readouterr()
        return code, said.out, said.err

    return command


@pytest.mark.parametrize("text", ["=1+1", "+49 30 1", "-5", "@you", "'quoted", "\tx", "''=x", "ok"])
def test_text_that_looks_like_a_formula_is_written_as_text(text: str, tmp_path: Path) -> None:
    assert unescape_formula(escape_formula(text)) == text
    assert not escape_formula(text).startswith(("=", "+", "-", "@", "\t"))
    path = tmp_path / "a.xlsx"
    path.write_bytes(table_bytes(path, [["title", "text"], [text, escape_formula(text)]]))
    import openpyxl

    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert {sheet["A2"].data_type, sheet["B2"].data_type} == {"s"}
    assert read_file(path).rows[1] == [text, escape_formula(text)]


def workbook(fill: Callable[[Any], None]) -> bytes:
    """An .xlsx file whose first sheet a function fills."""
    import openpyxl

    book = openpyxl.Workbook()
    fill(book.worksheets[0])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def answers_of(path: Path, raw: bytes, **options: Any) -> dict[str, str]:
    path.write_bytes(raw)
    header_row = options.pop("header_row", 0)
    content = read_table(read_file(path, **options), path.name, header_row).knowledge_base
    return {faq.question: faq.answer for faq in content.faqs}


def with_value(raw: bytes, formula: str, value: str) -> bytes:
    """A workbook as Excel saves it: with the value of a formula beside it."""
    buffer = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(raw))
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part = re.sub(
                    rb"(<f>%b</f>)<v ?/?>(</v>)?" % re.escape(formula.encode()),
                    rb"\1<v>%b</v>" % value.encode(),
                    part,
                )
            target.writestr(name, part)
    return buffer.getvalue()


def test_formula_counts_with_its_value(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["Question", "Answer"])
        sheet.append(["What is two?", "=1+1"])

    path, raw = tmp_path / "a.xlsx", workbook(fill)
    assert answers_of(path, with_value(raw, "1+1", "2")) == {"What is two?": "2"}
    with pytest.raises(UsageError, match=r"cell B2: the formula '=1\+1' has no value"):
        answers_of(path, raw)


def test_links_of_a_workbook_keep_their_addresses(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["Question", "Answer"])
        sheet.append(["Portal?", '=HYPERLINK("https://example.com/jobs","the portal")'])
        sheet.append(["Rules?", "the handbook"])
        sheet["B3"].hyperlink = "https://example.com/rules"
        sheet.append(["Form?", "Ask Ana."])
        sheet["A4"].hyperlink = "https://example.com/form"

    assert answers_of(tmp_path / "a.xlsx", workbook(fill)) == {
        "Portal?": "[the portal](https://example.com/jobs)",
        "Rules?": "[the handbook](https://example.com/rules)",
        "Form?": "Ask Ana.\n\n<https://example.com/form>",
    }


def test_values_of_a_workbook_are_read_as_they_are_shown(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["Question", "Answer"])
        for number, (value, form) in enumerate(
            (
                (0.5, "0%"),
                (7, "000"),
                (50000.0, "General"),
                (2.5, "General"),
                (dt.datetime(2026, 1, 2), "yyyy-mm-dd"),  # noqa: DTZ001 - cells have no zone
                (dt.datetime(2026, 1, 2, 9, 30), "yyyy-mm-dd hh:mm"),  # noqa: DTZ001 - as above
            )
        ):
            sheet.append([f"Q{number}?", value])
            sheet.cell(number + 2, 2).number_format = form

    assert list(answers_of(tmp_path / "a.xlsx", workbook(fill)).values()) == [
        "50%",
        "007",
        "50000",
        "2.5",
        "2026-01-02",
        "2026-01-02 09:30",
    ]


def test_merged_cells_belong_to_each_of_their_rows(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        for row in (["Question", "Answer"], ["When?", "Now."], [None, "Or later."]):
            sheet.append(row)
        sheet.append(["Where?", "Here."])
        sheet.append(["Who?", None])
        sheet.merge_cells("A2:A3")
        sheet.merge_cells("B4:B5")

    assert answers_of(tmp_path / "a.xlsx", workbook(fill)) == {
        "When?": "Now.\n\nOr later.",
        "Where?": "Here.",
        "Who?": "Here.",
    }


def test_sheet_is_asked_for_where_several_have_content(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["Question", "Answer"])
        sheet.append(["Where?", "Here."])
        sheet.parent.create_sheet("Empty")
        other = sheet.parent.create_sheet("Old")
        other.append(["Question", "Answer"])
        other.append(["When?", "Now."])

    path, raw = tmp_path / "a.xlsx", workbook(fill)
    with pytest.raises(UsageError, match=r"2 sheets with content: .*--sheet: “Sheet”, “Old”"):
        answers_of(path, raw)
    with pytest.raises(UsageError, match=r"has no sheet “New”: --sheet takes “Sheet”, “Old”"):
        answers_of(path, raw, sheet="New")
    assert answers_of(path, raw, sheet="old") == {"When?": "Now."}


def test_header_below_a_title_is_asked_for(tmp_path: Path) -> None:
    path, raw = tmp_path / "a.csv", b"HR FAQ list,\n,\nQuestion,Answer\nWhere?,Here.\n"
    with pytest.raises(UsageError, match=r"row 3 looks like it: add --header-row 3"):
        answers_of(path, raw)
    assert answers_of(path, raw, header_row=3) == {"Where?": "Here."}
    with pytest.raises(UsageError, match="--header-row 9 is none of them"):
        answers_of(path, raw, header_row=9)


@pytest.mark.parametrize(
    ("raw", "row", "lost"),
    [
        (b"question,answer\nHow?,Use the portal, then wait.\n", 2, "then wait."),
        (b"question\tanswer\nA?\tB\nHow?\tUse\tthe portal\n", 3, "the portal"),
        (b"question,answer,\nHow?,Use the portal,or ask HR\n", 2, "or ask HR"),
    ],
)
def test_cell_beyond_the_header_is_an_error_that_names_its_row(
    tmp_path: Path, raw: bytes, row: int, lost: str
) -> None:
    with pytest.raises(UsageError, match=f"a.csv, row {row}: “{lost}” stands in no column"):
        answers_of(tmp_path / "a.csv", raw)


def test_question_asked_twice_is_an_error_that_names_both_rows(tmp_path: Path) -> None:
    raw = b"question,answer\nHow do I apply?,So.\nWhere?,Here.\nhow do i apply,Otherwise.\n"
    with pytest.raises(UsageError, match="row 4, column title: asks the same as row 2"):
        answers_of(tmp_path / "a.csv", raw)


def test_rows_of_qna_maker_with_one_id_are_phrasings_of_one_faq(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(
        "Question\tAnswer\tSource\tQnaId\n"
        "How do I apply?\tUse the **form**.\\n\\nThen wait.\tEditorial\t1\n"
        "how can I apply\tUse the **form**.\\n\\nThen wait.\tEditorial\t1\n"
        "Where is C:\\new?\tIn C:\\new.\tEditorial\t2\n",
        encoding="utf-8",
    )
    read = read_table(read_file(path), "a.tsv")
    assert read.unknown_columns == ("Source",)
    first, second = read.knowledge_base.faqs
    assert (first.answer, first.phrasings) == (
        "Use the **form**.\n\nThen wait.",
        ("how can I apply",),
    )
    assert second.answer == "In C:\\new."


def test_far_cells_and_large_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["Question", "Answer"])
        sheet["XFD1048576"] = "x"

    path = tmp_path / "a.xlsx"
    with pytest.raises(UsageError, match="remove what stands far from the table"):
        answers_of(path, workbook(fill))
    monkeypatch.setattr("faqbot.spreadsheet.files.MAX_BYTES", 1000)
    with pytest.raises(UsageError, match="is larger than"):
        answers_of(path, b"question,answer\n" + b"a,b\n" * 1000)


@pytest.mark.parametrize(
    "raw",
    [
        b'Question,Answer\nWhere?,"Here,\nthere"\n',
        '\ufeffquestion;answer\r\nWhere?;"Here,\nthere"\r\n'.encode(),
        'Questions\tReply\nWhere?\t"Here,\nthere"\n'.encode("utf-16"),
        b' Frage ; Antwort ; Notes \nWhere?;"Here,\nthere";x\n',
    ],
)
def test_question_and_answer_are_enough_in_any_encoding(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(raw)
    read = read_table(read_file(path), "a.csv")
    (faq,) = read.knowledge_base.faqs
    assert (faq.key, faq.question, faq.answer) == ("where", "Where?", "Here,\nthere")
    assert read.unknown_columns in ((), ("Notes",))


@pytest.mark.parametrize("text", ["日本語の質問", "Größe №5", "emoji 🙂 here"])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_any_script_survives_export_and_import(text: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(table_bytes(path, [["question", "answer"], [text, text]]))
    assert read_file(path).rows[1] == [text, text]


def test_list_is_a_cell_with_a_line_for_each_entry() -> None:
    assert split_points("• SQL\r\n· Python\n\n- as typed") == ("SQL", "Python", "- as typed")
    held = ("two\nlines", r"back\slash \n", "plain")
    assert split_points(join_points(held)) == held


def test_wrong_cells_are_reported_by_row_and_column(tmp_path: Path) -> None:
    rows = [
        ["kind", "role", "id", "title", "text", "reviewed", "audience", "years min"],
        ["role", "a", "", "A", "", "soon", "", ""],
        ["section", "b", "skills", "", "x", "", "", ""],
        ["section", "a", "experience", "", "", "", "", "two"],
        ["faq", "", "", "Q?", "", "", "friends", ""],
        ["thing", "", "", "", "x", "", "", ""],
    ]
    with pytest.raises(UsageError) as told:
        read_table(TableCells(rows), "a.csv")
    lines = str(told.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "a.csv, row 2, column reviewed",
        "a.csv, row 3, column role",
        "a.csv, row 4, column years min",
        "a.csv, row 5, column text",
        "a.csv, row 5, column audience",
        "a.csv, row 6, column kind",
    ]
    with pytest.raises(UsageError, match="needs columns"):
        read_table(TableCells([["colour", "size"], ["x", "y"]]), "a.csv")


@pytest.mark.parametrize(
    ("name", "raw", "advice"),
    [
        ("a.csv", b"", "is empty"),
        ("a.xlsx", b"PK\x03\x04 no", "isn't a valid Excel file"),
        ("a.xls", b"\xd0\xcf\x11\xe0 old", "save it as .xlsx"),
        ("a.csv", b'question,answer\n"open,', "isn't valid CSV"),
    ],
)
def test_unreadable_file_is_one_line_of_advice(
    tmp_path: Path, name: str, raw: bytes, advice: str
) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(UsageError, match=advice):
        read_file(tmp_path / name)


def test_command_shows_differences_before_it_writes(run: Run, tmp_path: Path) -> None:
    file, folder = tmp_path / "a.csv", tmp_path / "knowledge"
    file.write_text("question,answer\nWhere?,Here\nWhen?,Now\n")
    code, told, _ = run("import", "table", str(file), "--out", str(folder), "--dry-run")
    assert (code, "added: faq/where" in told) == (0, True)
    assert not folder.exists()
    assert run("import", "table", str(file), "--out", str(folder))[0] == 0
    file.write_text("question,answer,audience\nWhere?,There,\nWhen?,Now,\n")
    code, told, err = run("import", "table", str(file), "--out", str(folder))
    assert (code, "--force" in err) == (2, True)
    assert "changed: faq/where, text: “Here” -> “There”" in told
    assert run("import", "table", str(file), "--out", str(folder), "--force", "-q")[0] == 0
    entry = load_knowledge_base(folder).entry("faq/where")
    assert entry is not None
    assert getattr(entry, "answer", "") == "There"
    file.write_text("question,answer,id\nWhere?,There,Not An Id\n")
    assert run("import", "table", str(file), "--out", str(folder), "--force")[0] == 1
