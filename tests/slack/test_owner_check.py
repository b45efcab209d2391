"""`faqbot check --slack`: owners whom Slack doesn't know, or can't reach."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from faqbot.playground.models import Channel, Setup, UserGroup
from faqbot.playground.workspace import LocalWorkspace
from faqbot.slack.manifest import OPTIONAL_SCOPES, SCOPES

ROOT = Path(__file__).resolve().parents[2]
SETUP = Setup(scopes=frozenset((*SCOPES, *OPTIONAL_SCOPES)))
OWNERS = {
    "jonas": "U0JONAS01",
    "group": "'@people'",
    "channel": "'<#C0HIRING1>'",
    "stranger": "U0NOBODY1",
    "guest": "U0GUEST01",
    "no-group": "'@peopel'",
    "empty-group": "'@nobody'",
    "hidden-group": "S0HIDDEN1",
    "archived": "C0ARCHIVE",
    "outside": "C0OUTSIDE",
    "no-channel": "C0NOWHERE",
}


@pytest.fixture
async def workspace() -> AsyncIterator[LocalWorkspace]:
    async with LocalWorkspace.start(setup=SETUP) as started:
        state = started.state
        one = frozenset({"U0JONAS01"})
        state.add_group(UserGroup("S0PEOPLE1", "people", "People", one, ("C0HIRING1",)))
        state.add_group(UserGroup("S0NOBODY1", "nobody", "Nobody", frozenset(), ("C0HIRING1",)))
        state.add_group(UserGroup("S0HIDDEN1", "hidden", "Hidden", one))
        bot = frozenset({started.bot_user_id})
        state.add_channel(Channel("C0ARCHIVE", "old", archived=True, members=bot))
        state.add_channel(Channel("C0OUTSIDE", "outside", members=one))
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "knowledge"
    made.mkdir()
    faqs = "".join(
        f"  - {{id: {key}, question: 'Who is {key}?', answer: 'It is {key}.', owner: {owner}}}\n"
        for key, owner in OWNERS.items()
    )
    (made / "faqs.yaml").write_text(f"faqs:\n{faqs}")
    return made


async def check(
    folder: Path, workspace: LocalWorkspace, *, token: str = "", default: str = ""
) -> tuple[int, str]:
    """The exit code of `faqbot check --slack`, and what it prints."""
    env = os.environ | {
        "SLACK_BOT_TOKEN": token or workspace.bot_token,
        "SLACK_API_URL": workspace.api_url,
        "FAQBOT_DEFAULT_OWNER": default,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "faqbot", "check", str(folder), "--slack", "--json"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder.parent, env=env, stdout=PIPE, stderr=STDOUT
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


async def test_owners_that_slack_does_not_know_or_reach_are_named(
    workspace: LocalWorkspace, folder: Path
) -> None:
    code, printed = await check(folder, workspace, default="C0HIRING1, @nobody")

    found = dict(
        one["message"].split(": ", 1)
        for one in json.loads(printed)["findings"]
        if one["rule"] == "owner-unreachable"
    )
    assert code == 0
    nowhere = "isn't in this workspace, or is a private channel without faqbot"
    without_channel = "is a user group without a default channel, in which to reach it"
    assert found == {
        "FAQBOT_DEFAULT_OWNER": "@nobody is a user group without members",
        "faq/archived": "has the owner C0ARCHIVE, who is archived",
        "faq/empty-group": "has the owner @nobody, who is a user group without members",
        "faq/guest": "has the owner U0GUEST01, who is a guest, who may not act for content",
        "faq/hidden-group": f"has the owner S0HIDDEN1, who {without_channel}",
        "faq/no-channel": f"has the owner C0NOWHERE, who {nowhere}",
        "faq/no-group": "has the owner @peopel, who is no user group of this workspace",
        "faq/outside": "has the owner C0OUTSIDE, who doesn't have faqbot in it: /invite @faqbot",
        "faq/stranger": f"has the owner U0NOBODY1, who {nowhere}",
    }


async def test_what_keeps_slack_from_answering_is_said(
    workspace: LocalWorkspace, folder: Path
) -> None:
    code, said = await check(folder, workspace, token="xoxb-local-wrong")
    assert (code, "SLACK_BOT_TOKEN" in said) == (2, True)

    async with LocalWorkspace.start(setup=replace(SETUP, scopes=frozenset(SCOPES))) as other:
        code, said = await check(folder, other)
    assert code == 2
    assert "usergroups:read" in said
    assert "check without --slack" in said
