"""`faqbot check`: findings about content, for people and for programs."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from faqbot.cli.main import main
from faqbot.lint.findings import RULES
from faqbot.lint.texts import reading_ease
from tests.support.waiting import DEADLINE

ROOT = Path(__file__).resolve().parents[2]
Check = Callable[..., tuple[int, str]]
SAYING = """
role: {id}
title: {title}
family: sales
sections:
  overview: Sells things.
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAQBOT_CACHE", "off")
    made = tmp_path / "knowledge"
    made.mkdir()
    return made


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], None]:
    def to(name: str, text: str) -> None:
        (folder / name).write_text(dedent(text), encoding="utf-8")

    return to


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Check:
    def run(*options: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["faqbot", "check", "knowledge", *options])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, capfdbinary.readouterr().out.decode()

    return run


def rules(out: str) -> set[str]:
    return {one["rule"] for one in json.loads(out)["findings"]}


def test_competing_phrasings_are_found_with_their_outcomes(
    write: Callable[[str, str], None], check: Check
) -> None:
    write(
        "faqs.yaml",
        """
        faqs:
          - id: leave
            question: How much holiday do I get?
            answer: Thirty days.
          - id: unpaid
            question: Can I take unpaid leave?
            phrasings: [how much holiday do I get, what of a sabbatical]
            answer: Ask your lead.
        """,
    )
    code, out = check()
    assert code == 0
    (line,) = [line for line in out.splitlines() if "phrasings-too-close" in line]
    assert line.startswith("knowledge/faqs.yaml:6:")
    assert "close to one of faq/leave" in line
    assert "“How much holiday do I get?” is answered by" in line
    assert check("--strict")[0] == 1


def test_phrasing_that_does_not_come_home_is_named_with_the_reason(
    write: Callable[[str, str], None], check: Check
) -> None:
    write(
        "roles.yaml",
        """
        role: ferry-captain
        title: Ferry Captain
        sections:
          overview: Steers the ferry.
        faqs:
          - id: storm
            question: What does a {role} do in a storm?
            phrasings: ["when must a {role} stay ashore"]
            answer: Stay in the harbour.
          - id: fog
            question: What does a {role} do in fog?
            phrasings: ["When must a {role} stay ashore?"]
            answer: Sound the horn.
        """,
    )
    code, out = check("--json")
    assert code == 0
    astray = [f for f in json.loads(out)["findings"] if f["rule"].startswith("question-")]
    about = [f for f in astray if "must a Ferry Captain stay ashore" in f["message"]]
    assert about
    assert {f["line"] for f in about} <= {7, 11}
    assert all("ferry-captain/faq/" in f["message"].partition("”")[2] for f in about)


def test_equal_answers_are_found(write: Callable[[str, str], None], check: Check) -> None:
    write(
        "faqs.yaml",
        """
        faqs:
          - {id: a, question: Where do I park?, answer: Behind the house on the left side.}
          - {id: b, question: Is there a garage?, answer: "Behind the house, on the left side!"}
          - {id: c, question: Is there food?, answer: In the canteen until three.}
        """,
    )
    code, out = check("--json")
    assert code == 0
    (one,) = [f for f in json.loads(out)["findings"] if f["rule"] == "answers-alike"]
    assert one["message"] == "faq/b: has the same answer as faq/a"


def test_section_that_most_roles_of_a_family_have_is_expected(
    write: Callable[[str, str], None], check: Check
) -> None:
    for name in ("one", "two", "three"):
        write(f"{name}.yaml", SAYING.format(id=name, title=name.title()) + "  skills: [Talk]\n")
    write("four.yaml", SAYING.format(id="four", title="Four"))
    _, out = check()
    assert "four.yaml:2:1: warning: four: has no skills; 3 of 4 roles of sales have it" in out


def test_overdue_review_is_a_warning_or_an_error(
    write: Callable[[str, str], None], check: Check
) -> None:
    write(
        "one.yaml",
        SAYING.format(id="one", title="One") + "reviewed: 2020-01-01\nreview_every: 30 days\n",
    )
    code, out = check()
    assert (code, "[review-overdue]" in out) == (0, True)
    assert check("--stale-is-error")[0] == 1


def test_unsupported_markdown_and_dead_links_are_found(
    write: Callable[[str, str], None], check: Check
) -> None:
    write(
        "faqs.yaml",
        """
        faqs:
          - id: a
            question: Where is the form?
            answer: |
              See ![form](https://example.com/form.png), <b>or</b> [here](../forms/form.pdf),
              [there](https://example.com).

              | day | hour |
              | --- | --- |
              | one | two |
        """,
    )
    _, out = check()
    for what in ("an image", "HTML (<b>)", "a table", "links to ../forms/form.pdf"):
        assert what in out
    assert "example.com," not in out


def test_slack_markup_is_found_with_what_markdown_writes(
    write: Callable[[str, str], None], check: Check
) -> None:
    write(
        "one.yaml",
        """
        role: one
        title: One
        sections:
          overview: "*Loud* people, <https://example.com/x|a page>, <@U0123456>, ~gone~ things."
          skills:
            required: ["`*code*`, **bold** and _italic_ :wave:", ~20 to ~30 days, "[a](https://b.cd)"]
          day-to-day: |
            We
            • cook
        """,
    )
    code, out = check("--json")
    found = [f["message"] for f in json.loads(out)["findings"] if f["rule"] == "slack-markup"]
    assert code == 0
    assert sorted(message.split(" contains ")[1] for message in found) == [
        "“*Loud*”, which is italic in Markdown; write **Loud** for bold, or _Loud_",
        (
            "“<@U0123456>”, a mention as Slack writes it; write the name, or a link to the person "
            "or channel"
        ),
        (
            "“<https://example.com/x|a page>”, a link as Slack writes it; "
            "write [a page](https://example.com/x)"
        ),
        "“~gone~”, text struck out as Slack writes it; write ~~text~~",
        "“•”, a point with •; begin each point with “- ”",
    ]


def test_placeholders_that_would_be_shown_are_found(
    write: Callable[[str, str], None], check: Check
) -> None:
    write(
        "one.yaml",
        """
        role: one
        title: Cook
        sections:
          overview: "A {role}, a {Role}, a {{role}}, a { role }; not `{Role}` and {name}."
          skills: {required: [x], phrasings: ["what must a {ROLE} know", "and a {role}"]}
        ---
        faqs:
          - {id: a, question: "Who is a {role}?", answer: Somebody}
        """,
    )
    found = [
        f["message"]
        for f in json.loads(check("--json")[1])["findings"]
        if f["rule"] == "strange-placeholder"
    ]
    assert sorted(message.split(";")[0] for message in found) == [
        "faq/a: contains {role}",
        "one/overview: contains { role }",
        "one/overview: contains {Role}",
        "one/overview: contains {{role}}",
        "one/skills: contains {ROLE}",
    ]


def test_reviews_in_the_future_and_unreachable_owners_are_found(
    write: Callable[[str, str], None], check: Check
) -> None:
    owners = {
        "a": '"@people-engineering"',
        "b": "U0123ABCD",
        "c": '"<#C0123ABCD|people>"',
        "d": '"#people"',
        "e": "ann@example.com",
        "f": "Ann Lee",
    }
    faqs = "".join(
        f"  - {{id: {key}, question: 'Who is {key * 4}?', answer: 'It is {key * 5}.', "
        f"owner: {owner}}}\n"
        for key, owner in owners.items()
    )
    write("one.yaml", f"faqs:\n{faqs}---\nrole: one\ntitle: One\nreviewed: 2062-11-01\n")
    found = json.loads(check("--json")[1])["findings"]
    unreachable = [f["message"] for f in found if f["rule"] == "owner-unreachable"]
    assert [message.split(":")[0] for message in unreachable] == ["faq/d", "faq/e", "faq/f"]
    assert "write its id, such as C0123ABCD" in unreachable[0]
    (review,) = [f for f in found if f["rule"] == "review-in-future"]
    assert (review["line"], "2062-11-01" in review["message"]) == (9, True)


def test_files_that_look_like_content_are_named_with_the_command_that_imports_them(
    write: Callable[[str, str], None], check: Check, folder: Path
) -> None:
    (folder / "roles").mkdir()
    write("roles/one.yaml", SAYING.format(id="one", title="One"))
    for name in ("the clerk.docx", "b.PDF", "c.md", "d.csv", "e.yml.txt", "f.doc"):
        write(f"roles/{name}", "x")
    for name in ("README.md", "schema.json", "logo.png", "~$g.docx", ".h.docx"):
        write(name, "x")
    found = json.loads(check("--json")[1])["findings"]
    advice = [f["message"].partition("; ")[2] for f in found if f["rule"] == "not-content"]
    assert advice == [
        "import it with: faqbot import document knowledge/roles/b.PDF",
        "import it with: faqbot import document knowledge/roles/c.md",
        "import it with: faqbot import table knowledge/roles/d.csv",
        "rename it to e.yml",
        "save it as .docx, and import that with faqbot import",
        "import it with: faqbot import document 'knowledge/roles/the clerk.docx'",
    ]
    (folder / "roles" / "one.yaml").unlink()
    code, _ = check()
    assert code == 2


def test_notes_are_shown_with_advice_by_verbose(
    write: Callable[[str, str], None], check: Check
) -> None:
    sentence = " ".join(["and the organisational responsibility of administration"] * 20)
    write("one.yaml", SAYING.format(id="one", title="One") + f"  skills: {sentence}.\n")
    assert "too-long" not in check()[1]
    code, out = check("--verbose")
    assert code == 0
    assert "sentence of 120 words" in out
    assert "[hard-to-read]" in out
    assert RULES["too-long"].advice in out


def test_reading_ease_is_that_of_flesch() -> None:
    assert reading_ease("The cat sat on the mat.") == pytest.approx(116.145, abs=0.01)
    assert reading_ease("") == 100


def test_load_problems_are_printed_without_a_rule(
    write: Callable[[str, str], None], check: Check
) -> None:
    write("one.yaml", "role: one\ntitel: One\n")
    code, out = check()
    assert code == 1
    assert "knowledge/one.yaml:2:1: “titel” is not a key" in out
    code, out = check("--json")
    told = json.loads(out)
    assert (code, told["ok"], told["roles"]) == (1, False, None)
    assert {one["line"] for one in told["problems"]} >= {2}
    assert check("--quiet")[1].count("\n") == len(told["problems"]) + 1


def test_github_format_names_file_and_line(write: Callable[[str, str], None], check: Check) -> None:
    write("a,b.yaml", "role: one\ntitle: 'One'\n? [100%]\n: x\n")
    code, out = check("--format", "github")
    assert code == 1
    assert "::error file=knowledge/a%2Cb.yaml,line=" in out
    assert all(line.startswith("::") for line in out.splitlines())


def test_sarif_has_what_code_scanners_require(
    write: Callable[[str, str], None], check: Check
) -> None:
    write("one.yaml", "role: one\ntitel: One\n")
    log: dict[str, Any] = json.loads(check("--format", "sarif")[1])
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    names = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert names == list(RULES)
    for result in run["results"]:
        assert names[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "knowledge/one.yaml"
        assert place["region"]["startLine"] >= 1


def test_shipped_content_has_no_warnings(monkeypatch: pytest.MonkeyPatch, check: Check) -> None:
    monkeypatch.chdir(ROOT)
    _, out = check("--json")
    assert rules(out) <= {"one-sided-relation"}


@pytest.mark.parametrize(
    "given", [["knowledge"], ["--knowledge", "knowledge"], ["knowledge/", "-k", "./knowledge"]]
)
def test_folder_is_given_as_argument_or_as_option(
    write: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    given: list[str],
) -> None:
    write("one.yaml", SAYING.format(id="one", title="Florist"))
    monkeypatch.setenv("FAQBOT_KNOWLEDGE", "elsewhere")
    monkeypatch.setattr(sys, "argv", ["faqbot", "check", *given])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    assert "knowledge: 1 role" in capfdbinary.readouterr().out.decode()


def test_two_folders_are_refused_with_advice(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["faqbot", "check", "knowledge", "--knowledge", str(folder.parent)]
    )
    with pytest.raises(SystemExit) as stop:
        main()
    told = " ".join(capfdbinary.readouterr().err.decode().split())
    assert stop.value.code == 2
    assert "DIR is knowledge, and --knowledge is" in told
    assert "name the folder to check once" in told


def test_watch_checks_again_after_each_save_and_in_a_folder_made_anew(folder: Path) -> None:
    (folder / "one.yaml").write_text("role: one\ntitel: One\n")
    command = [sys.executable, "-c", "from faqbot.cli.main import main; main()"]
    with subprocess.Popen(
        [*command, "check", "knowledge", "--watch"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None

        def until(text: str) -> None:
            assert process.stdout is not None
            assert any(text in line for line in iter(process.stdout.readline, ""))

        until("titel")
        until("Watching")
        (folder / "one.yaml").write_text(SAYING.format(id="one", title="One"))
        until("No problems")
        folder.rename(folder.with_name("former"))
        folder.mkdir()
        (folder / "two.yaml").write_text("role: two\ntitel: Two\n")
        until("two.yaml:2")
        (folder / "two.yaml").write_text(SAYING.format(id="two", title="Two"))
        until("No problems")
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 130


@pytest.mark.parametrize("name", ["docs/examples/github-action.yml", ".pre-commit-hooks.yaml"])
def test_examples_use_options_of_the_command(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    assert "faqbot check" in text
