"""Waiting for what happens elsewhere: as long as it takes on a busy machine, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

DEADLINE: Final = 60.0
"""Seconds after which something isn't going to happen; never a measure of speed."""

_INTERVAL: Final = 0.02


async def eventually(true: Callable[[], object]) -> None:
    """Wait until `true()` is truthy, for what has no event to wait for.

    Raises:
        TimeoutError: It didn't become so within `DEADLINE`.
    """
    async with asyncio.timeout(DEADLINE):
        while not true():  # noqa: ASYNC110 - files and other processes have no event
            await asyncio.sleep(_INTERVAL)
