"""The public API: `import faqbot` and what its names do for a program of somebody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import faqbot
from faqbot import Audience, Engine, Question
from faqbot.index.builder import load_index
from faqbot.matching.training_data import SharedResources

ROOT = Path(__file__).resolve().parents[2]
KNOWLEDGE = ROOT / "knowledge"


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def bot() -> Engine:
    return faqbot.load(str(KNOWLEDGE))


def test_public_names_are_the_promised_nine() -> None:
    assert faqbot.__all__ == [
        "Audience",
        "ContentError",
        "Engine",
        "FaqbotError",
        "KnowledgeBase",
        "Question",
        "Reply",
        "Result",
        "load",
    ]
    assert all(getattr(faqbot, name).__name__ == name for name in faqbot.__all__)
    assert set(faqbot.__all__) <= set(dir(faqbot))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'faqbot' has no attribute 'lode'"):
        faqbot.lode  # type: ignore[attr-defined] # noqa: B018


def test_importing_faqbot_loads_no_other_module_of_it() -> None:
    listing = "import sys, faqbot; print([m for m in sys.modules if m.startswith('faqbot')])"
    assert python("-c", listing).stdout == "['faqbot']\n"


def test_python_m_faqbot_is_the_command() -> None:
    ran = python("-m", "faqbot", "--version")
    assert (ran.returncode, ran.stdout) == (0, f"faqbot {faqbot.__version__}\n")


def test_text_and_question_get_the_same_result(bot: Engine) -> None:
    text = "which skills does a data analyst need?"
    result = bot.ask(text)
    assert result.kind == "answer"
    assert result.role == "data-analyst"
    assert [entry.id for entry in result.entries] == ["data-analyst/skills"]
    assert result.text.startswith("Data Analyst · Skills")
    assert bot.ask(Question(text)).to_dict() == result.to_dict()


def test_question_without_a_role_gets_choices(bot: Engine) -> None:
    result = bot.ask("which certifications")
    assert (result.kind, result.reason) == ("choices", "which-role")
    assert len(result.entries) == 3


def test_unanswerable_question_is_declined_without_entries(bot: Engine) -> None:
    result = bot.ask("what is the wifi password")
    assert (result.kind, result.reason) == ("decline", "not-understood")
    assert (result.role, result.entries, result.fact) == (None, (), None)


def test_fact_is_the_one_of_the_contract(bot: Engine) -> None:
    result = bot.ask("which roles need sql?")
    assert result.fact is not None
    contract = result.to_dict()["fact"]
    assert isinstance(contract, dict)
    assert (contract["kind"], contract["roles"]) == (result.fact.kind, list(result.fact.roles))


@pytest.mark.parametrize("audience", ["employees", Audience.EMPLOYEES])
def test_audience_of_texts_is_the_loaded_one(bot: Engine, audience: Audience) -> None:
    text = "how do I move to another team internally"
    inside = faqbot.load(KNOWLEDGE, audience=audience)
    assert [entry.id for entry in inside.ask(text).entries] == ["faq/internal-move"]
    assert bot.ask(text).kind != "answer"
    assert bot.ask(Question(text, audience=Audience.EMPLOYEES)).kind == "answer"


def test_entry_and_role_are_shown_by_id_and_by_name(bot: Engine) -> None:
    assert bot.show("qa-engineer/skills").text.startswith("QA Engineer · Skills")
    assert bot.describe("qa enginer").role == "qa-engineer"


def test_without_a_folder_the_shipped_content_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "knowledge").mkdir()
    monkeypatch.chdir(tmp_path)
    assert faqbot.load().knowledge_base.role("data-analyst") is not None


def test_result_answers_from_the_content_that_it_was_asked_of(tmp_path: Path) -> None:
    faqs = tmp_path / "faqs.yaml"
    faqs.write_text("faqs:\n  - id: a\n    question: Where to park?\n    answer: Behind.\n")
    engine = faqbot.load(tmp_path)
    before = engine.ask("Where to park?")
    faqs.write_text(faqs.read_text().replace("Behind", "In front"))
    engine.swap(load_index(tmp_path, SharedResources()))
    assert "Behind" in before.text
    assert "In front" in engine.ask("Where to park?").text


def test_problems_of_content_are_a_content_error(tmp_path: Path) -> None:
    (tmp_path / "tester.yaml").write_text("role: tester\ntitel: Tester\n")
    with pytest.raises(faqbot.ContentError) as caught:
        faqbot.load(tmp_path)
    assert {problem.line for problem in caught.value.problems} <= {1, 2}
    assert "titel" in str(caught.value)


def test_wrong_arguments_are_advice(tmp_path: Path) -> None:
    with pytest.raises(faqbot.FaqbotError, match="take one of 'everyone', 'employees'"):
        faqbot.load(KNOWLEDGE, audience="staff")  # type: ignore[arg-type]
    with pytest.raises(faqbot.FaqbotError, match=r"There is no folder .*/model"):
        faqbot.load(KNOWLEDGE, encoder=tmp_path / "model")


@pytest.mark.parametrize(
    "question",
    [
        "which skills does a data analyst need?",
        "which roles need sql?",
        "what is the wifi password",
    ],
)
def test_command_line_prints_the_same_contract(bot: Engine, question: str) -> None:
    ran = python(
        *("-m", "faqbot", "ask", "--json", "--audience", "everyone", question),
        FAQBOT_KNOWLEDGE=str(KNOWLEDGE),
    )
    assert list(json.loads(ran.stdout).items()) == list(bot.ask(question).to_dict().items())


def test_public_api_is_typed_for_strangers(tmp_path: Path) -> None:
    """Mypy knows neither faqbot's settings for it nor its sources, only what is installed."""
    (tmp_path / "stranger.py").write_text((Path(__file__).parent / "stranger.py").read_text())
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file="),
            *("--follow-imports=silent", "--cache-dir", str(tmp_path / "cache"), "stranger.py"),
        ],
        env={**os.environ, "MYPYPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
