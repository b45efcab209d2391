"""Installing by OAuth: the pages, and who may go on with them."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from faqbot.playground.models import Faults
from faqbot.slack.manifest import MCP_SCOPE, OPTIONAL_SCOPES, PURPOSES, SCOPES
from faqbot.storage.installations import Installation, Workspace
from faqbot.storage.models import StoreError
from faqbot.workspaces.oauth import INSTALL_PATH, REDIRECT_PATH
from tests.slack.installing import Site, site
from tests.support.local_slack import several

ALPHA, BETA = "T0ALPHA", "T0BETA"
TWO = several("Alpha", "Beta")
ORG = several("Here", "There", enterprise="Org", org_wide=True)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/faqbot.db"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def started(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("oauth")
    async with site(f"sqlite:///{folder}/faqbot.db", (*TWO, *ORG)) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def web(started: Site) -> Site:
    await started.cleared()
    return started


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_install_page_explains_the_scopes(web: Site) -> None:
    async with web.browser() as browser:
        page = await browser.open(INSTALL_PATH)
    assert page.status == 200
    for scope in (*SCOPES, *OPTIONAL_SCOPES):
        assert f"<code>{scope}</code>" in page.text
        assert PURPOSES[scope].split(",")[0] in page.text
    assert "Set-Cookie" not in page.headers  # who only looks leaves no trace


async def test_install_page_asks_for_slackbots_scope_where_mcp_is_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/faqbot.db"
    async with (
        site(url, several("Alpha"), scopes=(*SCOPES, MCP_SCOPE)) as web,
        web.browser() as browser,
    ):
        page = await browser.open(INSTALL_PATH)
        led = await browser.press()
    assert "<code>mcp:connect</code>" in page.text
    assert PURPOSES[MCP_SCOPE] in page.text
    assert "mcp%3Aconnect" in led.headers["Location"]


async def test_each_install_page_has_a_strict_policy(web: Site) -> None:
    async with web.browser() as browser:
        pages = [
            await browser.open(INSTALL_PATH),
            await browser.press(),
            await browser.press(**{"Sec-Fetch-Site": "cross-site"}),
            await browser.open(REDIRECT_PATH),
            await browser.open(REDIRECT_PATH, error="access_denied"),
            await browser.install(ALPHA),
        ]
        led = await browser.allowed(ALPHA)
        web.slack.faults = Faults(fail_calls=20, fail_status=503)
        pages.append(await browser.open(REDIRECT_PATH, **led))
    assert [page.status for page in pages] == [200, 303, 403, 400, 403, 200, 503]
    for page in pages:
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Content-Type-Options"] == "nosniff"


async def test_installation_is_stored_with_its_token(web: Site) -> None:
    done = await web.installed(ALPHA)
    assert done.status == 200
    assert "faqbot is installed in Alpha" in done.text
    assert f"/app_redirect?app=A0LOCAL01&amp;team={ALPHA}" in done.text
    found = await web.store.installations.find("", ALPHA)
    assert found is not None
    assert (found.team_name, found.bot_id, found.bot_user_id) == ("Alpha", "B0ALPHA", "U0BOTALPHA")
    assert found.installer == "U0MAYA001ALPHA"
    assert "chat:write" in found.scopes
    assert web.changed == [found.workspace]
    token = await web.tokens.token_of(found.workspace)
    assert token
    said = await web.exchange.client.auth_test(token=token)
    assert said["team_id"] == ALPHA


async def test_second_installation_replaces_the_token(web: Site) -> None:
    await web.installed(ALPHA)
    first = await web.tokens.token_of(Workspace("", ALPHA))
    await web.installed(ALPHA)
    assert first != await web.tokens.token_of(Workspace("", ALPHA)) is not None
    assert len(await web.store.installations.all()) == 1


async def test_installation_of_an_organisation_is_stored(web: Site) -> None:
    done = await web.installed("T0HERE")
    assert "faqbot is installed in Org" in done.text
    found = await web.store.installations.find("E0ORG", "T0THERE")
    assert found is not None
    assert found.is_org_wide
    token = await web.tokens.token_of(found.workspace)
    for team in ("HERE", "THERE"):
        await web.exchange.client.chat_postMessage(
            channel=f"C0GENERAL{team}", text=team, token=token
        )
        assert [m.text for m in web.slack[f"T0{team}"].messages("#general")] == [team]


async def test_denied_installation_shows_a_page(web: Site) -> None:
    async with web.browser() as browser:
        consent = (await browser.press()).headers["Location"]
        back = (await browser.open(f"{consent}&deny=1")).headers["Location"]
        denied = await browser.open(back)
    assert denied.status == 403
    assert "Nothing was installed" in denied.text
    assert await web.store.installations.all() == ()


async def test_state_is_valid_once(web: Site) -> None:
    async with web.browser() as browser:
        led = await browser.allowed(ALPHA)
        jar = {c.key: c.value for c in browser.session.cookie_jar}
        assert (await browser.open(REDIRECT_PATH, **led)).status == 200
        browser.session.cookie_jar.update_cookies(jar)
        other = await browser.allowed(BETA)
        again = await browser.open(REDIRECT_PATH, state=led["state"], code=other["code"])
    assert again.status == 400
    assert "Start again" in again.text
    assert len(await web.store.installations.all()) == 1


async def test_an_expired_state_is_refused(web: Site) -> None:
    async with web.browser() as browser:
        led = await browser.allowed(ALPHA)
        (cookie,) = browser.session.cookie_jar
        late = await web.store.oauth_states.issue(cookie.value, dt.timedelta(seconds=-1))
        page = await browser.open(REDIRECT_PATH, state=late, code=led["code"])
    assert page.status == 400
    assert "older than ten minutes" in page.text
    assert await web.store.installations.all() == ()


async def test_of_simultaneous_redirects_one_installs(web: Site) -> None:
    async with web.browser() as browser:
        led = await browser.allowed(ALPHA)
        pages = await asyncio.gather(*(browser.open(REDIRECT_PATH, **led) for _ in range(6)))
    assert sorted(page.status for page in pages) == [200] + [400] * 5
    assert len(web.changed) == 1


@pytest.mark.parametrize("cookie", ["", "x" * 43, "é;", "a" * 5000])
async def test_state_of_another_browser_is_refused(web: Site, cookie: str) -> None:
    """Nobody is led into an installation that somebody else began."""
    async with web.browser() as attacker, web.browser() as victim:
        led = await attacker.allowed(ALPHA)
        if cookie:
            victim.session.headers["Cookie"] = f"faqbot-install={cookie}"
        page = await victim.open(REDIRECT_PATH, **led)
        assert page.status == 400
        assert "another browser" in page.text
        assert await web.store.installations.all() == ()
        assert (await attacker.open(REDIRECT_PATH, **led)).status == 200  # it was not used up


@pytest.mark.parametrize("state", ["", "forged", "x" * 10_000, "\x00", "<script>alert(1)</script>"])
async def test_a_forged_state_is_refused(web: Site, state: str) -> None:
    async with web.browser() as browser:
        led = await browser.allowed(ALPHA)
        page = await browser.open(REDIRECT_PATH, state=state[:7000], code=led["code"])
    assert page.status == 400
    assert "<script>" not in page.text
    assert await web.store.installations.all() == ()


async def test_cross_site_request_issues_no_state(web: Site) -> None:
    async with web.browser() as browser:
        page = await browser.press(**{"Sec-Fetch-Site": "cross-site"})
    assert page.status == 403
    assert "Location" not in page.headers


async def test_two_tabs_of_a_browser_can_both_install(web: Site) -> None:
    async with web.browser() as browser:
        first, second = await browser.allowed(ALPHA), await browser.allowed(BETA)
        assert (await browser.open(REDIRECT_PATH, **first)).status == 200
        assert (await browser.open(REDIRECT_PATH, **second)).status == 200


async def test_invalid_code_shows_a_page_with_advice(web: Site) -> None:
    async with web.browser() as browser:
        led = await browser.allowed(ALPHA)
        page = await browser.open(REDIRECT_PATH, state=led["state"], code="nonsense")
    assert page.status == 400
    assert "expired or was used before" in page.text


async def test_wrong_client_secret_is_logged_for_the_operator(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(url, TWO, secret="wrong") as web:
        page = await web.installed(ALPHA)
    assert page.status == 502
    assert "tell its operators" in page.text
    assert "bad_client_secret" in caplog.text


@pytest.mark.parametrize(
    ("faults", "where"),
    [
        (Faults(fail_calls=20, fail_status=503), "exchange"),
        (Faults(fail_calls=20, fail_status=503), "auth.test"),
        (Faults(fail_calls=20, retry_after=60), "exchange"),
    ],
)
async def test_outage_of_slack_shows_a_page(url: str, faults: Faults, where: str) -> None:
    # A site of its own: after a 429 its queue makes no call until the time in the response.
    async with site(url, TWO) as web, web.browser() as browser:
        await web.cleared()
        led = await browser.allowed(ALPHA)
        if where == "exchange":
            web.slack.faults = faults
        else:
            web.slack[ALPHA].faults = faults
        page = await browser.open(REDIRECT_PATH, **led)
        stored = await web.store.installations.all()
    assert page.status == 503
    assert "Slack can&#39;t be reached" in page.text
    assert page.headers["Retry-After"]
    assert stored == ()


async def test_unreachable_slack_shows_a_page(url: str) -> None:
    async with site(url, TWO, api="http://127.0.0.1:9/api/") as web, web.browser() as browser:
        asked = parse_qs(urlsplit((await browser.press()).headers["Location"]).query)
        page = await browser.open(REDIRECT_PATH, state=asked["state"][0], code="any")
    assert page.status == 503
    assert "Nothing was installed" in page.text


@pytest.mark.parametrize("part", ["issue", "consume", "save"])
async def test_outage_of_the_database_shows_a_page(
    web: Site, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    async def down(*_: object) -> None:
        raise StoreError("down")

    async with web.browser() as browser:
        led = await browser.allowed(ALPHA)
        kept = web.store.installations if part == "save" else web.store.oauth_states
        monkeypatch.setattr(kept, part, down)
        page = await (browser.press() if part == "issue" else browser.open(REDIRECT_PATH, **led))
    assert page.status == 503
    assert "The installation can&#39;t be stored" in page.text
    assert page.headers["Retry-After"]


async def test_unexpected_error_shows_a_page_without_a_traceback(
    web: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Installation, token: str, *__: object) -> None:
        raise RuntimeError(token)

    monkeypatch.setattr(web.store.installations, "save", broken)
    page = await web.installed(ALPHA)
    assert page.status == 500
    assert "reference" in page.text
    assert "Traceback" not in page.text
    assert "xoxb" not in page.text + caplog.text


async def test_over_https_the_cookie_and_the_headers_are_strict(url: str) -> None:
    async with (
        site(url, TWO, public="https://faqbot.example.com") as web,
        web.browser() as browser,
    ):
        answer = await browser.press()
    cookie = answer.headers["Set-Cookie"].lower()
    assert cookie.startswith("__host-faqbot-install=")
    for part in ("httponly", "secure", "samesite=lax", "path=/"):
        assert part in cookie
    assert "domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_no_token_and_no_code_is_ever_logged_or_shown(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with site(url, TWO, lifetime=3600) as web:  # due at once
        async with web.browser() as browser:
            led = await browser.allowed(ALPHA)
            pages = [await browser.open(REDIRECT_PATH, **led) for _ in range(2)]
            pages += [await browser.open(REDIRECT_PATH, **{**led, "state": "x"})]
            cookies = [c.value for c in browser.session.cookie_jar]
            other = await browser.allowed(BETA)
            web.slack.faults = Faults(fail_calls=20, fail_status=500)
            pages += [await browser.open(REDIRECT_PATH, **other)]
            web.slack.faults = Faults()
        kept = await web.store.installations.credentials(Workspace("", ALPHA))
        assert kept
        token = await web.tokens.token_of(Workspace("", ALPHA))
        assert web.slack.grants.refreshes == 1
    assert [page.status for page in pages] == [200, 400, 400, 503]
    assert token
    assert caplog.records
    said = caplog.text + "".join(page.text for page in pages)
    for secret in (
        *(led["code"], led["state"], other["code"], other["state"], *cookies),
        *(kept.token, kept.refresh_token, token, web.exchange.client_secret, "xoxe", "xoxb"),
    ):
        assert secret not in said
