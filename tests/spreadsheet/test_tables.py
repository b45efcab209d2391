"""Tables: exported content is imported unchanged, and tables of people are understood."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

from faqbot.cli.main import main
from faqbot.content.loader import load_knowledge_base
from faqbot.errors import UsageError
from faqbot.model import KnowledgeBase, Role
from faqbot.spreadsheet.files import (
    escape_formula,
    join_points,
    read_rows,
    split_points,
    table_bytes,
    unescape_formula,
)
from faqbot.spreadsheet.rows import differences, read_table, table_rows
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
        read = read_table(read_rows(path), target.name)
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
    assert read_rows(path)[1] == [text, escape_formula(text)]


def test_formula_of_a_file_is_read_as_text(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Question", "Answer"])
    sheet.append(["What is two?", "=1+1"])
    buffer = io.BytesIO()
    book.save(buffer)
    path = tmp_path / "a.xlsx"
    path.write_bytes(buffer.getvalue())
    (faq,) = read_table(read_rows(path), "a").knowledge_base.faqs
    assert faq.answer == "=1+1"


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
    read = read_table(read_rows(path), "a.csv")
    (faq,) = read.knowledge_base.faqs
    assert (faq.key, faq.question, faq.answer) == ("where", "Where?", "Here,\nthere")
    assert read.unknown_columns in ((), ("Notes",))


@pytest.mark.parametrize("text", ["日本語の質問", "Größe №5", "emoji 🙂 here"])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_any_script_survives_export_and_import(text: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(table_bytes(path, [["question", "answer"], [text, text]]))
    assert read_rows(path)[1] == [text, text]


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
        read_table(rows, "a.csv")
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
        read_table([["colour", "size"], ["x", "y"]], "a.csv")


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
        read_rows(tmp_path / name)


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
