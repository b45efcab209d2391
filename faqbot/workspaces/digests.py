"""The weekly digest of all workspaces: each gets its own, from one of the processes."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from faqbot.errors import FaqbotError
from faqbot.runtime.leases import DeliveryClaims
from faqbot.slack.listeners.reports import next_monday
from faqbot.storage.installations import Installation
from faqbot.storage.models import StoreError, utc_now
from faqbot.workspaces.router import WorkspaceRouter

RETRY_INTERVAL = 300.0
"""Seconds until another try where the store is down on Monday morning."""

MAX_ATTEMPTS = 12

_log = logging.getLogger(__name__)


class InstallationList(Protocol):
    """Knows all installations."""

    async def all(self) -> tuple[Installation, ...]:
        """All of them."""
        ...


TeamsOf = Callable[[Installation], Awaitable[tuple[str, ...]]]
"""The teams that an installation serves: its own, or those of the organisation."""


@dataclass(frozen=True, slots=True)
class WeeklyDigests:
    """Sends digests on Monday mornings.

    Args:
        installations: know where faqbot is installed.
        workspaces: open the app of each.
        teams: the teams of an installation.
        claims: make each workspace the work of one process.
    """

    installations: InstallationList
    workspaces: WorkspaceRouter
    teams: TeamsOf
    claims: DeliveryClaims

    async def run(self) -> None:
        """Send them on Monday mornings, as long as this runs."""
        while True:
            due = next_monday(utc_now())
            await asyncio.sleep((due - utc_now()).total_seconds())
            for _ in range(MAX_ATTEMPTS):
                try:
                    await self.send(due.date())
                    break
                except StoreError:
                    _log.warning("the weekly digests wait for the database")
                    await asyncio.sleep(RETRY_INTERVAL)

    async def send(self, day: dt.date) -> int:
        """Send the digests of the week that ends on a day; how many went from this process.

        Raises:
            StoreError: where faqbot is installed can't be read.
        """
        found = list(await self.installations.all())
        random.shuffle(found)  # so that several processes share the work
        sent = 0
        for installation in found:
            for team in await self.teams(installation):
                sent += await self._send_one(installation, team, day)
        return sent

    async def _send_one(self, installation: Installation, team: str, day: dt.date) -> int:
        place = installation.workspace
        key = ("digests", place.enterprise, team, day.isoformat())
        # Before it is sent: a process that dies in between costs a digest, and sends none twice.
        if not await self.claims.claim(*key):
            return 0
        try:
            async with self.workspaces.use(installation, team) as opened:
                return await opened.send_digest(day)
        except FaqbotError as error:
            _log.warning("the digest of %s was not sent: %s", team, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever one workspace has, others get theirs
            _log.error("the digest of %s was not sent: %s", team, type(error).__name__)
        return 0
