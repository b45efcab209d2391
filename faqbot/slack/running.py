"""The listeners that run: held until they end, and waited for before faqbot stops."""

from __future__ import annotations

import asyncio
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse


class Running:
    """Strong references to the tasks of acknowledged listeners, which nobody else holds."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def watch(self, app: AsyncApp) -> None:
        """Follow every listener of an app."""
        app.listener_runner.listener_start_handler = _Start(self._tasks)
        app.listener_runner.listener_completion_handler = _End(self._tasks)

    async def drain(self, within: float = 10.0) -> None:
        """Wait until all listeners have ended, but not for ever."""
        tasks = {task for task in self._tasks if task is not asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks, timeout=within)


class _Start(AsyncListenerStartHandler):
    def __init__(self, tasks: set[asyncio.Task[Any]]) -> None:
        self._tasks = tasks

    async def handle(
        self,
        request: AsyncBoltRequest,  # noqa: ARG002 - the base class fixes the names
        response: BoltResponse | None,  # noqa: ARG002
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)


class _End(AsyncListenerCompletionHandler):
    def __init__(self, tasks: set[asyncio.Task[Any]]) -> None:
        self._tasks = tasks

    async def handle(
        self,
        request: AsyncBoltRequest,  # noqa: ARG002 - the base class fixes the names
        response: BoltResponse | None,  # noqa: ARG002
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.discard(task)
