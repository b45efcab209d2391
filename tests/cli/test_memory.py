"""`faqbot report` and `faqbot forget`."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
import json
from pathlib import Path

import pytest

from faqbot.storage.models import QuestionRecord
from faqbot.storage.store import open_store

from .conftest import Run

NOW = dt.datetime.now(dt.UTC)


def _record(
    number: int,
    text: str,
    outcome: str,
    entry: str = "",
    *,
    days: int = 1,
    asker: str = "U0SECRET1",
) -> QuestionRecord:
    return QuestionRecord(
        id=f"r{number}",
        team="T1",
        at=NOW - dt.timedelta(days=days),
        asker=asker,
        channel="C1",
        surface="channel",
        role=entry.partition("/")[0] or None,
        text=text,
        text_hash=text,
        outcome=outcome,
        reason="clear",
        entries=((entry, 0.9),) if entry else (),
        content_version="v",
        seconds=0.001,
    )


RECORDS = (
    _record(1, "skills of an analyst", "answer", "data-analyst/skills"),
    _record(2, "analyst skills", "answer", "data-analyst/skills"),
    _record(3, "qa degree", "answer", "qa-engineer/education"),
    _record(4, "is there a canteen in the office", "decline"),
    _record(5, "does the office have a canteen?", "decline", asker="U0SECRET2"),
    _record(6, "who mended my chair", "decline"),
    *(
        _record(number, "=1+1 how much do astronauts earn", "decline", asker=f"U0SECRET{number}")
        for number in (8, 9)
    ),
    _record(7, "long ago", "answer", "data-analyst/skills", days=60),
)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/faqbot.db"

    async def fill() -> None:
        store = await open_store(url)
        await store.questions.add(RECORDS)
        await store.questions.rate("T1", "r3", "U0RATER01", helpful=False)
        await store.close()

    asyncio.run(fill())
    monkeypatch.setenv("FAQBOT_DATABASE_URL", url)
    return url


def test_report_lists_most_asked_entries_and_unanswered_questions(database: str, run: Run) -> None:
    out = run("report").out
    assert "8 questions" in out
    assert "By outcome: answer 3, decline 5" in out
    assert "2 x data-analyst/skills" in out
    assert "2 x is there a canteen in the office | does the office have a canteen?" in out
    assert "1 x (words not shown)" in out
    assert "1 not helpful: qa-engineer/education" in out
    assert "U0" not in out


def test_report_counts_only_the_given_role_and_period(database: str, run: Run) -> None:
    (whole,) = run("report", "--json").lines
    assert "who mended my chair" not in json.dumps(whole)
    (found,) = run("report", "--json", "--role", "data-analyst", "--since", "90d").lines
    assert found["questions"] == 3
    assert found["most_asked"][0] == {
        "entry": "data-analyst/skills",
        "count": 3,
        "helpful": 0,
        "not_helpful": 0,
    }
    assert "U0" not in json.dumps(found)


def test_report_as_csv_contains_no_formulas(database: str, run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("report", "--csv").out)))
    names = [row["name"] for row in rows if row["kind"] == "unanswered"]
    assert "'=1+1 how much do astronauts earn" in names


@pytest.mark.parametrize("since", ["yesterday", "²d", "99999d"])
@pytest.mark.parametrize("command", ["report", "suggest"])
def test_invalid_date_is_advice(database: str, run: Run, command: str, since: str) -> None:
    ran = run(command, "--since", since)
    assert ran.code == 2
    assert "2026-11-01" in ran.err


def test_forget_deletes_a_persons_data_and_reports_the_counts(database: str, run: Run) -> None:
    assert "0 questions" in run("forget", "U0SECRET1", "--workspace", "T2").out
    assert "6 questions, 1 rating" in run("forget", "U0SECRET1", "--workspace", "T1").out
    assert "0 questions" in run("forget", "U0SECRET1").out


def test_forget_everything_of_a_workspace_and_nothing_of_others(database: str, run: Run) -> None:
    assert "T2 left: 0 questions" in run("forget", "--workspace", "T2", "--everything").out
    out = run("forget", "--workspace", "T1", "--everything").out
    assert "T1 left: 9 questions, 1 rating, 0 hand-offs, 0 proposals, 0 channels" in out
    assert "still installed" not in out
    assert "0 questions" in run("report", "--since", "90d").out


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ((), "U0123456789"),
        (("--everything",), "--workspace"),
        (("U1", "--workspace", "T1", "--everything"), "no person"),
        (("--workspace", "T1"), "--everything"),
    ],
)
def test_forget_deletes_nothing_that_is_not_named(
    database: str, run: Run, arguments: tuple[str, ...], advice: str
) -> None:
    ran = run("forget", *arguments)
    assert ran.code == 2
    assert advice in ran.err
    assert "9 questions" in run("report", "--since", "90d").out


def test_commands_of_the_question_log_are_refused_without_storage(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAQBOT_DATABASE_URL", "off")
    for command in (("report",), ("forget", "U1")):
        ran = run(*command)
        assert ran.code == 2
        assert "nothing is remembered" in ran.err


def test_insights_on_another_address_require_sign_in(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FAQBOT_DATABASE_URL", f"sqlite:///{tmp_path}/faqbot.db")
    ran = run("insights", "--host", "0.0.0.0")
    assert ran.code == 2
    for name in ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "FAQBOT_INSIGHTS_URL"):
        assert name in ran.err
    monkeypatch.setenv("FAQBOT_INSIGHTS_URL", "http://faqbot.example.com")
    ran = run("insights", "--sign-in")
    assert ran.code == 2
    assert "https" in ran.err
