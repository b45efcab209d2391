"""Who somebody is to the content: a colleague, an outsider, or unknown."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.model import Audience
from faqbot.slack.client import reason_of

AUDIENCE_LIFETIME: Final = 600.0
FAILURE_LIFETIME: Final = 60.0
PATIENCE: Final = 1.2
"""Seconds for the look-up: a command must be acknowledged within three."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    audience: Audience
    until: float


class Audiences:
    """Looks people up in Slack and remembers them for a while.

    Args:
        clock: seconds that only grow.
        capacity: how many people are remembered.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, capacity: int = 10_000) -> None:
        self._clock = clock
        self._capacity = capacity
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._looking: dict[tuple[str, str], asyncio.Task[Audience]] = {}

    async def of(self, client: AsyncWebClient, team: str, user: str) -> Audience:
        """The audience of a user; `EVERYONE`, the most careful, when Slack doesn't say."""
        key = (team, user)
        known = self._known.get(key)
        if known and known.until > self._clock():
            return known.audience
        task = self._looking.get(key)
        if task is None:  # a person who asks five things at once is looked up once
            task = asyncio.create_task(self._keep(client, key))
            self._looking[key] = task
            task.add_done_callback(lambda _: self._looking.pop(key, None))
        return await asyncio.shield(task)

    async def _keep(self, client: AsyncWebClient, key: tuple[str, str]) -> Audience:
        audience, lifetime = await self._look_up(client, *key)
        self._known[key] = _Known(audience, self._clock() + lifetime)
        self._known.move_to_end(key)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return audience

    async def _look_up(
        self, client: AsyncWebClient, team: str, user: str
    ) -> tuple[Audience, float]:
        if not user:
            return Audience.EVERYONE, FAILURE_LIFETIME
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await client.users_info(user=user)
        except SlackApiError as error:
            _log.info("users.info failed: %s", reason_of(error))
        except (TimeoutError, aiohttp.ClientError) as error:
            _log.info("users.info failed: %s", type(error).__name__)
        else:
            return audience_of(answer.get("user"), team), AUDIENCE_LIFETIME
        return Audience.EVERYONE, FAILURE_LIFETIME


def in_company(audience: Audience) -> Audience:
    """Whose eyes a message in a channel must be fit for: guests may read along."""
    return Audience.CANDIDATES if audience is Audience.EMPLOYEES else audience


def audience_of(user: Any, team: str) -> Audience:
    """Full members of the team are employees; guests and people of other teams candidates."""
    if not isinstance(user, Mapping):
        return Audience.EVERYONE
    outside = ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted")
    home = user.get("team_id")
    enterprise = user.get("enterprise_user")
    teams = enterprise.get("teams") if isinstance(enterprise, Mapping) else None
    if any(user.get(flag) for flag in outside) or (
        home and team not in (home, *(teams if isinstance(teams, list) else ()))
    ):
        return Audience.CANDIDATES
    return Audience.EMPLOYEES if home and team else Audience.EVERYONE
