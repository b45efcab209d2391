"""What stands around the apps of a process: memory, claims, limits, metrics, and their end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from faqbot.runtime.leases import Leases
from faqbot.runtime.metrics import Metrics
from faqbot.settings import Settings
from faqbot.settings.sources__workers import metrics_folder
from faqbot.slack.client import web_client
from faqbot.slack.client__pacing import Pacer
from faqbot.slack.context import Shared
from faqbot.slack.context__backstage import Backstage
from faqbot.slack.context__following import Backing, going_on
from faqbot.slack.health import Check, Health
from faqbot.slack.middleware.deduplication import Dispatch, RecentClaims, again
from faqbot.slack.middleware.rate_limit import Limits
from faqbot.storage.encryption import Seal
from faqbot.storage.models import Consent, Speaks
from faqbot.storage.recorder import Memory
from faqbot.storage.store__opening import address as check_address

SMOOTHED: Final = 1.0
"""Seconds between two posts to a channel."""


@dataclass(frozen=True, slots=True)
class House:
    """The parts around the apps of a process.

    Args:
        settings: say how.
        backing: what boot puts behind the answers.
        shared: what the apps are made with.
        pacer: keeps Slack's pace.
        memory: what remembers; None: nothing.
        leases: the claims that other processes see; None where nothing is kept.
    """

    settings: Settings
    backing: Backing
    shared: Shared
    pacer: Pacer
    memory: Memory | None
    leases: Leases | None

    @classmethod
    def of(cls, settings: Settings, backing: Backing, secret: str) -> House:
        """The house that the settings describe.

        Args:
            settings: say how.
            backing: what boot puts behind the answers.
            secret: seals what is kept for a while where no keys are set.

        Raises:
            SettingsError: the database's address is none, or a key is none.
        """
        metrics = Metrics(metrics_folder())
        pacer = Pacer(SMOOTHED, seen=metrics.slack_call)
        limits = Limits.of(
            settings.faqbot_questions_per_person, settings.faqbot_questions_per_workspace
        )
        if settings.database is None:
            shared = Shared(RecentClaims(), metrics=metrics, limits=limits)
            return cls(settings, backing, shared, pacer, None, None)
        check_address(settings.database)
        memory = Memory(
            settings.database,
            Consent(settings.faqbot_remember),
            settings.faqbot_retention_days,
            pool=settings.faqbot_database_pool,
            failed=metrics.store_error,
        )
        leases = Leases(memory, seal_of(settings, secret), taken_over=metrics.taken_over)
        shared = Shared(leases, metrics=metrics, limits=limits)
        return cls(settings, backing, shared, pacer, memory, leases)

    def web_client(self, token: str) -> AbstractAsyncContextManager[AsyncWebClient]:
        """A client of the Web API that keeps Slack's pace."""
        return web_client(token, self.settings.slack_api_url, self.pacer)

    @property
    def backstage(self) -> Backstage | None:
        """What stands behind the answers; None where nothing is kept."""
        if self.memory is None:
            return None
        return Backstage(
            self.memory,
            self.settings.faqbot_owners or self.backing.owners,
            self.backing.publisher,
            Speaks(self.settings.faqbot_speaks),
            self.backing.grouping,
            self.backing.state,
        )

    def health(
        self,
        check: Check | None = None,
        connected: Callable[[], bool] | None = None,
        workspaces: Callable[[], int] = lambda: 1,
    ) -> Health:
        """What is known of this process.

        Args:
            check: asks Slack whether the token is good; None where there isn't one.
            connected: whether the Socket Mode connection is open; None over HTTP.
            workspaces: how many workspaces are loaded.
        """
        return Health(
            self.shared,
            self.pacer,
            self.memory,
            self.backing.state,
            held=lambda: self.leases.held if self.leases else 0,
            check=check,
            connected=connected,
            workspaces=workspaces,
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Remember, and follow what content is elsewhere, as long as the block runs."""
        async with going_on(self.backing.works):
            if self.memory is None:
                yield
                return
            async with self.memory.running():
                yield

    @asynccontextmanager
    async def working(self, dispatch: Dispatch) -> AsyncIterator[None]:
        """Take over what others left, as long as the block runs; then finish what was begun."""
        finish = partial(self.shared.running.stop, float(self.settings.faqbot_stop_within))
        if self.leases is None:
            try:
                yield
            finally:
                await finish()
            return
        async with self.leases.working(partial(again, dispatch), finish):
            yield


def seal_of(settings: Settings, secret: str) -> Seal:
    """What seals: the keys that are set, else one that every process derives from a secret.

    Raises:
        SettingsError: a key is none.
    """
    keys = plain(settings.faqbot_secret_keys)
    return Seal.of(keys) if keys else Seal.derived(secret)


def plain(secret: Any) -> str:
    """A secret setting as text; nothing where it isn't set."""
    return str(secret.get_secret_value()) if secret else ""
