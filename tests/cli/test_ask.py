from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run

SKILLS = "Which skills does a data analyst need?"


def test_answer_to_a_pipe_is_plain_text(run: Run) -> None:
    ran = run("ask", SKILLS)
    assert ran.code == 0
    assert ran.out.startswith("Data Analyst · Skills\n")
    assert "Required:\n- SQL" in ran.out
    assert "\x1b" not in ran.out


def test_unquoted_words_are_one_question(run: Run) -> None:
    assert run("ask", *SKILLS.split()).out == run("ask", SKILLS).out


def test_json_contains_exactly_the_contract(run: Run) -> None:
    (answer,) = run("ask", "--json", SKILLS).lines
    assert list(answer) == ["question", "outcome", "role", "entries", "text", "reason"]
    assert (answer["question"], answer["outcome"]) == (SKILLS, "answer")
    assert answer["role"] == "data-analyst"
    (entry,) = answer["entries"]
    assert list(entry) == ["id", "kind", "role", "confidence"]
    assert (entry["id"], entry["kind"]) == ("data-analyst/skills", "section")
    assert 0 <= entry["confidence"] <= 1
    assert "SQL" in answer["text"]
    assert answer["reason"] is None


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Which skills do I need?", "which_role"),
        ("skills of a dental nurse", "unknown_role"),
        ("what is the wifi password", "unknown"),
        ("?!", "empty"),
    ],
)
def test_the_contract_says_why_there_is_no_answer(run: Run, question: str, reason: str) -> None:
    (answer,) = run("ask", "--json", question).lines
    assert answer["outcome"] != "answer"
    assert answer["reason"] == reason


def test_a_question_without_a_role_offers_the_roles_as_choices(run: Run) -> None:
    (answer,) = run("ask", "--json", "Which skills do I need?").lines
    assert answer["outcome"] == "choices"
    assert answer["role"] is None
    assert [entry["role"] for entry in answer["entries"]] == ["data-analyst", "qa-engineer"]


def test_a_question_is_about_the_role_that_is_given(run: Run) -> None:
    (answer,) = run("ask", "--json", "--role", "qa-engineer", "Which skills do I need?").lines
    assert [entry["id"] for entry in answer["entries"]] == ["qa-engineer/skills"]


def test_an_unknown_role_id_is_refused_with_the_nearest(run: Run) -> None:
    ran = run("ask", "--role", "data-anlyst", "skills?")
    assert ran.code == 2
    assert "'data-anlyst'" in ran.err
    assert "'data-analyst'" in ran.err
    assert ran.out == ""


def test_entries_for_employees_are_answered_to_employees_only(run: Run) -> None:
    (mine,) = run("ask", "--json", "How do I refer a friend?").lines
    (theirs,) = run("ask", "--json", "--audience", "candidates", "How do I refer a friend?").lines
    assert [entry["id"] for entry in mine["entries"]] == ["faq/referrals"]
    assert "faq/referrals" not in [entry["id"] for entry in theirs["entries"]]


@pytest.mark.parametrize("arguments", [(), (SKILLS, "--batch", "-")])
def test_one_question_or_one_file_is_needed(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run("ask", *arguments)
    assert ran.code == 2
    assert "--batch FILE" in ran.err


def test_an_empty_question_is_declined(run: Run) -> None:
    (answer,) = run("ask", "--json", "").lines
    assert (answer["question"], answer["outcome"], answer["entries"]) == ("", "decline", [])


def test_batch_prints_a_line_for_each_line(run: Run) -> None:
    odd = [
        SKILLS.encode(),
        b"",
        json.dumps("skills of a\nQA engineer?").encode(),
        b'"not json',
        b"caf\xe9 \xff\xfe",
        rb'"lone \ud800 surrogate"',
        "naïve \u2028 \x85 \U0001f600 \u202e?".encode(),
        b"\x00\x1b[31m",
        b"x" * 5000,
    ]
    ran = run("ask", "--batch", "-", stdin=b"\n".join(odd))
    assert ran.code == 0
    assert len(ran.out.splitlines()) == len(odd)
    asked = [line["question"] for line in ran.lines]
    assert asked[0] == SKILLS
    assert asked[1] == ""
    assert asked[2] == "skills of a\nQA engineer?"
    assert asked[3] == '"not json'
    assert asked[4] == "caf\ufffd \ufffd\ufffd"
    assert asked[5] == "lone \ud800 surrogate"
    assert "naïve" in ran.out
    assert ran.lines[1]["outcome"] == "decline"


def test_the_questions_of_a_batch_are_independent(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "questions.txt"
    file.write_bytes(b"\xef\xbb\xbf" + SKILLS.encode() + b"\r\nwhich skills?\r\n")
    first, second = run("ask", "--batch", str(file)).lines
    assert first["question"] == SKILLS
    assert second["outcome"] == "choices"
    assert second["role"] is None


@pytest.mark.parametrize("name", ["absent.txt", "."])
def test_unreadable_batch_is_one_line_of_advice(run: Run, name: str) -> None:
    ran = run("ask", "--batch", name)
    assert ran.code == 2
    assert ran.err.startswith(f"Can't read {name}: ")
    assert len(ran.err.splitlines()) == 1


def test_a_batch_is_read_as_one_conversation_on_demand(run: Run) -> None:
    asked = ("what is a QA engineer", "and the skills?", SKILLS, "and which education?")
    lines = run("ask", "--batch", "-", "--conversation", stdin="\n".join(asked).encode()).lines
    assert [line["role"] for line in lines] == ["qa-engineer"] * 2 + ["data-analyst"] * 2
    assert lines[1]["entries"][0]["id"] == "qa-engineer/skills"
    assert lines[3]["entries"][0]["id"] == "data-analyst/education"


def test_a_conversation_may_begin_with_a_role(run: Run) -> None:
    (line,) = run(
        *("ask", "--batch", "-", "--conversation", "--role", "qa-engineer"), stdin=b"which skills?"
    ).lines
    assert line["role"] == "qa-engineer"


def test_a_conversation_needs_a_batch(run: Run) -> None:
    ran = run("ask", "--conversation", SKILLS)
    assert ran.code == 2
    assert "--batch" in ran.err


UNPROMPTED = ("ask", "--json", "--unprompted", "--role", "data-analyst")


@pytest.mark.parametrize(
    "line",
    [
        "I can send round the list of skills",
        "did the education section change?",
        "which skills does he have?",
        "shall we add a section on skills?",
        "have you read the education part",
        "what education did this one have?",
        "the skills part needs a rewrite",
        "is the interview on Thursday?",
    ],
)
def test_an_unprompted_line_among_people_is_left_alone(run: Run, line: str) -> None:
    (said,) = run(*UNPROMPTED, line).lines
    assert (said["outcome"], said["entries"], said["text"]) == ("silent", [], "")
    assert said["role"] is None


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("what skills are needed?", "data-analyst/skills"),
        ("thanks! and which education does it take?", "data-analyst/education"),
        ("which skills does a QA engineer need", "qa-engineer/skills"),
        ("How do I apply?", "faq/how-to-apply"),
        ("how can I apply", "faq/how-to-apply"),
    ],
)
def test_an_unprompted_question_is_answered_when_it_is_sure(
    run: Run, line: str, entry: str
) -> None:
    (said,) = run(*UNPROMPTED, line).lines
    assert said["outcome"] == "answer"
    assert said["entries"][0]["id"] == entry


def test_an_unprompted_question_gets_no_choices(run: Run) -> None:
    (said,) = run("ask", "--json", "--unprompted", "Which skills do I need?").lines
    assert (said["outcome"], said["reason"]) == ("silent", "which_role")


def test_what_is_left_alone_does_not_turn_the_conversation(run: Run) -> None:
    asked = ("which education?", "I wrote to a QA engineer yesterday", "which skills?")
    lines = run(
        *("ask", "--batch", "-", "--conversation", "--unprompted", "--role", "data-analyst"),
        stdin="\n".join(asked).encode(),
    ).lines
    assert [line["role"] for line in lines] == ["data-analyst", None, "data-analyst"]


def test_empty_batch_prints_nothing(run: Run) -> None:
    ran = run("ask", "--batch", "-")
    assert (ran.code, ran.out) == (0, "")
