"""The insights pages for owners who sign in with Slack."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from faqbot.insights.auth import OWNER_CHECK_INTERVAL, SESSION_LIFETIME, Sessions, SlackIdentity
from faqbot.insights.views import InsightsPages
from faqbot.model import KnowledgeBase, Role
from faqbot.playground.models import Faults, Setup, UserGroup
from faqbot.playground.workspace import LocalWorkspace
from faqbot.runtime.web import Server, listen
from faqbot.slack.client import team_id_of, web_client
from faqbot.slack.manifest import OPTIONAL_SCOPES, SCOPES
from faqbot.slack.owners import OwnerDirectory
from faqbot.storage.store import open_store

LIBRARY = KnowledgeBase(roles=(Role("data-analyst", "Data Analyst", owner="@people-data"),))
WORKSPACE = Setup(scopes=frozenset((*SCOPES, *OPTIONAL_SCOPES)))


class Clock:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def workspace() -> AsyncIterator[LocalWorkspace]:
    async with LocalWorkspace.start(setup=WORKSPACE) as started:
        jonas = started.state.user("jonas")
        group = UserGroup("S0DATA001", "people-data", "Data", frozenset({jonas.id}))
        started.state.add_group(group)
        yield started


@pytest.fixture
async def address(workspace: LocalWorkspace, tmp_path: Path, clock: Clock) -> AsyncIterator[str]:
    store = await open_store(f"sqlite:///{tmp_path}/faqbot.db")
    pages = InsightsPages(store, lambda: LIBRARY, lambda texts: [[at] for at in range(len(texts))])
    listener = listen("127.0.0.1", 0)
    served = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with (
        web_client(workspace.bot_token, workspace.api_url) as bot,
        web_client("", workspace.api_url) as anyone,
    ):
        identity = SlackIdentity(
            bot=bot,
            client=anyone,
            team=await team_id_of(bot),
            client_id=workspace.setup.client_id,
            client_secret=workspace.setup.client_secret,
            redirect_url=f"{served}/sign-in/done",
            knowledge_base=lambda: LIBRARY,
            owners=OwnerDirectory("", clock=clock),
        )
        sessions = Sessions(identity, pages.sign_in, secure=False, clock=clock)
        server = Server(pages.app(sessions=sessions))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield served
        server.should_exit = True
        await task
    await store.close()


@asynccontextmanager
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def led_back(window: aiohttp.ClientSession, address: str, name: str) -> str:
    """Begin to sign in, and choose who one is; the address that Slack leads back to."""
    async with window.get(f"{address}/sign-in/start") as choice:
        (link,) = re.findall(rf'href="([^"]+)">Continue as {name}', await choice.text())
        chosen = choice.url.join(URL(link.replace("&amp;", "&")))
    async with window.get(chosen, allow_redirects=False) as answer:
        return answer.headers["location"]


async def sign_in(window: aiohttp.ClientSession, address: str, name: str) -> tuple[int, str]:
    back = await led_back(window, address, name)
    async with window.get(back) as answer:
        return answer.status, await answer.text()


async def shown(window: aiohttp.ClientSession, url: str) -> str:
    async with window.get(url) as answer:
        return await answer.text()


@pytest.mark.parametrize("name", ["Maya", "Jonas"])  # an admin; a member of the owning group
async def test_owner_signs_in_reads_and_signs_out(address: str, name: str) -> None:
    async with browser() as window:
        assert "Sign in with Slack" in await shown(window, f"{address}/questions")
        status, page = await sign_in(window, address, name)
        assert status == 200, page
        assert "<b>0</b> questions" in page
        assert "Sign out" in page
        async with window.post(f"{address}/sign-out") as answer:
            assert "Sign in with Slack" in await answer.text()
        assert "Sign in with Slack" in await shown(window, address)


async def test_sign_in_is_refused_to_others(address: str) -> None:
    async with browser() as window:
        status, page = await sign_in(window, address, "Gil")
        assert status == 403
        assert "Only the owners" in page
        assert "Sign in with Slack" in await shown(window, f"{address}/draft?question=x")


async def test_redirect_is_valid_once_and_in_one_browser(address: str) -> None:
    async with browser() as window, browser() as other:
        back = await led_back(window, address, "Maya")
        async with other.get(back) as answer:
            assert answer.status == 400
        async with window.get(back) as answer:
            assert answer.status == 400  # the other one used it up
        back = await led_back(window, address, "Maya")
        async with window.get(back.replace("code=", "code=forged")) as answer:
            assert answer.status == 403
        async with window.get(f"{address}/sign-in/done?state=x&code=y") as answer:
            assert answer.status == 400


async def test_session_ends_when_its_user_is_no_longer_an_owner(
    address: str, workspace: LocalWorkspace, clock: Clock
) -> None:
    async with browser() as window:
        await sign_in(window, address, "Jonas")
        workspace.state.groups.clear()
        assert "Sign out" in await shown(window, address)
        clock.ahead = OWNER_CHECK_INTERVAL + 1
        assert "Sign in with Slack" in await shown(window, address)


async def test_session_ends_after_its_lifetime(address: str, clock: Clock) -> None:
    async with browser() as window:
        await sign_in(window, address, "Maya")
        clock.ahead = SESSION_LIFETIME + 1
        assert "Sign in with Slack" in await shown(window, address)


async def test_cookies_are_not_readable_by_scripts(address: str) -> None:
    async with browser() as window:
        back = await led_back(window, address, "Maya")
        async with window.get(back, allow_redirects=False) as answer:
            given = answer.headers.getall("set-cookie")
    (session,) = (one for one in given if one.startswith("faqbot-session="))
    assert "HttpOnly" in session
    assert "samesite=lax" in session.lower()


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://slack.example.com"},
        {"iss": None},
        {"exp": 1_600_000_000},
        {"exp": None},
        {"exp": "2999-01-01"},
        {"exp": True},
        {"aud": "of another app"},
        {"https://slack.com/team_id": "T0OTHER"},
        {"nonce": "of another attempt"},
    ],
    ids=str,
)
async def test_id_token_from_elsewhere_or_expired_is_refused(
    workspace: LocalWorkspace, address: str, claims: dict[str, object]
) -> None:
    workspace.faults = Faults(id_claims=claims)
    async with browser() as window:
        status, page = await sign_in(window, address, "Maya")
        assert status == 403
        assert "did not confirm" in page
        assert "Sign in with Slack" in await shown(window, f"{address}/questions")


async def test_id_token_of_a_clock_that_differs_a_little_is_accepted(
    workspace: LocalWorkspace, address: str
) -> None:
    workspace.faults = Faults(id_claims={"exp": time.time() - 5})
    async with browser() as window:
        assert (await sign_in(window, address, "Maya"))[0] == 200
