"""What commands write loads, and holds the value of each option and each answer in its place."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import typer

from faqbot.cli.commands import app
from faqbot.content.loader import load_knowledge_base
from faqbot.model import Audience, Faq, Role, Years
from tests.support.waiting import DEADLINE

from .conftest import KNOWLEDGE, Run

FAQBOT = (sys.executable, "-c", "from faqbot.cli.main import main; main()")
ROLE = {
    "--alias": "“Boss” of #1, then",
    "--family": "no",
    "--owner": "@people",
    "--overview": "Cooks: soup # and “bread”.",
    "--duty": "- Cut onions",
    "--required": "C # and F #",
    "--preferred": "“Knives”",
    "--education": "{role} school - or 1. none",
    "--years": "2.5",
}
FAQ = {
    "--answer": "Write to #kitchen: *now*",
    "--phrasing": "“where is it”",
    "--about": "data-analyst",
    "--audience": "employees",
}
JOB = {
    "--organization": "Soup & Sons",
    "--website": "https://soup.example.com",
    "--locality": "Ulm",
    "--country": "DE",
    "--employment-type": "part-time",
    "--posted": "2026-11-01",
    "--until": "2026-12-01",
    "--link": "https://soup.example.com/jobs/1",
}
CONTROLS = {"--dir", "--yes", "--force", "--quiet", "--knowledge", "--out", "--format", "--help"}
"""Options that say where and whether to write, and not what."""


def options_of(*names: str) -> set[str]:
    """The options of a command whose values are written."""
    command = typer.main.get_command(app)
    for name in names:
        command = command.commands[name]  # type: ignore[attr-defined]
    return {parameter.opts[0] for parameter in command.params if parameter.opts[0][0] == "-"}


def as_arguments(values: dict[str, str]) -> list[str]:
    return [part for pair in values.items() for part in pair]


def assert_role(role: Role, title: str, *, education: str) -> None:
    sections = {section.key: section for section in role.sections}
    assert (role.id, role.title) == ("head-cook", title)
    assert role.aliases == (ROLE["--alias"],)
    assert (role.family, role.owner, role.onet) == (ROLE["--family"], ROLE["--owner"], "")
    assert sections["overview"].text == ROLE["--overview"]
    assert sections["responsibilities"].items == (ROLE["--duty"],)
    assert sections["skills"].required == (ROLE["--required"],)
    assert sections["skills"].preferred == (ROLE["--preferred"],)
    assert sections["education"].required == (education,)
    assert sections["experience"].years == Years(2.5, None)


def assert_faq(faq: Faq, role: str | None, audience: Audience) -> None:
    assert (faq.question, faq.role) == ("Where # is it?", role)
    assert (faq.answer, faq.phrasings) == (FAQ["--answer"], (FAQ["--phrasing"],))
    assert faq.audience is audience


def test_new_role_holds_every_option_and_its_folder_is_whole(run: Run, tmp_path: Path) -> None:
    assert options_of("new", "role") - CONTROLS == set(ROLE)
    folder = tmp_path / "my content"
    ran = run("new", "role", " Head Cook ", "--dir", str(folder), *as_arguments(ROLE))
    assert ran.code == 0, ran.err
    base = load_knowledge_base(folder)
    assert_role(base.roles[0], "Head Cook", education="Head Cook school - or 1. none")
    assert (folder / "schema.json").read_text() == (KNOWLEDGE_SCHEMA.read_text())
    assert [faq.example for faq in base.faqs] == [True]
    for step in ("faqbot check '", "faqbot ask --knowledge '", "faqbot run --knowledge '"):
        assert step in ran.out
    checked = run("check", str(folder))
    assert checked.code == 0, checked.out
    # A second role finds the folder whole.
    before = (folder / "faqs" / "general.yaml").read_bytes()
    ran = run("new", "role", "Waiter", "--dir", str(folder))
    assert "general.yaml" not in ran.err
    assert (folder / "faqs" / "general.yaml").read_bytes() == before


KNOWLEDGE_SCHEMA = Path(__file__).resolve().parents[2] / "knowledge" / "schema.json"


def test_yaml_in_a_hidden_folder_is_no_content_to_begin_with(run: Run, tmp_path: Path) -> None:
    """A repository of content often has the workflows of its host in `.github`."""
    folder = tmp_path / "knowledge"
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "check.yml").write_text("on: push\n")
    (tmp_path / "questions.csv").write_text("question,answer\nIs there a dog?,One.\n")
    ran = run("import", "table", str(tmp_path / "questions.csv"), "--out", str(folder), "--dry-run")
    assert ran.code == 0, ran.err
    ran = run("new", "faq", "Is there a cat?", "--answer", "None.", "--dir", str(folder))
    assert ran.code == 0, ran.err
    assert (folder / "faqs" / "general.yaml").exists()


def test_new_faq_holds_every_option(run: Run, tmp_path: Path) -> None:
    assert options_of("new", "faq") - CONTROLS == set(FAQ)
    folder = tmp_path / "knowledge"
    (folder / "roles").mkdir(parents=True)
    (folder / "roles" / "a.yaml").write_text("role: data-analyst\ntitle: Data Analyst\n")
    where = ["--dir", str(folder)]
    assert run("new", "faq", "Where # is it?", *where, *as_arguments(FAQ)).code == 0
    (faq,) = load_knowledge_base(folder).roles[0].faqs
    assert_faq(faq, "data-analyst", Audience.EMPLOYEES)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new", "role", " "], "needs a title"),
        (["new", "role", "Cook", "--overview", "a\x07"], "control character U+0007"),
        (["new", "faq", "a\x07?", "--answer", "x"], "control character U+0007"),
    ],
)
def test_what_would_not_load_is_not_written(
    run: Run, tmp_path: Path, arguments: list[str], said: str
) -> None:
    ran = run(*arguments, "--dir", str(tmp_path / "knowledge"))
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "knowledge").exists()


@pytest.mark.parametrize("title", ["FAQ", "role"])
def test_title_that_is_a_reserved_word_gets_another_id(
    run: Run, tmp_path: Path, title: str
) -> None:
    assert run("new", "role", title, "--dir", str(tmp_path)).code == 0
    assert load_knowledge_base(tmp_path).roles[0].title == title


def answer_at_a_terminal(arguments: Iterable[str], answers: Iterable[str]) -> str:
    """Run a command at a terminal and type the answers; returns what it showed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*FAQBOT, *arguments],
        env={**os.environ, "TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
        shown = b""
        try:
            while more := os.read(ours, 4096):
                shown += more
        except OSError:
            pass  # Linux reports the end of a terminal so
        assert process.wait(DEADLINE) == 0, shown
    os.close(ours)
    return shown.decode()


def test_answers_at_the_terminal_are_held_like_options(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    where = ("--dir", str(folder))
    answers = {**ROLE, "--alias": "“Boss” of #1", "--years": "some\n3 to 5 years"}
    shown = answer_at_a_terminal(("new", "role", "Head Cook", *where), answers.values())
    assert "Write a number, such as 3, or two, such as 2-5." in shown
    (role,) = load_knowledge_base(folder).roles
    assert role.aliases == ("“Boss” of #1",)
    assert (role.family, role.owner, role.onet) == ("no", "@people", "")
    experience = role.section("experience")
    assert experience is not None
    assert experience.years == Years(3, 5)
    for key in ("overview", "responsibilities", "skills", "education"):
        assert role.section(key) is not None, key
    asked = ("new", "faq", "Where # is it?", *where)
    answer_at_a_terminal(asked, (FAQ["--answer"], FAQ["--phrasing"]))
    faq = load_knowledge_base(folder).entry("faq/where-is-it")
    assert isinstance(faq, Faq)
    assert_faq(faq, None, Audience.EVERYONE)


def test_job_posting_holds_every_option(run: Run, tmp_path: Path) -> None:
    written = {*JOB, "--remote"}
    assert options_of("export", "role") - CONTROLS - {"--audience"} == written
    target = tmp_path / "job.json"
    arguments = ["--format", "jobposting", "--out", str(target)]
    ran = run("export", "role", "data-analyst", *arguments, *as_arguments(JOB))
    assert ran.code == 0, ran.err
    posting = json.loads(target.read_text())
    text = target.read_text()
    for option, value in JOB.items():
        expected = "PART_TIME" if option == "--employment-type" else value
        assert json.dumps(expected) in text, option
    assert posting["datePosted"] == JOB["--posted"]
    assert posting["validThrough"].startswith(JOB["--until"])
    assert "--" not in ran.err
    more = ["--force", "--remote", *as_arguments(JOB)]
    ran = run("export", "role", "data-analyst", *arguments, *more)
    assert json.loads(target.read_text())["jobLocationType"] == "TELECOMMUTE"
    assert "--locality isn't written" in ran.err


def test_site_and_table_hold_their_options(run: Run, tmp_path: Path) -> None:
    assert options_of("export", "site") - CONTROLS == {"--title", "--audience"}
    assert options_of("export", "table") - CONTROLS == set()
    site = tmp_path / "site"
    assert run("export", "site", "--out", str(site), "--title", "Jobs & more").code == 0
    assert "Jobs &amp; more" in (site / "index.html").read_text()
    table = tmp_path / "t.csv"
    assert run("export", "table", str(table)).code == 0
    ran = run("import", "table", str(table), "--out", str(tmp_path / "back"))
    assert ran.code == 0, ran.err
    back, old = load_knowledge_base(tmp_path / "back"), load_knowledge_base(KNOWLEDGE)
    assert {role.id for role in back.roles} == {role.id for role in old.roles}


def test_imported_table_is_read_from_the_sheet_and_row_that_the_options_name(
    run: Run, tmp_path: Path
) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.create_sheet("Answers")
    for row in (["Of 2026"], ["question", "answer"], ["When is lunch?", "At noon."]):
        sheet.append(row)
    source = tmp_path / "faqs.xlsx"
    book.save(source)
    out = tmp_path / "knowledge"
    options = ("--sheet", "Answers", "--header-row", "2", "--out", str(out))
    ran = run("import", "table", str(source), *options)
    assert ran.code == 0, ran.err
    (faq,) = load_knowledge_base(out).faqs
    assert (faq.question, faq.answer) == ("When is lunch?", "At noon.")


def test_imported_document_lies_where_the_option_says(run: Run, tmp_path: Path) -> None:
    allowed = CONTROLS | {"--dry-run", "--verbose"}
    assert options_of("import", "document") - allowed == set()
    assert options_of("import", "table") - allowed == {"--sheet", "--header-row"}
    source = tmp_path / "Cook.md"
    source.write_text("# Cook\n\n## Skills\n\n- C # and F #\n- “Knives”\n", encoding="utf-8")
    out = tmp_path / "base" / "roles"
    assert run("import", "document", str(source), "--out", str(out)).code == 0
    (role,) = load_knowledge_base(out).roles
    skills = role.section("skills")
    assert skills is not None
    assert {*skills.items, *skills.required} == {"C # and F #", "“Knives”"}
