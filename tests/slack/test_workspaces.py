"""Many workspaces in one process: who a request is for, and how apps come and go."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from faqbot.slack.middleware.deliveries import redeliver
from faqbot.slack.payload_parser import make_request
from faqbot.storage.installations import Installation, Workspace
from faqbot.storage.models import StoreError
from faqbot.workspaces import router as module
from faqbot.workspaces.app_pool import WorkspaceApp
from faqbot.workspaces.router import WorkspaceRouter, ends_installation, tenant_of
from tests.slack.many import CHANNEL, PERSON, WORD, A, B, C, Many, many

ASKED = "what skills does a pilot need"


@pytest_asyncio.fixture
async def process(tmp_path: Path) -> AsyncIterator[Many]:
    async with many(tmp_path / "many") as started:
        yield started


def command(team: str, number: int) -> dict[str, str]:
    return {
        "command": "/faq",
        "text": ASKED,
        "team_id": team,
        "user_id": PERSON,
        "channel_id": CHANNEL,
        "trigger_id": f"trigger{number}",
    }


def asked(text: str = ASKED, ts: str = "1700000001.000000", thread: str = "") -> dict[str, str]:
    """A mention of faqbot."""
    event = {"type": "app_mention", "user": PERSON, "channel": CHANNEL, "ts": ts, "text": text}
    return {**event, "thread_ts": thread} if thread else event


def test_event_of_a_shared_channel_is_for_the_authorised_workspace() -> None:
    body = {
        "team_id": "T0WRITER",
        "authorizations": [{"team_id": A, "enterprise_id": None, "is_enterprise_install": False}],
        "event": {"type": "app_mention", "team": "T0WRITER"},
    }
    assert tenant_of(body) == ("", A)
    assert tenant_of({"team": {"id": B, "enterprise_id": "E1"}}) == ("E1", B)
    assert tenant_of({"team_id": B, "enterprise_id": "E1", "is_enterprise_install": "true"}) == (
        "E1",
        B,
    )
    assert tenant_of({}) == ("", "")
    assert not ends_installation({"event": {"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}})


async def test_apps_open_on_first_use_and_close_with_evicted_content(
    tmp_path: Path,
) -> None:
    async with many(tmp_path / "many", memory_limit=1) as process:  # one at a time
        for number, team in enumerate((A, B, A, A)):
            response = await process.send(command(team, number))
            assert WORD[team] in response.body
        assert process.loads == [WORD[A], WORD[B], WORD[A]]
        assert process.workspaces.count == process.shelf.count == 1


async def test_conversation_survives_a_closed_app(tmp_path: Path) -> None:
    async with many(tmp_path / "many", memory_limit=1) as process:
        thread = "1700000001.000000"
        await process.mention(A, "what does a pilot do", thread)
        await process.mention(B, ASKED)
        (answer,) = await process.mention(A, "and which skills?", "1700000002.000000", thread)
        assert f"{WORD[A]} navigation" in answer.text


async def test_without_installation_only_commands_get_a_message(
    process: Many,
) -> None:
    response = await process.send(command("T0NOWHERE", 1))
    assert response.status == 200
    assert "isn't installed" in response.body
    response = await process.send(process.event("T0NOWHERE", asked()))
    assert (response.status, response.body) == (200, "")
    assert process.api.calls == []


async def test_running_request_finishes_after_uninstallation(process: Many) -> None:
    await process.send(command(A, 1))
    before = len(process.api.calls)
    sent = asyncio.create_task(process.send(process.event(A, asked())))
    await asyncio.sleep(0)
    await process.workspaces.release(Workspace("", A))
    assert process.workspaces.count == 0
    await sent
    assert any(WORD[A] in call.text for call in process.api.calls[before:])


async def test_uninstallation_loads_no_content(
    process: Many,
) -> None:
    await process.send(command(B, 1))
    for team in (A, B):
        response = await process.send(process.event(team, {"type": "app_uninstalled"}))
        assert response.status == 200
        assert await process.installations.find("", team) is None
    assert process.workspaces.count == 0
    assert process.loads == [WORD[B]]
    assert "isn't installed" in (await process.send(command(B, 2))).body


async def test_messages_get_an_apology_when_content_can_not_be_loaded(
    process: Many, caplog: pytest.LogCaptureFixture
) -> None:
    (process.folder / WORD[A] / "pilot.yaml").unlink()
    assert "can't load the role descriptions" in (await process.send(command(A, 1))).body
    (answer,) = await process.mention(A, ASKED)
    assert "can't load the role descriptions" in answer.text
    assert answer.token == f"xoxb-{A}"
    assert f"workspace {A} gets no answers" in caplog.text
    assert WORD[B] in (await process.send(command(B, 2))).body


async def test_clicks_and_modals_get_an_apology_when_content_can_not_be_loaded(
    process: Many,
) -> None:
    level = logging.getLogger("faqbot").level
    (process.folder / WORD[A] / "pilot.yaml").unlink()
    (told,) = await process.click(A, "show:0", "pilot/skills")
    assert told.method == "chat.postEphemeral"
    assert "can't load the role descriptions" in told.text
    response = await process.submit(A, "search", "", {})
    assert json.loads(response.body)["response_action"] == "update"
    assert "can't load the role descriptions" in response.body
    assert logging.getLogger("faqbot").level == level


async def test_slow_opening_asks_for_a_retry_and_still_answers_events(
    process: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OPEN_TIMEOUT", 0.0)
    assert "getting ready" in (await process.send(command(A, 1))).body
    body = process.event(B, asked())
    assert (await process.send(body)).status == 503  # so that Slack sends it again
    monkeypatch.undo()
    assert (await process.send(body)).status == 200
    said = [call for call in process.api.of(B) if call.method == "chat.postMessage"]
    assert len(said) == 1
    assert WORD[A] in (await process.send(command(A, 2))).body


async def test_click_is_handled_once_after_a_request_to_retry(
    process: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OPEN_TIMEOUT", 0.0)
    assert await process.click(A, "show:0", "pilot/skills", user=PERSON) == []
    monkeypatch.undo()
    assert WORD[A] in "".join(
        call.text for call in await process.click(A, "show:0", "pilot/skills", user=PERSON)
    )


async def test_number_of_open_apps_is_bounded(tmp_path: Path) -> None:
    async with many(tmp_path / "many", most=2) as process:
        for number, team in enumerate((A, B, C)):
            await process.send(command(team, number))
        assert process.workspaces.count == 2
        assert process.shelf.count == 3


async def test_all_workspaces_answer_when_memory_fits_one(tmp_path: Path) -> None:
    async with many(tmp_path / "many", memory_limit=1, most=1) as process:
        wanted = [(team, number) for number, team in enumerate((A, B, C) * 8)]
        found = await asyncio.gather(
            *(
                process.workspaces.dispatch(make_request(command(team, number)))
                for team, number in wanted
            )
        )
        for (team, _), response in zip(wanted, found, strict=True):
            assert f"{WORD[team]} navigation" in response.body


async def test_changed_file_switches_content(
    process: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give(word: str) -> None:
        text = f"workspaces:\n  {A}: {{knowledge: {word}}}\n"
        (process.folder / "workspaces.yaml").write_text(text, encoding="utf-8")
        assert process.file.refresh()

    assert WORD[A] in (await process.send(command(A, 1))).body
    give(WORD[B])
    await process.workspaces.reopen_all()
    assert WORD[B] in (await process.send(command(A, 2))).body
    await process.workspaces.reopen_all()
    monkeypatch.setattr(module, "OPEN_TIMEOUT", 0.0)
    sent = asyncio.create_task(process.send(command(A, 3)))
    await asyncio.sleep(0)
    give(WORD[C])
    await process.workspaces.reopen_all()  # while the app is being opened
    await sent
    monkeypatch.undo()
    assert WORD[C] in (await process.send(command(A, 4))).body


async def test_uninstallation_in_another_process_is_noticed(tmp_path: Path) -> None:
    async with many(tmp_path / "many", look=0.0) as process:
        assert WORD[A] in (await process.send(command(A, 1))).body
        await process.send(command(A, 2))
        assert process.workspaces.count == 1  # nothing has changed
        found = await process.installations.find("", A)
        assert found is not None
        anew = replace(found, bot_user_id="U0BOT2", installed=found.installed + dt.timedelta(1))
        await process.installations.save(anew, f"xoxb-{A}")
        await process.send(command(A, 3))
        assert process.workspaces.count == 0
        assert WORD[A] in (await process.send(command(A, 4))).body
        await process.installations.remove(Workspace("", A))
        await process.send(command(A, 5))
        assert "isn't installed" in (await process.send(command(A, 6))).body


async def test_known_workspaces_are_served_while_the_database_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise StoreError("The database is down.")

    async with many(tmp_path / "many", look=0.0) as process:
        await process.send(command(A, 1))
        monkeypatch.setattr(process.installations, "find", down)
        for number in (2, 3):
            assert WORD[A] in (await process.send(command(A, number))).body
        assert "can't reach my database" in (await process.send(command(B, 4))).body
        assert (await process.send(process.event(B, asked()))).status == 503
        monkeypatch.setattr(process.installations, "remove", down)
        gone = process.event(A, {"type": "app_uninstalled"})
        assert (await process.send(gone)).status == 503  # so that Slack tells it again


async def test_organisation_has_an_app_for_each_workspace(
    process: Many,
) -> None:
    org, one, other = "E0ORG000", "T0ORGONE", "T0ORGTWO"
    (process.folder / "workspaces.yaml").write_text(
        f"workspaces:\n  {org}: {{knowledge: {WORD[B]}}}\n  {other}: {{knowledge: {WORD[C]}}}\n"
    )
    assert process.file.refresh()
    await process.installations.save(
        Installation(Workspace(org, ""), "A1", "B0BOT", "U0BOT", ("chat:write",)), f"xoxb-{org}"
    )

    async def said(team: str, text: str, ts: str, thread: str = "") -> str:
        body = process.event(team, asked(text, ts, thread))
        whole = {"enterprise_id": org, "is_enterprise_install": True}
        body["authorizations"][0] |= whole
        before = len(process.api.of(org))
        await process.send({**body, **whole})
        calls = process.api.of(org)[before:]
        return next(call.text for call in calls if call.method == "chat.postMessage")

    thread = "1700000001.000000"
    assert WORD[B] in await said(one, ASKED, thread)
    assert WORD[C] in await said(other, ASKED, "1700000001.000001")
    assert f"{WORD[B]} inn" in await said(one, "where do they sleep?", "1700000002.0", thread)
    assert "inn" not in await said(other, "where do they sleep?", "1700000002.0", thread)
    assert process.workspaces.count == 2
    await process.workspaces.release(Workspace(org, ""))
    assert process.workspaces.count == 0


async def test_question_in_a_shared_channel_is_answered_by_the_authorised_workspace(
    process: Many,
) -> None:
    body = process.event(A, {**asked(), "team": B, "user_team": B, "source_team": B})
    body |= {"team_id": B, "is_ext_shared_channel": True}
    await process.send(body)
    assert process.api.of(B) == []
    said = [call for call in process.api.of(A) if call.method == "chat.postMessage"]
    assert [WORD[A] in call.text for call in said] == [True]


async def broken(*_: object) -> WorkspaceApp:
    raise RuntimeError("nobody foresaw it")


async def nobody(*_: object) -> None:
    raise AssertionError("nobody left")


async def test_delivery_without_installation_is_dropped(process: Many) -> None:
    done: list[str] = []

    workspaces = WorkspaceRouter(process.installations, broken, nobody, on_dropped=done.append)
    await redeliver(workspaces.dispatch, process.event("T0NOWHERE", asked()), "message T0NOWHERE")
    assert done == ["message T0NOWHERE"]


async def test_failing_app_affects_its_workspace_only(
    process: Many, caplog: pytest.LogCaptureFixture
) -> None:
    workspaces = WorkspaceRouter(process.installations, broken, nobody)
    for body, status in ((command(A, 1), 200), (process.event(A, asked()), 503)):
        response = await workspaces.dispatch(make_request(body))
        assert response.status == status
    assert "could not be served: RuntimeError" in caplog.text
    await workspaces.close()
