"""The commands that help authors write: new, suggest, explain --add, and status."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from faqbot.content.loader import load_knowledge_base
from faqbot.content.publisher import add_phrasings
from faqbot.index.reloader import ReloadState
from faqbot.index.status import write_status_file
from faqbot.model import Years
from faqbot.storage.models import PHRASING, Proposal, QuestionRecord
from faqbot.storage.store import open_store

from .conftest import KNOWLEDGE, Run

SHIPPED = Path(__file__).resolve().parents[2] / "knowledge"
NOW = dt.datetime.now(dt.UTC)


def test_new_role_is_complete_and_passes_the_check(run: Run, tmp_path: Path) -> None:
    folder = str(tmp_path / "knowledge")
    options = [
        "--required",
        "Python",
        "--preferred",
        "R",
        "--years",
        "3",
        "--alias",
        "ML scientist",
    ]
    ran = run(
        "new", "role", "Data Scientist", "--dir", folder, *options, "--overview", "Finds out."
    )
    assert ran.code == 0, ran.err
    assert "faqbot check" in ran.out
    (role,) = load_knowledge_base(Path(folder)).roles
    assert (role.id, role.title, role.aliases) == (
        "data-scientist",
        "Data Scientist",
        ("ML scientist",),
    )
    skills, experience = role.section("skills"), role.section("experience")
    assert skills is not None
    assert (skills.required, skills.preferred) == (("Python",), ("R",))
    assert experience is not None
    assert experience.years == Years(3, None)
    text = (Path(folder) / "roles" / "data-scientist.yaml").read_text()
    assert "# education:" in text
    assert run("check", folder).code == 0
    assert run("new", "role", "Data Scientist", "--dir", folder).code == 2
    assert run("new", "role", "Data Scientist", "--dir", folder, "--force", "-q").out == ""


def test_placeholders_of_a_new_role_load_once_uncommented(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    for name in ("Bare", "Half"):
        more = ["--overview", "Half of it."] if name == "Half" else []
        assert run("new", "role", name, "--dir", str(folder), *more).code == 0
        file = folder / "roles" / f"{name.lower()}.yaml"
        lines = file.read_text().splitlines(keepends=True)
        start = next(n for n, line in enumerate(lines) if "# sections:" in line or "Take" in line)
        filled = [line.replace("# ", "", 1) for line in lines[start:] if "Take away" not in line]
        file.write_text("".join((*lines[:start], *filled)))
    for role in load_knowledge_base(folder).roles:
        assert role.family == "a-group"
        assert {section.key for section in role.sections} >= {"overview", "skills", "experience"}


def test_new_faq_that_is_answered_already_is_written_with_a_warning(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, folder)
    role = load_knowledge_base(folder).roles[0].id
    where = ["--dir", str(folder)]
    ran = run("new", "faq", "Is there a dog?", *where, "--answer", "One.", "--phrasing", "pets?")
    assert ran.code == 0, ran.err
    entry = load_knowledge_base(folder).entry("faq/is-there-a-dog")
    assert entry is not None
    ran = run("new", "faq", "Is there a dog?", *where, "--answer", "Two.", "--about", role)
    assert "answered already, by faq/is-there-a-dog" in ran.err
    assert load_knowledge_base(folder).entry(f"{role}/faq/is-there-a-dog") is not None
    assert run("new", "faq", "Is there a cat?", *where).code == 2
    assert run("new", "faq", "A cat?", *where, "--answer", "No", "--about", "nobody").code == 2


# -------------------------------------------------------------------------------- suggest


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.yaml")), ids=lambda path: path.stem)
def test_added_phrasings_leave_the_rest_of_a_file_unchanged(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert add_phrasings(text, {}) == text
    knowledge_base = load_knowledge_base(SHIPPED)
    own = [e for e in knowledge_base.entries() if e.origin.path == str(path) and "/" in e.id]
    changed = add_phrasings(text, {entry.id: ["some other words"] for entry in own[:1]})
    before, after = ([line.strip() for line in t.splitlines()] for t in (text, changed))
    assert sum(line not in after for line in before) <= 1  # the head of a short form at most
    assert len(after) <= len(before) + 3  # the key, the phrasing, and the head
    assert any("some other words" in line for line in after)


def test_section_in_short_form_is_expanded_to_take_phrasings(tmp_path: Path) -> None:
    text = (
        "# ours\nrole: a\ntitle: A\nsections:\n  # short\n  overview: It is.\n"
        "  skills: [SQL]\nfaqs:\n  - {id: x, question: X?, answer: Y}\n"
    )
    more = {"a/overview": ["what is it"], "a/skills": ["can do"], "a/faq/x": ["ex"], "b/y": ["no"]}
    changed = add_phrasings(text, more)
    (tmp_path / "a.yaml").write_text(changed)
    (role,) = load_knowledge_base(tmp_path).roles
    (overview, skills), (faq,) = role.sections, role.faqs
    assert (overview.text, overview.phrasings) == ("It is.", ("what is it",))
    assert (skills.items, skills.phrasings) == (("SQL",), ("can do",))
    assert faq.phrasings == ("ex",)
    assert "# ours" in changed
    assert "  # short\n" in changed
    assert "no" not in changed.split()
    assert add_phrasings(changed, more) == changed


def test_added_phrasing_leaves_wraps_lists_and_line_ends_as_their_author_wrote_them() -> None:
    text = (
        "\ufefffaqs:\n- id: x   # ours\n  question: X?\n  phrasings:\n  - ex\n"
        "  answer: A plain text\n    on two lines.\n- id: y\n  question: Y?\n  answer: 'Yes'\n"
    ).replace("\n", "\r\n")
    changed = add_phrasings(text, {"faq/x": ["eggs"]})
    assert changed == text.replace("  - ex\r\n", "  - ex\r\n  - eggs\r\n")


@pytest.fixture
def remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pick that waits, and a question that was declined."""
    address = f"sqlite:///{tmp_path}/faqbot.db"
    monkeypatch.setenv("FAQBOT_DATABASE_URL", address)

    async def fill() -> None:
        store = await open_store(address)
        await store.proposals.add(
            Proposal(
                id="p1",
                team="T1",
                kind=PHRASING,
                question="what papers does an analyst show",
                entry="data-analyst/education",
                role="data-analyst",
                created=NOW,
                changed=NOW,
            )
        )
        await store.questions.add(
            [
                QuestionRecord(
                    id="r1",
                    team="T1",
                    at=NOW,
                    asker="U1",
                    channel="C1",
                    surface="channel",
                    role=None,
                    text="the analyst's school stuff",
                    text_hash="x",
                    outcome="decline",
                    reason="not-understood",
                    entries=(),
                    content_version="v",
                    seconds=0.1,
                )
            ]
        )
        await store.close()

    asyncio.run(fill())


def _copy_analyst(folder: Path) -> None:
    """Copy the shipped FAQs and the role that was asked about: all their questions are asked."""
    shutil.copytree(SHIPPED / "faqs", folder / "faqs")
    (folder / "roles").mkdir()
    lines = (SHIPPED / "roles" / "data-analyst.yaml").read_text().splitlines(keepends=True)
    alone = [line for line in lines if not line.startswith(("related:", "next_roles:"))]
    (folder / "roles" / "data-analyst.yaml").write_text("".join(alone))


def test_suggestions_are_printed_as_a_patch_that_applies(
    run: Run, remembered: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _copy_analyst(tmp_path / "knowledge")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FAQBOT_KNOWLEDGE")
    ran = run("suggest")
    assert ran.code == 0, ran.err
    assert "+      - what papers does an analyst show" in ran.out
    assert "1 phrasing for 1 entry. With them" in ran.err
    (tmp_path / "p.patch").write_text(ran.out)
    subprocess.run(["git", "apply", "p.patch"], check=True, cwd=tmp_path)
    entry = load_knowledge_base(tmp_path / "knowledge").entry("data-analyst/education")
    assert entry is not None
    assert "what papers does an analyst show" in getattr(entry, "phrasings", ())
    assert "Nothing to suggest" in run("suggest").err


def test_file_that_no_suggestion_can_be_added_to_is_named(
    run: Run, remembered: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "knowledge").mkdir()
    file = tmp_path / "knowledge" / "analyst.yaml"
    file.write_text(
        "role: data-analyst\ntitle: Data Analyst\nsections:\n"
        "  education: {phrasings: &words [papers], text: A degree.}\n"
        "faqs:\n  - {id: x, question: X?, phrasings: *words, answer: Y}\n"
    )
    before = file.read_text()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FAQBOT_KNOWLEDGE")
    ran = run("suggest", "--apply", "--quiet")
    assert "analyst.yaml: This can't be changed here" in ran.err
    assert file.read_text() == before


def test_suggestions_are_applied_by_an_option(
    run: Run, remembered: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _copy_analyst(tmp_path / "knowledge")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FAQBOT_KNOWLEDGE")
    file = tmp_path / "knowledge" / "roles" / "data-analyst.yaml"
    file.write_text(file.read_text(), newline="\r\n")
    assert run("suggest", "--apply", "--declined", "-q").code == 0
    written = file.read_bytes()
    assert b"what papers does an analyst show\r\n" in written
    assert written.count(b"\n") == written.count(b"\r\n")


def test_explain_reports_what_a_phrasing_would_change(run: Run) -> None:
    entry = next(e.id for e in load_knowledge_base(KNOWLEDGE).entries() if e.id.startswith("faq/"))
    ran = run("explain", "zebra crossing rules", "--add", entry)
    assert ran.code == 0, ran.err
    assert f"The question itself was declined, and would be answered by {entry}" in ran.out
    assert "questions of the content change" in ran.out
    assert run("explain", "x", "--add", "nothing/here").code == 2


def test_status_reports_that_nothing_runs(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    ran = run("status")
    assert ran.code == 3
    assert "This user has started no faqbot on " in ran.out


def test_status_tells_several_bots_apart_by_content_and_port(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    state = ReloadState("v1", NOW, NOW)
    broken = replace(state, version="v2", problems=("a.yaml:1:1: `x` is wrong",), count=1)
    ours, theirs = str(KNOWLEDGE), str(tmp_path / "other")
    write_status_file(ours, "Socket Mode")(state)
    write_status_file(ours, "HTTP", 3000)(state)
    write_status_file(theirs, "HTTP", 3001)(broken)
    ran = run("status")
    assert ran.code == 0
    assert sorted(line.split(", ")[1:3] for line in ran.out.splitlines() if "runs" in line) == [
        ["HTTP", "port 3000"],
        ["Socket Mode", f"started {ran.out.split('started ')[1].split('.')[0]}."],
    ]
    assert theirs not in ran.out
    monkeypatch.delenv("FAQBOT_KNOWLEDGE")
    ran = run("status")
    assert ran.code == 1
    assert ran.out.count(" runs (process ") == 3
    assert f"Answers from {theirs}, version v2" in ran.out
    assert "is not used: 1 problem." in ran.out
    assert "“x” is wrong" in ran.out
    (one,) = run("status", "--port", "3000", "--json").lines
    assert (one["knowledge"], one["port"], one["running"]) == (ours, 3000, True)
    assert run("status", "--port", "3002").code == 3
