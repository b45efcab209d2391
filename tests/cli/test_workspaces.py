"""`faqbot workspaces` and `faqbot new key`."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from faqbot.slack.manifest import OPTIONAL_SCOPES, SCOPES
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.installations import Installation, Workspace
from faqbot.storage.models import StoreError
from faqbot.storage.store import Store, open_store

from .conftest import Run

T = TypeVar("T")
OLD, NEW = TokenCipher.new_key(), TokenCipher.new_key()
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
ALPHA = Installation(
    Workspace("", "T0ALPHA"),
    app_id="A1",
    bot_id="B1",
    bot_user_id="U1",
    scopes=(*SCOPES, *OPTIONAL_SCOPES),
    team_name="Alpha \x1b[31m",
    installer="U2",
    installed=NOW,
)
BETA = replace(
    ALPHA,
    workspace=Workspace("E0ORG", "T0BETA"),
    scopes=("app_mentions:read", "assistant:write", "commands", "im:history", "users:read"),
    team_name="Beta",
    enterprise_name="Org",
    expires=NOW + dt.timedelta(hours=12),
)
ORG = replace(ALPHA, workspace=Workspace("E0ORG", ""), team_name="", enterprise_name="Org")


def with_store(url: str, keys: str, work: Callable[[Store], Awaitable[T]]) -> T:
    async def worked() -> T:
        store = await open_store(url, cipher=TokenCipher.from_setting(keys))
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(worked())


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/faqbot.db"

    async def fill(store: Store) -> None:
        for one in (ALPHA, BETA, ORG):
            await store.installations.save(one, f"xoxb-{one.workspace.team}", "xoxe-1-secret")

    with_store(url, OLD, fill)
    monkeypatch.setenv("FAQBOT_DATABASE_URL", url)
    monkeypatch.delenv("FAQBOT_SECRET_KEYS", raising=False)
    return url


def token_of(url: str, keys: str, workspace: Workspace) -> str | None:
    async def ask(store: Store) -> str | None:
        found = await store.installations.credentials(workspace)
        return found.token if found else None

    return with_store(url, keys, ask)


@pytest.mark.usefixtures("database")
def test_list_shows_workspaces_token_expiry_and_missing_scopes(run: Run) -> None:
    ran = run("workspaces")
    assert ran.code == 0
    lines = {line.split()[1]: line for line in ran.out.splitlines() if "0" in line[:12]}
    assert set(lines) == {"T0ALPHA", "T0BETA", "E0ORG"}
    assert "2026-11-24 09:00" in lines["T0ALPHA"]
    assert "never" in lines["T0ALPHA"]
    assert "Org" in lines["T0BETA"]
    assert "all workspaces" in lines["E0ORG"]
    assert "chat:write; optional: channels:history, channels:read" in lines["T0BETA"]
    assert "xox" not in ran.out + ran.err
    assert "\x1b" not in ran.out  # a name can't steer the terminal


@pytest.mark.usefixtures("database")
def test_list_as_json_needs_no_keys(run: Run) -> None:
    ran = run("workspaces", "--json")
    alpha, org, beta = ran.lines
    assert (alpha["team"], org["team"], beta["team"]) == ("T0ALPHA", None, "T0BETA")
    assert beta == {
        "team": "T0BETA",
        "team_name": "Beta",
        "enterprise": "E0ORG",
        "enterprise_name": "Org",
        "installed": "2026-11-24T09:00:00+00:00",
        "installer": "U2",
        "token_expires": "2026-11-24T21:00:00+00:00",
        "scopes": list(BETA.scopes),
        "missing": ["chat:write"],
        "missing_optional": [
            "channels:history",
            "channels:read",
            "files:write",
            "groups:history",
            "usergroups:read",
        ],
    }
    assert (alpha["missing"], alpha["missing_optional"]) == ([], [])
    assert "xox" not in ran.out


def test_empty_list_says_how_to_install(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAQBOT_DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    ran = run("workspaces")
    assert (ran.code, ran.out) == (0, "")
    assert "/slack/install" in ran.err
    assert run("workspaces", "--json").out == ""


def test_reencrypted_tokens_need_the_old_key_no_longer(
    database: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAQBOT_SECRET_KEYS", f"{NEW}, {OLD}")
    assert "the tokens of 3 " in run("workspaces", "reseal").out
    assert "the tokens of 0 " in run("workspaces", "reseal").out
    assert token_of(database, NEW, BETA.workspace) == "xoxb-T0BETA"
    with pytest.raises(StoreError):
        token_of(database, OLD, BETA.workspace)


@pytest.mark.parametrize(
    ("keys", "advised"),
    [
        ("", (2, "faqbot new key")),
        ("short", (2, "faqbot new key")),
        (NEW, (1, "add that key behind the newest")),
    ],
    ids=["none", "no key", "another key"],  # a key in a test's name would differ in each worker
)
def test_reencrypting_without_the_right_keys_is_advice(
    database: str, run: Run, monkeypatch: pytest.MonkeyPatch, keys: str, advised: tuple[int, str]
) -> None:
    monkeypatch.setenv("FAQBOT_SECRET_KEYS", keys)
    ran = run("workspaces", "reseal")
    assert ran.code == advised[0]
    assert advised[1] in ran.err
    assert NEW not in ran.err
    assert token_of(database, OLD, ALPHA.workspace) == "xoxb-T0ALPHA"


@pytest.mark.parametrize("wanted", ["T0BETA", "E0ORG"])
def test_removed_installation_is_named_and_deleted(database: str, run: Run, wanted: str) -> None:
    ran = run("workspaces", "remove", wanted)
    assert ran.code == 0
    assert wanted in ran.out
    assert len(run("workspaces", "--json").lines) == 2
    again = run("workspaces", "remove", wanted)
    assert again.code == 2
    assert "faqbot workspaces lists" in again.err
    assert token_of(database, OLD, ALPHA.workspace)


def test_commands_without_a_database_are_advice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAQBOT_DATABASE_URL", "off")
    monkeypatch.setenv("FAQBOT_SECRET_KEYS", NEW)
    for command in ((), ("reseal",), ("remove", "T0BETA")):
        ran = run("workspaces", *command)
        assert ran.code == 2
        assert "nothing is remembered" in ran.err


def test_new_keys_are_valid_and_differ(run: Run) -> None:
    first, second = (run("new", "key").out.strip() for _ in range(2))
    assert first != second
    seal = TokenCipher.from_setting(f"{first},{second}")
    assert seal.decrypt(TokenCipher.from_setting(second).encrypt("token")) == "token"


@pytest.mark.parametrize(
    ("command", "example"),
    [
        (("workspaces",), "faqbot workspaces --json"),
        (("workspaces", "reseal"), "faqbot workspaces reseal"),
        (("workspaces", "remove"), "faqbot workspaces remove T0123456789"),
        (("new", "key"), "faqbot new key"),
    ],
)
def test_help_has_an_example(run: Run, command: tuple[str, ...], example: str) -> None:
    ran = run(*command, "--help")
    assert ran.code == 0
    assert f"Example: {example}" in ran.out
