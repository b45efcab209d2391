from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from faqbot import __version__, app
from faqbot.cli.commands import app as command_line

from .conftest import Run

CONTENT = """\
faqs:
  - id: how-to-apply
    question: How do I apply?
    phrasings:
      - where can I send my application
      - how can I apply for a job
    answer: Use the form.
    {tests}
"""


def test_explain_shows_corrections_links_scores_and_reason(run: Run) -> None:
    ran = run("explain", "wich skils for a data anlyst")
    assert ran.code == 0
    for word in (
        "skils → skills",
        "data-analyst",
        "a misspelt name",
        "Confidence",
        "clearly",
        "ms",
    ):
        assert word in ran.out


def test_explain_as_json_extends_the_contract(run: Run) -> None:
    (told,) = run("explain", "--json", "skils of a data analyst").lines
    assert list(told)[:5] == ["question", "outcome", "role", "entries", "text"]
    assert {"written": "skils", "read": "skills"} in told["repairs"]
    assert told["links"][0]["role"] == "data-analyst"
    assert told["candidates"][0]["opinions"]
    assert told["why"] == "clear"


def test_explain_as_json_says_what_each_feature_adds(run: Run) -> None:
    (told,) = run("explain", "--json", "skils of a data analyst").lines
    best = told["candidates"][0]
    assert sum(best["contributions"].values()) == pytest.approx(best["log_odds"], abs=0.01)
    assert "constant" in best["contributions"]
    assert 0 < best["verifier_share"] < 1
    assert (best["veto"], told["verbatim"]) == (None, None)


def test_explain_names_a_veto_and_what_it_is_about(run: Run) -> None:
    asked = "does a data analyst need to code in R2D2"
    (told,) = run("explain", "--json", asked).lines
    assert told["candidates"][0]["veto"] == {"kind": "code", "words": "r2d2"}
    assert "“r2d2” is a code that it doesn't have" in run("explain", asked).out


def test_explain_says_that_a_question_is_an_author_s_own(run: Run) -> None:
    asked = "Does a data analyst need to code?"
    (told,) = run("explain", "--json", asked).lines
    assert told["verbatim"] == "data-analyst/faq/coding-needed"
    assert "the own question of data-analyst/faq/coding-needed" in run("explain", asked).out


def test_explain_shows_the_evidence_of_the_best_candidates(run: Run) -> None:
    out = run("explain", "which degree for a data analyst").out
    for words in ("Evidence, in log odds", "lead", "constant", "share of verified"):
        assert words in out


def test_explain_shows_the_reason_of_a_decline(run: Run) -> None:
    assert "decline" in run("explain", "how do I bake bread").out


def test_roles_lists_parts_and_overdue_reviews(run: Run) -> None:
    ran = run("roles")
    assert "data-analyst" in ran.out
    assert "2026-01-10 (overdue)" in ran.out
    assert "2 roles" in ran.out


def test_roles_as_json_is_a_line_for_each(run: Run) -> None:
    first, second = run("roles", "--json").lines
    assert first["parts"] == ["overview", "skills", "education"]
    assert first["faqs"] == ["coding-needed"]
    assert (first["stale"], second["reviewed"]) == (True, None)


def test_check_passes_good_content(run: Run) -> None:
    ran = run("check")
    assert ran.code == 0
    assert "2 tests of its own passed" in ran.out


def test_check_lists_every_problem_with_its_position(run: Run, tmp_path: Path) -> None:
    (tmp_path / "faqs.yaml").write_text(CONTENT.format(tests="answr: x"), encoding="utf-8")
    ran = run("check", str(tmp_path))
    assert ran.code == 1
    assert "faqs.yaml:8:5: " in ran.out
    assert "1 problem in " in ran.out


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("matches: [how do I bake bread]", "how-to-apply: matches: 'how do I bake bread' is "),
        ("rejects: [how can I apply]", "how-to-apply: rejects: 'how can I apply' is answered"),
    ],
)
def test_check_asks_the_tests_of_the_content(
    run: Run, tmp_path: Path, tests: str, said: str
) -> None:
    (tmp_path / "faqs.yaml").write_text(CONTENT.format(tests=tests), encoding="utf-8")
    ran = run("check", str(tmp_path))
    assert ran.code == 1
    assert said in ran.out
    (told,) = run("check", str(tmp_path), "--json").lines
    assert told["ok"] is False
    assert said in told["problems"][0]["message"]


def test_chat_remembers_the_role_and_takes_numbers(run: Run) -> None:
    typed = b"/role data analyst\nwhich skills?\n1\n/role\n/new\n/role\n/quit\nnot read\n"
    ran = run("chat", stdin=typed)
    assert ran.code == 0
    assert "Data Analyst · Skills" in ran.out
    assert "Data Analyst · Overview" in ran.out
    assert "We are talking about Data Analyst." in ran.out
    assert "We aren't talking about a role yet." in ran.out


def test_chat_shows_the_full_description_that_it_offers(run: Run) -> None:
    ran = run("chat", stdin=b"/role qa engineer\n2\n")
    assert "2 Full description" in ran.out
    assert "Patience" in ran.out


def test_chat_lists_roles_and_answers_unknown_commands_with_help(run: Run) -> None:
    ran = run("chat", stdin=b"/roles\n9\n2\n/dance\n/help\n\xff\xfe\n\n")
    assert ran.code == 0
    assert "Pick a number from 1 to 2" in ran.out
    assert "finds faults" in ran.out
    assert "There is no command /dance." in ran.out


def test_unexpected_error_is_one_line_with_a_reference(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(knowledge: Path, *_: object) -> None:
        raise ZeroDivisionError(knowledge)

    monkeypatch.setattr(app, "load_engine", broken)
    first, again = run("ask", "x"), run("ask", "y")
    assert first.code == 1
    assert "reference" in first.err
    assert first.err == again.err
    assert len(first.err.splitlines()) == 1
    monkeypatch.setenv("FAQBOT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run("ask", "x")


def test_missing_folder_is_one_line_of_advice(run: Run) -> None:
    ran = run("ask", "--knowledge", "/does/not/exist", "x")
    assert ran.code == 2
    assert "/does/not/exist" in ran.err


def test_run_check_prints_the_settings_in_effect(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("run", "--check")
    assert ran.code == 0
    assert "local workspace" in ran.out
    monkeypatch.setenv("SLACK_BOT_TOKEN", "wrong")
    ran = run("run", "--check")
    assert ran.code == 2
    assert "SLACK_BOT_TOKEN" in ran.err


def test_version_is_printed(run: Run) -> None:
    assert run("--version").out == f"faqbot {__version__}\n"


@pytest.mark.parametrize("command", ["ask", "explain", "chat", "check", "evaluate", "roles", "run"])
def test_each_command_helps_with_an_example(run: Run, command: str) -> None:
    assert f"Example: faqbot {command}" in run(command, "--help").out


@pytest.mark.parametrize("command", ["ask hello", "explain hello", "roles", "check", "run --check"])
def test_every_command_reads_the_content_folder_from_the_dotenv_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.delenv("FAQBOT_KNOWLEDGE")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("FAQBOT_KNOWLEDGE=of-the-file\n")
    ran = run(*command.split())
    assert "of-the-file: there is no such folder" in ran.out + ran.err
    assert ran.code != 0


def commands() -> list[tuple[str, ...]]:
    """The names of all commands, with those of groups."""
    root = typer.main.get_command(command_line)
    names: list[tuple[str, ...]] = [()]
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        names += [(name,), *((name, inner) for inner in getattr(command, "commands", ()))]
    return names


@pytest.mark.parametrize("names", commands(), ids=" ".join)
def test_help_shows_no_markup_and_no_type_of_flags(run: Run, names: tuple[str, ...]) -> None:
    ran = run(*names, "--help")
    assert ran.code == 0
    assert "`" not in ran.out
    assert "<bool>" not in ran.out


def test_commands_are_listed_by_what_they_are_for(run: Run) -> None:
    headings = re.findall(r"╭─ (.+?) ─", run("--help").out)
    assert headings == ["Options", "Questions", "Content", "What people asked", "Service"]


def test_paragraphs_of_help_wrap_once(run: Run) -> None:
    lines = [line.strip() for line in run("check", "--help").out.splitlines()]
    first = next(number for number, line in enumerate(lines) if line.startswith("Each finding"))
    paragraph = lines[first : lines.index("", first)]
    assert len(paragraph) > 1
    assert all(len(line) > 90 for line in paragraph[:-1])


def test_messages_in_a_terminal_have_quotes_and_json_has_the_markup(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text("role: a\ntitel: A\n")
    ran = run("check", str(tmp_path))
    assert "“titel” is not a key of a role; did you mean “title”?" in ran.out
    assert "`" not in ran.out
    assert "“titel” is not a key" in run("ask", "x", "--knowledge", str(tmp_path)).err
    (told,) = run("check", str(tmp_path), "--json").lines
    assert "`titel` is not a key" in told["problems"][-1]["message"]


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("", "1 entry, no tests of its own yet. No problems."),
        ("matches: [how do I apply]", "0 roles, 1 entry, 1 test of its own passed. No problems."),
    ],
)
def test_check_counts_in_words(run: Run, tmp_path: Path, tests: str, said: str) -> None:
    (tmp_path / "a.yaml").write_text(CONTENT.replace("{tests}", tests))
    assert said in run("check", str(tmp_path)).out


def test_a_repository_is_edited_in_a_clone(run: Run) -> None:
    refused = run("edit", "--knowledge", "git+https://example.com/team/content.git")
    assert refused.code == 2
    assert "edit the clone" in refused.err
