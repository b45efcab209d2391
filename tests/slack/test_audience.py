from __future__ import annotations

from typing import Any

import pytest

from faqbot.model import Audience
from faqbot.playground.models import Faults
from faqbot.playground.workspace import LocalWorkspace
from faqbot.slack.client import web_client
from faqbot.slack.directory import FAILURE_LIFETIME, AudienceResolver, audience_of
from faqbot.storage.claims import MemoryClaims
from tests.slack.conftest import QUICK, SETUP


@pytest.mark.parametrize(
    ("user", "audience"),
    [
        ({"team_id": "T1"}, Audience.EMPLOYEES),
        ({"team_id": "T1", "is_restricted": True}, Audience.CANDIDATES),
        ({"team_id": "T1", "is_ultra_restricted": True}, Audience.CANDIDATES),
        ({"team_id": "T1", "is_stranger": True}, Audience.CANDIDATES),
        ({"team_id": "T2"}, Audience.CANDIDATES),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T1"]}}, Audience.EMPLOYEES),
        ({}, Audience.EVERYONE),
        (None, Audience.EVERYONE),
    ],
)
def test_only_full_members_of_the_team_are_employees(user: Any, audience: Audience) -> None:
    assert audience_of(user, "T1") is audience


async def test_failed_lookup_gives_the_narrowest_audience_and_is_retried_soon() -> None:
    now = 0.0
    audiences = AudienceResolver(clock=lambda: now)
    async with (
        LocalWorkspace.start(setup=SETUP, timing=QUICK) as workspace,
        web_client(workspace.bot_token, workspace.api_url) as client,
    ):
        workspace.faults = Faults(slow_answers=5.0)
        assert await audiences.of(client, "T0LOCAL01", "U0MAYA001") is Audience.EVERYONE
        workspace.faults = Faults()
        assert await audiences.of(client, "T0LOCAL01", "U0MAYA001") is Audience.EVERYONE
        now = FAILURE_LIFETIME + 1
        assert await audiences.of(client, "T0LOCAL01", "U0MAYA001") is Audience.EMPLOYEES


async def test_claims_are_bounded_and_expire() -> None:
    now = 0.0
    claims = MemoryClaims(capacity=2, lifetime=10, clock=lambda: now)
    assert await claims.claim("a")
    assert not await claims.claim("a")
    now = 11.0
    assert await claims.claim("a")
    for key in "bcd":
        assert await claims.claim(key)
    assert await claims.claim("a")
