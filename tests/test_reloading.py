"""Live reload: good content is swapped in, bad content is kept out and told of."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from faqbot.content.git import git_source, pull
from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Engine
from faqbot.errors import ContentError, FaqbotError, UsageError
from faqbot.index.builder import build_in_subprocess, build_index, load_engine
from faqbot.index.reloader import Reloader, read_statuses, write_status_file
from faqbot.matching.training_data import SharedResources
from faqbot.model import Answer, Question
from tests.support.waiting import eventually

ROLE = """
role: tester
title: Tester
sections:
  overview: Tries things out.
  skills: {required: [%s]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "knowledge"
    made.mkdir()
    (made / "tester.yaml").write_text(ROLE % "patience")
    return made


@pytest.fixture
def engine(folder: Path) -> Engine:
    return load_engine(folder)


@pytest.fixture
def reloader(engine: Engine, folder: Path) -> Reloader:
    return Reloader(engine, folder, lambda place: build_index(load_knowledge_base(place)))


def skills(engine: Engine) -> str:
    result = engine.ask(Question("which skills does a tester need"))
    assert isinstance(result.outcome, Answer)
    return repr(result.reply)


@asynccontextmanager
async def watching(reloader: Reloader) -> AsyncIterator[None]:
    task = asyncio.create_task(reloader.watch())
    await asyncio.sleep(0.3)  # until the folder is watched
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_changed_content_answers(engine: Engine, folder: Path, reloader: Reloader) -> None:
    before = reloader.state.version
    assert not await reloader.reload()
    (folder / "tester.yaml").write_text(ROLE % "curiosity")
    assert await reloader.reload()
    assert "curiosity" in skills(engine)
    assert reloader.state.version not in ("", before)
    assert reloader.state.reloads == 1


async def test_bad_content_is_kept_out_until_it_is_good(
    engine: Engine, folder: Path, reloader: Reloader, caplog: pytest.LogCaptureFixture
) -> None:
    good = reloader.state.version
    (folder / "tester.yaml").write_text("role: tester\ntitel: Tester\n")
    with pytest.raises(ContentError):
        await reloader.reload()
    assert "patience" in skills(engine)
    assert reloader.state.version == good
    assert any("`title`" in line for line in reloader.state.problems)
    assert reloader.state.failures == 1
    assert "is not used" in caplog.text
    (folder / "tester.yaml").write_text(ROLE % "patience")
    assert not await reloader.reload()
    assert reloader.state.problems == ()


async def test_a_folder_that_is_emptied_keeps_its_last_content(
    engine: Engine, folder: Path, reloader: Reloader
) -> None:
    (folder / "tester.yaml").unlink()
    with pytest.raises(FaqbotError):
        await reloader.reload()
    await asyncio.to_thread(folder.rmdir)
    await reloader.reload_or_log()
    assert "patience" in skills(engine)


async def test_files_are_watched(engine: Engine, folder: Path, reloader: Reloader) -> None:
    async with watching(reloader):
        (folder / "tester.yaml").write_text("role: [")
        await eventually(lambda: reloader.state.failures == 1)
        saved = folder / "tester.new"
        saved.write_text(ROLE % "curiosity")
        saved.replace(folder / "tester.yaml")  # as editors save
        await eventually(lambda: reloader.state.reloads == 1)
    assert "curiosity" in skills(engine)
    assert reloader.state.problems == ()


def test_knowledge_is_built_in_another_process(folder: Path) -> None:
    resources = SharedResources()
    knowledge = build_in_subprocess(folder, resources)
    assert knowledge.knowledge_base == load_knowledge_base(folder)
    assert knowledge.matcher.parse("tester skills").candidates[0].id == "tester/skills"
    (folder / "tester.yaml").write_text("titel: x")
    with pytest.raises(ContentError, match=r"tester\.yaml:1:1"):
        build_in_subprocess(folder, resources)
    with pytest.raises(UsageError):
        build_in_subprocess(folder / "nowhere", resources)


def test_a_running_faqbot_tells_what_it_answers_from(
    folder: Path, reloader: Reloader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert read_statuses(str(folder)) == ()
    write_status_file(str(folder), "Socket Mode")(reloader.state)
    (found,) = read_statuses(str(folder))
    assert found.process == os.getpid()
    assert found.is_alive
    assert found.loaded["version"] == reloader.state.version


# ------------------------------------------------------------------------------------ git


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    made = tmp_path / "repository"
    (made / "knowledge").mkdir(parents=True)
    (made / "knowledge" / "tester.yaml").write_text(ROLE % "patience")
    git(made, "init", "-q")
    git(made, "add", ".")
    git(made, "commit", "-qm", "first")
    return made


def test_content_comes_from_a_repository(repository: Path, tmp_path: Path) -> None:
    source = git_source(f"git+file://{repository}#main:knowledge", tmp_path / "cache")
    source.update()
    first = load_knowledge_base(source.content)
    (repository / "knowledge" / "tester.yaml").write_text(ROLE % "curiosity")
    git(repository, "commit", "-qam", "second")
    source.update()
    second = load_knowledge_base(source.content)
    assert second.roles[0].section("skills") != first.roles[0].section("skills")
    assert len(second.version) >= 7
    assert second.version != first.version


@pytest.mark.parametrize(
    "address",
    [
        "git+http://example.com/x.git",
        "git+ext::sh -c touch",
        "git+https://example.com/x.git#--upload-pack=x",
        "git+https://example.com/x.git#main:../..",
        "git+",
    ],
)
def test_what_is_no_address_of_content_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the address of a repository"):
        git_source(address, tmp_path)


def test_a_repository_that_is_gone_is_one_line_without_secrets(tmp_path: Path) -> None:
    source = git_source(f"git+file://{tmp_path}/none", tmp_path / "cache")
    with pytest.raises(UsageError, match="could not fetch") as told:
        source.update()
    assert "\n" not in str(told.value)


def test_clone_that_has_no_place_is_advice(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in the place of the folder", encoding="utf-8")
    source = git_source(f"git+file://{repository}#main:knowledge", tmp_path / "cache")
    with pytest.raises(UsageError, match="let faqbot create and write this folder"):
        source.update()


def test_a_clone_is_brought_up_to_date(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(repository), str(clone))
    (repository / "knowledge" / "tester.yaml").write_text(ROLE % "curiosity")
    git(repository, "commit", "-qam", "second")
    pull(clone / "knowledge")
    assert "curiosity" in (clone / "knowledge" / "tester.yaml").read_text()
    with pytest.raises(UsageError, match="could not fetch"):
        pull(tmp_path)


def test_password_of_an_address_is_in_no_message(tmp_path: Path) -> None:
    source = git_source("git+https://somebody:secret@127.0.0.1:1/x.git", tmp_path / "cache")
    with pytest.raises(UsageError, match="could not fetch") as failure:
        source.update()
    assert "secret" not in str(failure.value)
