"""Every page that a browser can open keeps other sites, frames and scripts out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from faqbot.exporters.documents import page, site
from faqbot.insights.auth import Sessions
from faqbot.insights.views import InsightsPages
from faqbot.model import KnowledgeBase, Role
from faqbot.playground.workspace import LocalWorkspace
from faqbot.runtime.web import LocalServer, listen
from faqbot.storage.store import open_store
from tests.slack.knowledge_base import knowledge_base

LIBRARY = KnowledgeBase(roles=(Role("data-analyst", "Data Analyst"),))
NOT_PAGES = ("/api/", "/response/", "/upload/", "/link/", "/openid/", "/oauth/")
FOREIGN = (
    {"Origin": "https://evil.example.org", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example.org"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
)


class _Known:
    """An identity provider that knows one person."""

    def sign_in_url(self, state: str, nonce: str) -> str:
        return f"https://slack.example.org/?state={state}&nonce={nonce}"

    async def identify(self, code: str, nonce: str) -> str | None:
        return "U1" if code == "right" and nonce else None

    async def may_read(self, person: str) -> bool:
        return person == "U1"


def paths(app: Starlette) -> list[str]:
    """The paths of all pages of an application, with one file of each folder."""
    found = [route.path for route in app.routes if isinstance(route, Route)]
    found += [f"{one.path}/page.css" for one in app.routes if isinstance(one, Mount)]
    return [path for path in found if not path.startswith(NOT_PAGES)]


@pytest.fixture
async def workspace() -> AsyncIterator[LocalWorkspace]:
    async with LocalWorkspace.start() as started:
        yield started


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=["http", "https"])
async def insights(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[str, Starlette, bool]]:
    secure = request.param == "https"
    store = await open_store(f"sqlite:///{tmp_path}/faqbot.db")
    pages = InsightsPages(store, lambda: LIBRARY, lambda texts: [[at] for at in range(len(texts))])
    app = pages.app(sessions=Sessions(_Known(), pages.sign_in, secure=secure))
    listener = listen("127.0.0.1", 0)
    server = LocalServer(app)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await server.ready.wait()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", app, secure
    server.stopped.set()
    await task
    listener.close()
    await store.close()


async def locked(web: aiohttp.ClientSession, url: str, method: str = "GET") -> int:
    """Ask for a page, see that its headers lock it down; its status."""
    async with web.request(method, url, allow_redirects=False) as answer:
        policy = {
            words[0]: words[1:]
            for part in answer.headers["Content-Security-Policy"].split(";")
            if (words := part.split())
        }
        assert policy["default-src"] == policy["base-uri"] == ["'none'"]
        assert policy["frame-ancestors"] == ["'none'"]
        assert "form-action" in policy
        assert not any("unsafe" in source for sources in policy.values() for source in sources)
        assert all("*" not in source for sources in policy.values() for source in sources)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        if answer.content_type == "text/html":
            assert inline(await answer.text()) == []
        return answer.status


class _Inline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [name for name in given if name.startswith("on") or name == "style"]
        addresses = (given.get(name) or "" for name in ("href", "src", "action"))
        self.found += [one for one in addresses if one.lower().startswith(("javascript:", "data:"))]
        self._script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.found.append(data)
        self._script = False


def inline(html: str) -> list[str]:
    """The scripts and styles that stand inside a page."""
    parser = _Inline()
    parser.feed(html)
    return parser.found


async def test_all_pages_of_the_local_workspace_are_locked(
    workspace: LocalWorkspace, web: aiohttp.ClientSession
) -> None:
    for path in paths(workspace.asgi()):
        if path != "/page/news":
            assert await locked(web, workspace.address + path) < 500
    url = f"{workspace.address}/page/news?as=maya"
    async with web.get(url) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/nothing", "/openid/connect/authorize", "/api/auth.test"):
        await locked(web, workspace.address + path)
    async with web.get(workspace.address, headers={"Host": "evil.example.org"}) as answer:
        assert answer.status == 400
        assert answer.headers["X-Frame-Options"] == "DENY"


async def test_all_insights_pages_are_locked(
    insights: tuple[str, Starlette, bool], web: aiohttp.ClientSession
) -> None:
    address, app, _ = insights
    found = [await locked(web, address + path) for path in (*paths(app), "/nothing")]
    assert found.count(303) >= 3  # what only owners may read leads to signing in
    assert await locked(web, f"{address}/sign-out", "POST") == 303
    assert await locked(web, f"{address}/sign-in", "DELETE") == 405


async def test_cookies_are_for_this_host_and_no_script(
    insights: tuple[str, Starlette, bool], web: aiohttp.ClientSession
) -> None:
    address, _, secure = insights
    async with web.get(f"{address}/sign-in/start", allow_redirects=False) as answer:
        given = answer.headers.getall("Set-Cookie")
        state = re.search(r"state=([^&]+)", answer.headers["Location"])
    assert state
    cookie = given[0].partition(";")[0]
    back = f"{address}/sign-in/done?code=right&state={state[1]}"
    async with web.get(back, headers={"Cookie": cookie}, allow_redirects=False) as answer:
        assert answer.status == 303
        given += answer.headers.getall("Set-Cookie")
        session = next(one for one in given if "faqbot-session" in one).partition(";")[0]
    async with web.get(address, headers={"Cookie": session}, allow_redirects=False) as answer:
        assert answer.status == 200
    async with web.post(
        f"{address}/sign-out", headers={"Cookie": session}, allow_redirects=False
    ) as answer:
        given += answer.headers.getall("Set-Cookie")
    assert len(given) == 4
    for one in given:
        assert "HttpOnly" in one
        assert "SameSite=lax" in one
        assert "Path=/" in one
        assert "Domain" not in one
        assert ("Secure" in one) == one.startswith("__Host-") == secure


async def test_a_cookie_that_is_no_text_is_none_of_ours(
    insights: tuple[str, Starlette, bool], web: aiohttp.ClientSession
) -> None:
    address, _, secure = insights
    async with web.get(f"{address}/sign-in/start", allow_redirects=False) as answer:
        state = re.search(r"state=([^&]+)", answer.headers["Location"])
    assert state
    name = f"{'__Host-' if secure else ''}faqbot-signing-in"
    back = f"{address}/sign-in/done?code=right&state={state[1]}"
    async with web.get(back, headers={"Cookie": f"{name}=é"}, allow_redirects=False) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_sites_page_can_not_act(
    workspace: LocalWorkspace,
    insights: tuple[str, Starlette, bool],
    web: aiohttp.ClientSession,
    headers: dict[str, str],
) -> None:
    said = {"token": workspace.bot_token, "channel": "C0GENERAL", "text": "x"}
    acts = [
        ("POST", f"{workspace.address}/api/chat.postMessage"),
        ("GET", f"{workspace.address}/api/chat.postMessage"),
        ("POST", f"{workspace.address}/page/do"),
        ("POST", f"{workspace.address}/response/token"),
        ("POST", f"{workspace.address}/upload/F1"),
        ("POST", f"{insights[0]}/sign-out"),
    ]
    for method, url in acts:
        async with web.request(method, url, params=said, headers=headers) as answer:
            assert answer.status == 403, url
    assert not workspace.messages("#general")
    link = f"{workspace.address}/link/?ticket=x".replace("http", "ws", 1)
    if "Origin" in headers:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await web.ws_connect(link, headers=headers)


async def test_its_own_page_can_act(workspace: LocalWorkspace, web: aiohttp.ClientSession) -> None:
    own = {"Origin": workspace.address, "Sec-Fetch-Site": "same-origin", "x-faqbot-page": "1"}
    asked = {"as": "maya", "do": "say", "channel": "C0GENERAL", "text": "hello"}
    async with web.post(f"{workspace.address}/page/do", json=asked, headers=own) as answer:
        assert answer.status == 200
    assert workspace.messages("#general")


def test_exported_pages_run_no_script_but_their_own() -> None:
    shown = {**site(knowledge_base(), "Roles").files, "alone.html": page(knowledge_base().roles[0])}
    pages = {path: text for path, text in shown.items() if path.endswith(".html")}
    assert len(pages) > 3
    for path, text in pages.items():
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
        assert policy, path
        assert "default-src 'none'" in policy[1]
        assert "base-uri 'none'" in policy[1]
        assert "form-action 'none'" in policy[1]
        assert "script-src 'unsafe" not in policy[1]
        assert text.index("Content-Security-Policy") < text.index("<title>")
        assert inline(text) == [], path
