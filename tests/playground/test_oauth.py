"""Several local workspaces behind one address: who allows the app, and what its tokens are for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.errors import SettingsError
from faqbot.playground.models import Faults, Setup
from faqbot.playground.oauth import ROTATED_TOKEN_LIFETIME, Grant, Grants
from tests.playground.conftest import QUICK, Receiver
from tests.support.local_slack import LocalSlack, several

ALPHA, BETA = "T0ALPHA", "T0BETA"
BACK = "http://127.0.0.1:9/back"
SCOPES = "chat:write,commands,no.such:scope"
ASKED = {"client_id": "0000.0001", "scope": SCOPES, "redirect_uri": BACK, "state": "s&s"}
TWO = several("Alpha", "Beta")
ORG = several("Here", "There", enterprise="Org", org_wide=True)


@dataclass
class App:
    """An app that people install; it has no token of its own."""

    slack: LocalSlack
    client: AsyncWebClient
    session: aiohttp.ClientSession

    async def open(self, **asked: str) -> tuple[int, str, Any]:
        url = f"{self.slack.address}/oauth/v2/authorize?{urlencode({**ASKED, **asked})}"
        async with self.session.get(url, allow_redirects=False) as answer:
            return answer.status, await answer.text(), answer.headers

    async def led(self, **asked: str) -> dict[str, str]:
        """What is led back with when somebody has decided."""
        status, _, headers = await self.open(**asked)
        assert status == 303
        assert headers["Location"].startswith(f"{BACK}?")
        query = parse_qs(urlsplit(headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}

    async def code(self, team: str) -> str:
        return (await self.led(team=team))["code"]

    async def access(self, **grant: Any) -> dict[str, Any]:
        setup = next(iter(self.slack.workspaces.values())).setup
        known = {"client_id": setup.client_id, "client_secret": setup.client_secret}
        answer = await self.client.oauth_v2_access(**{**known, **grant})
        return dict(answer.data)  # type: ignore[arg-type]

    async def installed(self, team: str) -> dict[str, Any]:
        return await self.access(code=await self.code(team), redirect_uri=BACK)


@asynccontextmanager
async def app(setups: Iterable[Setup], lifetime: float = 0.0) -> AsyncIterator[App]:
    async with (
        LocalSlack.start(setups, timing=QUICK, lifetime=lifetime) as slack,
        aiohttp.ClientSession() as session,
    ):
        yield App(slack, AsyncWebClient(base_url=slack.api_url, session=session), session)


@pytest.fixture
async def two() -> AsyncIterator[App]:
    async with app((*TWO, *ORG)) as started:
        yield started


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_token_is_valid_in_its_own_workspace_only(two: App) -> None:
    alpha = (await two.installed(ALPHA))["access_token"]
    beta = (await two.installed(BETA))["access_token"]
    say = two.client.chat_postMessage
    await say(channel="C0GENERALALPHA", text="to Alpha", token=alpha)
    await say(channel="#general", text="to Beta", token=beta)
    assert await refused(say(channel="C0GENERALALPHA", text="x", token=beta)) == "channel_not_found"
    assert await refused(say(channel="#general", text="x", token="xoxb-forged")) == "invalid_auth"
    assert await refused(say(channel="#general", text="x")) == "not_authed"
    for name, workspace in (("Alpha", two.slack[ALPHA]), ("Beta", two.slack[BETA])):
        assert [m.text for m in workspace.messages("#general")] == [f"to {name}"]
    inner = two.slack[ALPHA].bot_token  # only the workspaces themselves know it
    assert await refused(say(channel="#general", text="x", token=inner)) == "invalid_auth"


async def test_authorisation_page_offers_workspaces_with_safe_headers(two: App) -> None:
    status, text, headers = await two.open(scope="commands,<b>")
    assert status == 200
    for name in ("Alpha", "Beta", "Org"):
        assert f"Allow in {name}" in text
    assert "<b>" not in text
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Location" not in headers


async def test_token_response_names_scopes_and_workspace(two: App) -> None:
    led = await two.led(team=ALPHA)
    assert led["state"] == "s&s"
    answer = await two.access(code=led["code"], redirect_uri=BACK)
    assert answer["team"] == {"id": ALPHA, "name": "Alpha"}
    assert (answer["enterprise"], answer["is_enterprise_install"]) == (None, False)
    assert answer["scope"] == "chat:write,commands"
    assert answer["token_type"] == "bot"
    assert answer["authed_user"] == {"id": "U0MAYA001ALPHA"}
    assert "refresh_token" not in answer
    who = await two.client.auth_test(token=answer["access_token"])
    assert (who["team_id"], who["user_id"]) == (ALPHA, answer["bot_user_id"])


async def test_cancelling_redirects_with_access_denied(two: App) -> None:
    assert await two.led(deny="1") == {"error": "access_denied", "state": "s&s"}


@pytest.mark.parametrize(
    "asked",
    [
        {"client_id": "other"},
        {"scope": ""},
        {"redirect_uri": "https://evil.example.com/"},
        {"redirect_uri": ""},
    ],
)
async def test_unknown_client_or_redirect_gets_no_code(two: App, asked: dict[str, str]) -> None:
    status, _, headers = await two.open(**asked, team=ALPHA)
    assert status == 400
    assert "Location" not in headers


async def test_code_is_valid_once_for_its_app_and_redirect(two: App) -> None:
    access = two.access
    code = await two.code(ALPHA)
    assert (
        await refused(access(code=code, redirect_uri=BACK, client_secret="wrong"))
        == "bad_client_secret"
    )
    assert await refused(access(code=code, redirect_uri=BACK, client_id="9")) == "invalid_client_id"
    await access(code=code, redirect_uri=BACK)
    assert await refused(access(code=code, redirect_uri=BACK)) == "code_already_used"
    assert await refused(access(code="forged", redirect_uri=BACK)) == "invalid_code"
    other = await two.code(ALPHA)
    assert await refused(access(code=other, redirect_uri=f"{BACK}/x")) == "bad_redirect_uri"


async def test_rotated_token_expires_and_is_refreshed_once() -> None:
    async with app(TWO, lifetime=ROTATED_TOKEN_LIFETIME) as rotating:
        first = await rotating.installed(ALPHA)
        assert first["expires_in"] == ROTATED_TOKEN_LIFETIME
        again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second = await rotating.access(**again)
        assert second["access_token"] != first["access_token"]
        assert await refused(rotating.access(**again)) == "invalid_refresh_token"
        third = await rotating.access(
            grant_type="refresh_token", refresh_token=second["refresh_token"]
        )
        for one in (first, second, third):  # the older ones are good until they end
            await rotating.client.auth_test(token=one["access_token"])
        assert rotating.slack.grants.refreshes == 2


def test_token_expires_after_its_lifetime() -> None:
    now = 0.0
    grants = Grants(ROTATED_TOKEN_LIFETIME, lambda: now)
    issued = grants.redeem(grants.code(Grant((ALPHA,), (), "U1"), BACK), BACK)
    now = ROTATED_TOKEN_LIFETIME - 1.0
    assert grants.find(issued.token) == issued
    now = ROTATED_TOKEN_LIFETIME
    with pytest.raises(LookupError, match="token_expired"):
        grants.find(issued.token)
    assert grants.refresh(issued.refresh).token != issued.token


async def test_token_of_an_organisation_is_valid_in_all_its_workspaces(two: App) -> None:
    answer = await two.installed("T0HERE")
    assert (answer["team"], answer["is_enterprise_install"]) == (None, True)
    assert answer["enterprise"] == {"id": "E0ORG", "name": "Org"}
    token = answer["access_token"]
    who = await two.client.auth_test(token=token)
    assert (who["team_id"], who["is_enterprise_install"]) == ("E0ORG", True)
    for mark in ("HERE", "THERE"):
        await two.client.chat_postMessage(channel=f"C0GENERAL{mark}", text=mark, token=token)
        assert [m.text for m in two.slack[f"T0{mark}"].messages("#general")] == [mark]
    call = two.client.chat_postMessage(channel="C0GENERALALPHA", text="x", token=token)
    assert await refused(call) == "channel_not_found"


@pytest.fixture
async def listening(two: App) -> AsyncIterator[Receiver]:
    recorder = Receiver()
    site = web.Application()
    site.router.add_post("/", recorder.handle)
    runner = web.AppRunner(site, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    two.slack.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    yield recorder
    await runner.cleanup()


async def test_uninstalling_revokes_the_token_and_sends_a_signed_event(
    two: App, listening: Receiver
) -> None:
    token = (await two.installed(ALPHA))["access_token"]
    other = (await two.installed(BETA))["access_token"]
    two.slack.uninstall(ALPHA)
    workspace = two.slack[ALPHA]
    await workspace.until(lambda: len(listening.received) == 2)
    assert {event["type"] for event in listening.events} == {"tokens_revoked", "app_uninstalled"}
    verifier = SignatureVerifier(workspace.signing_secret)
    for received in listening.received:
        assert verifier.is_valid_request(received.raw, received.headers)
        assert received.body["team_id"] == ALPHA
    assert await refused(two.client.auth_test(token=token)) == "account_inactive"
    await two.client.auth_test(token=other)


async def test_an_app_revokes_its_token_or_uninstalls_itself(two: App, listening: Receiver) -> None:
    token = (await two.installed(ALPHA))["access_token"]
    await two.client.auth_revoke(token=token, test="1")  # type: ignore[arg-type]
    await two.client.auth_test(token=token)
    await two.client.auth_revoke(token=token)
    assert await refused(two.client.auth_test(token=token)) == "token_revoked"
    await two.slack[ALPHA].until(lambda: listening.events)
    assert listening.events[0]["tokens"] == {"oauth": [], "bot": ["U0BOTALPHA"]}
    beta = (await two.installed(BETA))["access_token"]
    known = {"client_id": "0000.0001", "client_secret": TWO[0].client_secret}
    wrong = two.client.apps_uninstall(token=beta, client_id="0000.0001", client_secret="wrong")
    assert await refused(wrong) == "bad_client_secret"
    await two.client.apps_uninstall(token=beta, **known)
    assert await refused(two.client.auth_test(token=beta)) == "account_inactive"


@pytest.mark.parametrize(("status", "error"), [(429, "ratelimited"), (503, "")])
async def test_injected_fault_fails_the_exchange(two: App, status: int, error: str) -> None:
    code = await two.code(ALPHA)
    two.slack.faults = Faults(fail_calls=1, fail_status=status, retry_after=7)
    async with two.session.post(f"{two.slack.api_url}oauth.v2.access") as answer:
        assert answer.status == status
        if error:
            assert (await answer.json())["error"] == error
            assert answer.headers["Retry-After"] == "7"
    assert (await two.access(code=code, redirect_uri=BACK))["ok"]


async def test_other_hosts_and_real_tokens_are_refused(two: App) -> None:
    url = f"{two.slack.address}/oauth/v2/authorize"
    async with two.session.get(url, headers={"Host": "evil.example.com"}) as answer:
        assert answer.status == 400
    with pytest.raises(SettingsError, match="unset SLACK_CLIENT_SECRET"):
        async with LocalSlack.start([Setup(client_secret="real")]):
            pass
