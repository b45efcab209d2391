"""faqbot as a process for many workspaces: installed, asked and uninstalled in each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest

from faqbot.playground.models import Setup
from faqbot.slack.manifest import EVENTS, OPTIONAL_SCOPES, SCOPES
from faqbot.storage.encryption import TokenCipher
from tests.slack.conftest import QUICK
from tests.slack.installing import Browser
from tests.slack.test_service import ROLE, ended, first_line, free_port, start
from tests.support.local_slack import LocalSlack, several
from tests.support.published_types import all_type_problems
from tests.support.waiting import DEADLINE

ALPHA, BETA = "T0ALPHA", "T0BETA"


def setups() -> tuple[Setup, ...]:
    scopes = frozenset((*SCOPES, *OPTIONAL_SCOPES))
    return tuple(
        replace(setup, scopes=scopes, events=frozenset(EVENTS))
        for setup in several("Alpha", "Beta")
    )


@dataclass
class Served:
    """The process, Slack, and somebody's browser."""

    slack: LocalSlack
    browser: Browser
    base: str

    async def asked(self, team: str, text: str) -> str:
        workspace = self.slack[team]
        ts = await workspace.person("maya").dm(text)
        found = await workspace.until(lambda: workspace.answers_since("@maya", ts), within=DEADLINE)
        return found[0].text


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """Serve two workspaces, one of them with content of its own."""
    default, alpha = tmp_path / "default", tmp_path / "alpha"
    for folder, skill in ((default, "SQL"), (alpha, "Falconry")):
        folder.mkdir()
        (folder / "analyst.yaml").write_text(ROLE.replace("SQL", skill))
    named = tmp_path / "workspaces.yaml"
    named.write_text(f"workspaces:\n  {ALPHA}: {{knowledge: alpha}}\n")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    jar = aiohttp.CookieJar(unsafe=True)  # of an address that is no name
    async with (
        LocalSlack.start(setups(), timing=QUICK) as slack,
        aiohttp.ClientSession(cookie_jar=jar) as session,
    ):
        app = slack[ALPHA].setup
        process = await start(
            default,
            PORT=str(port),
            FAQBOT_HOST="127.0.0.1",
            SLACK_API_URL=slack.api_url,
            SLACK_SIGNING_SECRET=app.signing_secret,
            SLACK_CLIENT_ID=app.client_id,
            SLACK_CLIENT_SECRET=app.client_secret,
            FAQBOT_PUBLIC_URL=base,
            FAQBOT_SECRET_KEYS=TokenCipher.new_key(),
            FAQBOT_WORKSPACES=str(named),
            FAQBOT_DATABASE_URL=f"sqlite:///{tmp_path}/many.db",
            FAQBOT_CACHE=str(tmp_path / "cache"),
        )
        assert f"{base}/slack/install" in await first_line(process)
        slack.deliver_to(f"{base}/slack/events")
        yield Served(slack, Browser(session, base), base)
        process.terminate()
        code, errors = await ended(process)
        assert (code, "Traceback" in errors) == (0, False), errors
        assert "xoxb-" not in errors
        for workspace in slack.workspaces.values():
            assert workspace.problems() == ()
            assert all_type_problems(workspace.sent) == []


async def test_each_workspace_installs_and_gets_answers_from_its_own_content(
    served: Served,
) -> None:
    for team in (ALPHA, BETA):
        page = await served.browser.install(team)
        assert page.status == 200, page.text
    assert "Falconry" in await served.asked(ALPHA, "data analyst skills")
    told = await served.asked(BETA, "data analyst skills")
    assert "SQL" in told
    assert "Falconry" not in told

    served.slack.uninstall(ALPHA)
    await served.slack[ALPHA].settled()
    result = await served.slack[ALPHA].person("maya").command("/role", "data analyst", "#general")
    assert "isn't installed" in result.messages[0].text
    assert "SQL" in await served.asked(BETA, "and the skills of a data analyst?")

    assert (await served.browser.install(ALPHA)).status == 200
    assert "Falconry" in await served.asked(ALPHA, "skills of a data analyst")

    async with aiohttp.ClientSession() as session:
        async with session.get(f"{served.base}/ready") as ready:
            assert ready.status == 200
        async with session.get(f"{served.base}/metrics") as metrics:
            assert "faqbot_workspaces_loaded 2.0" in await metrics.text()
