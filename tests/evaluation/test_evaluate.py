"""`faqbot evaluate` as it is called."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .conftest import Run

KNOWLEDGE = Path(__file__).resolve().parent.parent / "cli" / "knowledge"
KEYS = "top1 mcc best_mcc in_scope_accuracy oos_recall wrong_rate ece latency_ms load_s rss_mb"
SKILLS = ["data-analyst/skills"]
QUESTIONS = (
    {"question": "skills of a data analyst", "expect": "answer", "entries": SKILLS},
    {"question": "which skills?", "expect": "ask", "tags": ["no-role"], "part": "skills"},
    {"question": "who won the match", "expect": "decline"},
)


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in QUESTIONS), encoding="utf-8")
    return path


def test_an_intent_set_is_measured_as_one_json_object(
    run: Run, intents: tuple[str | Path, ...]
) -> None:
    code, out, err = run(*intents, "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert set(told) >= set(KEYS.split())
    assert (told["questions"], told["in_scope"]) == (5, 3)
    assert told["top1"] == 1.0
    assert set(told["latency_ms"]) == {"p50", "p99"}


def test_labelled_questions_are_measured_over_a_knowledge_folder(run: Run, questions: Path) -> None:
    code, out, _ = run("--questions", questions, "--knowledge", KNOWLEDGE)
    assert code == 0
    assert "In-scope accuracy" in out
    assert "3 questions, 1 of them in scope" in out
    code, out, _ = run("--questions", questions, "--knowledge", KNOWLEDGE, "--json")
    assert json.loads(out)["in_scope_accuracy"] == 1.0


def test_untrained_labels_are_out_of_scope_and_named(
    run: Run, intents: tuple[str | Path, ...]
) -> None:
    code, out, err = run(*intents[:-2], "--json")
    assert code == 0
    assert "(NONE): counted as out of scope" in err
    assert json.loads(out)["in_scope"] == 3


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_equal_predictions_give_an_equal_plot(
    run: Run, intents: tuple[str | Path, ...], tmp_path: Path, suffix: str
) -> None:
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    for path in (first, second):
        assert run(*intents, "--plot", path)[0] == 0
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"\x89PNG" if suffix == "png" else b"<?xml")


def test_plot_without_matplotlib_names_the_extra(
    run: Run, intents: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, out, err = run(*intents, "--plot", tmp_path / "a.svg")
    assert (code, out) == (2, "")
    assert "faqbot[plot]" in err


@pytest.mark.parametrize(
    ("name", "advice"), [("a.gif", "end it with .svg"), ("no/a.svg", "no folder")]
)
def test_plot_that_cannot_be_written_is_refused_before_the_evaluation(
    run: Run, intents: tuple[str | Path, ...], tmp_path: Path, name: str, advice: str
) -> None:
    code, out, err = run(*intents, "--plot", tmp_path / name)
    assert (code, out) == (2, "")
    assert advice in err


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"", "contains no sentences"),
        (b"sentence,label\n", "contains no sentences"),
        (b"question,intent\nx,y\n", "has no column 'sentence', only 'question', 'intent'"),
        (b"sentence,label\ncaf\xe9,parcel\n", "is not UTF-8 (line 2)"),
        (b"sentence,label\nwhere is it\n", "test.csv:2: no label"),
        (b"sentence,label\n,parcel\n", "test.csv:2: no sentence"),
        (b"sentence,label\nwho won,NONE\n", "nothing is in scope"),
        (b'sentence,label\n"' + b"x" * 200_000 + b'",parcel\n', "can't be read as CSV"),
    ],
)
def test_unusable_csv_file_is_advice(
    run: Run, intents: tuple[str | Path, ...], tmp_path: Path, data: bytes, advice: str
) -> None:
    (tmp_path / "test.csv").write_bytes(data)
    code, out, err = run(*intents)
    assert (code, out) == (2, "")
    assert advice in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        (b"", "contains no questions"),
        (b"{", ":1: "),
        (b'{"question": "x"}', ":1: expect: Field required"),
        (b'{"question": "x", "expect": "maybe"}', ":1: expect: "),
        (b"\xff", "is not UTF-8 (line 1)"),
        (b'{"question": "x", "expect": "answer", "entries": ["no/where"]}', "names 'no/where'"),
        (b'{"question": "x", "expect": "answer"}', ":1: "),
    ],
)
def test_unusable_file_of_questions_is_advice(
    run: Run, tmp_path: Path, line: bytes, advice: str
) -> None:
    (tmp_path / "q.jsonl").write_bytes(line)
    code, out, err = run("--questions", tmp_path / "q.jsonl", "--knowledge", KNOWLEDGE)
    assert (code, out) == (2, "")
    assert advice in err
    assert "Traceback" not in err


def test_incomplete_options_are_advice(run: Run, tmp_path: Path) -> None:
    for arguments in ((), ("--train", tmp_path / "x.csv"), ("--questions", "q", "--test", "t")):
        code, _, err = run(*arguments)
        assert code == 2
        assert "both --train CSV and --test CSV" in err


def test_missing_file_is_advice(run: Run, tmp_path: Path) -> None:
    code, _, err = run("--train", tmp_path / "none.csv", "--test", tmp_path / "none.csv")
    assert code == 2
    assert "none.csv: No such file" in err
