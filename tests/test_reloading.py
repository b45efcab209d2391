"""Live reload: good content is swapped in, bad content is kept out and told of."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import subprocess
import time
import weakref
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from faqbot.content.git import git_source, pull
from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Engine
from faqbot.errors import ContentError, FaqbotError, UsageError
from faqbot.index.builder import build_in_subprocess, build_index, load_engine
from faqbot.index.reloader import Reloader
from faqbot.index.status import read_statuses, write_status_file
from faqbot.matching import vetoes
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.entry_index import EntryIndex, EntryWords
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


def release(at: Path, name: str, skill: str) -> Path:
    """A folder of content as one release of many."""
    made = at / "releases" / name / "knowledge"
    made.mkdir(parents=True)
    (made / "tester.yaml").write_text(ROLE % skill)
    return made.parent


def lead(link: Path, target: Path | str) -> None:
    """Let a link lead elsewhere from one moment to the next, as git-sync and Capistrano do."""
    unfinished = link.with_name("unfinished")
    unfinished.symlink_to(target)
    unfinished.replace(link)


def reloader_of(folder: Path, **options: float) -> tuple[Engine, Reloader]:
    engine = load_engine(folder)
    build = lambda place: build_index(load_knowledge_base(place))  # noqa: E731
    return engine, Reloader(engine, folder, build, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("through", ["link to a link", "relative link"])
async def test_link_that_leads_elsewhere_is_followed(tmp_path: Path, through: str) -> None:
    current = tmp_path / "current"
    lead(current, release(tmp_path, "1", "patience"))
    folder = current / "knowledge"
    if through == "link to a link":
        (tmp_path / "app").mkdir()
        (tmp_path / "app" / "content").symlink_to(folder)
        folder = tmp_path / "app" / "content"
    engine, reloader = reloader_of(folder)
    async with watching(reloader):
        second = release(tmp_path, "2", "curiosity")
        lead(current, second.relative_to(tmp_path) if through == "relative link" else second)
        await eventually(lambda: reloader.state.reloads == 1)
        assert "curiosity" in skills(engine)
        # What was watched is gone, and the new folder is watched in its place.
        (second / "knowledge" / "tester.yaml").write_text(ROLE % "courage")
        await eventually(lambda: reloader.state.reloads == 2)
    assert "courage" in skills(engine)


async def test_folder_that_is_removed_and_made_anew_is_watched(
    engine: Engine, folder: Path, reloader: Reloader
) -> None:
    async with watching(reloader):
        shutil.rmtree(folder)
        await eventually(lambda: reloader.state.failures)
        assert "patience" in skills(engine)
        shutil.copytree(release(folder.parent, "2", "curiosity") / "knowledge", folder)
        await eventually(lambda: reloader.state.reloads == 1)
    assert "curiosity" in skills(engine)


async def test_change_that_no_watch_tells_of_is_found_by_a_look(folder: Path) -> None:
    engine, reloader = reloader_of(folder, look_interval=0.01)
    looking = asyncio.create_task(reloader.look_periodically())
    (folder / "tester.yaml").write_text("role: [")
    await eventually(lambda: reloader.state.failures)
    tried = reloader.state.tried
    await reloader.look()
    assert (reloader.state.failures, reloader.state.tried) == (1, tried)  # built and told of once
    (folder / "tester.yaml").write_text(ROLE % "curiosity")
    await eventually(lambda: reloader.state.reloads == 1)
    looking.cancel()
    assert "curiosity" in skills(engine)


async def test_watch_of_a_folder_whose_parent_was_replaced_begins_anew(tmp_path: Path) -> None:
    folder = release(tmp_path, "1", "patience") / "knowledge"
    engine, reloader = reloader_of(folder)
    async with watching(reloader):
        (tmp_path / "releases").rename(tmp_path / "old")
        release(tmp_path, "1", "curiosity")
        await reloader.look()  # what happens once a minute
        await eventually(lambda: reloader.state.reloads == 1)
        (folder / "tester.yaml").write_text(ROLE % "courage")
        await eventually(lambda: reloader.state.reloads == 2)
    assert "courage" in skills(engine)


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


def test_what_is_made_on_first_use_is_made_before_people_ask(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, str]] = []
    words_of = EntryIndex._words

    def counted(index: EntryIndex, place: tuple[str, str]) -> EntryWords:
        made.append(place)
        return words_of(index, place)

    monkeypatch.setattr(EntryIndex, "_words", counted)
    index = build_in_subprocess(folder, SharedResources())
    assert made
    made.clear()
    Engine(index, ConversationMemory(time.monotonic)).ask("what skills does a tester have to have")
    assert not made


def test_no_entry_is_read_for_the_first_question_to_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []

    def counted(texts: Iterable[str], familiar: Collection[str]) -> vetoes.Explanations:
        read.append(texts)
        return vetoes.Explanations(*(frozenset[Any]() for _ in range(4)))

    resources = SharedResources()
    monkeypatch.setattr(vetoes, "explanations_of", counted)
    index = build_in_subprocess(folder, resources)
    shipped = [texts for texts in read if texts in resources.shipped.phrasings.values()]
    assert shipped
    engine = Engine(index, ConversationMemory(time.monotonic))
    read.clear()
    engine.ask("which ISO-9001 duties does a tester have")
    assert not read
    # What ships is the same for all content: it isn't read again with a reload.
    build_in_subprocess(folder, resources)
    assert read
    assert not [texts for texts in read if texts in shipped]


async def test_former_content_is_freed_and_none_is_left_to_the_garbage_collector(
    folder: Path,
) -> None:
    engine = load_engine(folder)
    skills(engine)
    former = weakref.ref(engine._index.matcher)
    reloader = Reloader(engine, folder, partial(build_in_subprocess, resources=SharedResources()))
    (folder / "tester.yaml").write_text(ROLE % "curiosity")
    gc.collect()
    gc.disable()
    try:
        assert await reloader.reload()
        assert former() is None
        # A collection would look through all of it while nothing is answered.
        matcher = engine._index.matcher
        assert not any(one is matcher for one in gc.get_objects())
    finally:
        gc.unfreeze()
        gc.enable()
    assert "curiosity" in skills(engine)


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


async def test_workers_that_share_a_clone_take_turns(repository: Path, tmp_path: Path) -> None:
    source = git_source(f"git+file://{repository}#main:knowledge", tmp_path / "cache")
    # Each begins with a clone that isn't there: git itself would fail at the others' locks.
    await asyncio.gather(*(asyncio.to_thread(source.update) for _ in range(4)))
    assert load_knowledge_base(source.content).roles


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
