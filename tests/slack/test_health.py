"""Health routes: readiness, metrics, and the check of the token."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from faqbot.index.reloader import ReloadState
from faqbot.playground.workspace import LocalWorkspace
from faqbot.runtime.leases import LeaseManager
from faqbot.slack.client import web_client
from faqbot.slack.context import Services
from faqbot.slack.health import Health, token_check
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import QUICK, SETUP

NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
CONTENT = ReloadState("v1", NOW, NOW, problems=("a", "b"), count=2, reloads=3, failures=1)


def health_of(services: Services | None = None, **more: Any) -> Health:
    return Health(services or Services(), lambda: CONTENT, **more)


def told(health: Health) -> tuple[int, dict[str, Any]]:
    answer = TestClient(Starlette(routes=health.routes())).get("/ready")
    return answer.status_code, answer.json()


def metrics(health: Health) -> dict[tuple[str, ...], float]:
    text = TestClient(Starlette(routes=health.routes())).get("/metrics").text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_health_responds_while_the_process_runs() -> None:
    answer = TestClient(Starlette(routes=health_of().routes())).get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_ready_reports_content_and_absent_database() -> None:
    status, found = told(health_of())
    assert status == 200
    assert found["content"] == {"version": "v1", "problems": 2}
    assert (found["store"], found["slack"]) == ("off", "ok")


def test_unready_process_reports_what_is_missing() -> None:
    health = health_of(is_connected=lambda: False)
    health.slack = "token_revoked"
    health.stopping = True
    status, found = told(health)
    assert status == 503
    assert found["missing"] == ["slack", "socket", "stopping"]
    assert found["slack"] == "token_revoked"


def test_process_without_its_database_stays_ready(tmp_path: Path) -> None:
    recorder = QuestionRecorder(f"sqlite:///{tmp_path}/none.db")
    status, found = told(health_of(Services(recorder=recorder)))
    assert status == 200
    assert found["store"].startswith("down")


async def test_metrics_show_content_connection_and_unfinished_deliveries(tmp_path: Path) -> None:
    recorder = QuestionRecorder(f"sqlite:///{tmp_path}/none.db")
    claims = LeaseManager(recorder, TokenCipher([TokenCipher.new_key()]))
    for number in range(4):
        await claims.acquire(("message", f"{number}"), {})
    health = health_of(Services(claims, recorder=recorder), is_connected=lambda: True)
    found = metrics(health)
    assert found["faqbot_content_info", "v1"] == 1
    assert found["faqbot_content_since_seconds",] == NOW.timestamp()
    assert found["faqbot_content_reloads",] == 3
    assert found["faqbot_content_failures",] == 1
    assert found["faqbot_content_problems",] == 2
    assert found["faqbot_socket_connected",] == 1
    assert found["faqbot_waiting", "deliveries"] == 4
    assert found["process_resident_memory_bytes",] > 0


@asynccontextmanager
async def slack() -> AsyncIterator[tuple[LocalWorkspace, Health]]:
    async with (
        LocalWorkspace.start(setup=SETUP, timing=QUICK) as workspace,
        web_client(workspace.bot_token, workspace.api_url) as client,
    ):
        yield workspace, health_of(check=token_check(client))


async def test_refused_token_is_noticed_by_the_check() -> None:
    async with slack() as (workspace, health):
        await health.check_token()
        assert health.slack == ""
        async with web_client("xoxb-revoked", workspace.api_url) as other:
            health.check = token_check(other)
            await health.check_token()
        assert health.slack == "invalid_auth"


async def test_failing_network_is_not_a_refused_token() -> None:
    async with web_client("xoxb-1", "http://127.0.0.1:9/api/") as client:
        assert await token_check(client)() == ""
