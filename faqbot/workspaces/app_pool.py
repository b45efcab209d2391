"""The open apps of a process: opened once, let go with the least recently used."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from faqbot.errors import ServiceError
from faqbot.storage.installations import Installation, Workspace
from faqbot.workspaces.app_pool__occupied import Occupied, Opened

MOST: Final = 5_000
"""Apps that are open at most, some 70 KB each without their content."""


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace that is served: its team, and the installation that serves it."""

    installation: Workspace
    team: str


Open = Callable[[Installation, str, Occupied], Awaitable[Opened]]
"""Opens the app of an installation for one team; the content knows by `Occupied` what is under
way."""


class Apps:
    """The open apps, by place.

    Args:
        opener: opens an app, and loads the content that it answers from.
        most: how many are open; of those with nothing under way the least recently used goes.
    """

    def __init__(self, opener: Open, most: int = MOST) -> None:
        self._open = opener
        self._most = most
        self._edition = 0
        self._occupied: OrderedDict[Place, Occupied] = OrderedDict()
        self._opening: dict[Place, asyncio.Task[Occupied]] = {}

    @property
    def count(self) -> int:
        """How many apps are open."""
        return len(self._occupied)

    def get(self, place: Place) -> Occupied | None:
        """The app of a place if it is open, which counts as its use."""
        occupied = self._occupied.get(place)
        if occupied is None:
            return None
        if occupied.is_over:
            occupied.let_go()
            return None
        self._occupied.move_to_end(place)
        return occupied

    async def occupy(self, installation: Installation, team: str) -> Occupied:
        """The app of a team, opened if it isn't; who goes on without a pause finds it open.

        Raises:
            FaqbotError: it can't be opened.
            ServiceError: its installation went meanwhile.
        """
        place = Place(installation.workspace, team)
        while (occupied := self.get(place)) is None:
            task = self._opening.get(place)
            if task is None:
                task = asyncio.create_task(self._opened(installation, place))
                self._opening[place] = task
                task.add_done_callback(lambda _: self._opening.pop(place, None))
            await self._opening_ended(task)
        return occupied

    def let_go(self, workspace: Workspace) -> None:
        """Let the apps of an installation go; what is under way is finished."""
        for place, occupied in list(self._occupied.items()):
            if place.installation == workspace:
                occupied.let_go()
        for place, task in self._opening.items():
            if place.installation == workspace:
                task.cancel()

    def renew(self) -> None:
        """Let all go, also those that are being opened: each is opened anew when it is needed."""
        self._edition += 1
        for occupied in list(self._occupied.values()):
            occupied.let_go()

    async def close(self) -> None:
        """Let all go, and open no more."""
        tasks = list(self._opening.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for occupied in list(self._occupied.values()):
            occupied.let_go()

    async def _opening_ended(self, task: asyncio.Task[Occupied]) -> None:
        try:
            await asyncio.shield(task)  # who stops waiting doesn't stop the others
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if not task.cancelled() or (waiting and waiting.cancelling()):
                raise
            raise ServiceError("faqbot was uninstalled, or installed anew.") from None

    async def _opened(self, installation: Installation, place: Place) -> Occupied:
        edition = self._edition
        occupied = Occupied(lambda: self._forget(place, occupied))
        occupied.opened(await self._open(installation, place.team, occupied))
        if edition != self._edition:
            occupied.let_go()
            return await self._opened(installation, place)
        self._occupied[place] = occupied
        for other in list(self._occupied):
            if len(self._occupied) <= self._most:
                break
            if not self._occupied[other].is_busy and other != place:
                self._occupied[other].let_go()
        return occupied

    def _forget(self, place: Place, occupied: Occupied) -> None:
        if self._occupied.get(place) is occupied:
            del self._occupied[place]
