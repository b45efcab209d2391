"""Several processes that serve one port, started anew when one dies.

uvicorn's own parent process knows only its server: not what was acknowledged and not yet answered.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import Final

from faqbot.errors import FaqbotError
from faqbot.runtime.logs import configure_logging
from faqbot.settings import Settings
from faqbot.settings.sources import share_metrics

MIN_LIFETIME: Final = 30.0
"""Seconds that a worker must live to count as started; one that ends sooner waits longer."""

MAX_RESTART_DELAY: Final = 60.0
"""Seconds until a worker that keeps dying is started again, at most."""

KILL_MARGIN: Final = 10.0
"""Seconds beside FAQBOT_SHUTDOWN_TIMEOUT until a worker that doesn't stop is killed."""

_log = logging.getLogger(__name__)
_spawn = multiprocessing.get_context("spawn")

Serve = Callable[[Settings, socket.socket], None]


def run_workers(serve: Serve, settings: Settings, listener: socket.socket) -> None:
    """Serve in FAQBOT_WORKERS processes until told to stop.

    Args:
        serve: what each worker runs; a function of a module, since processes are spawned.
        settings: what they run with.
        listener: what they listen on.

    Raises:
        FaqbotError: a worker refuses to start; it has said why.
    """
    with tempfile.TemporaryDirectory(prefix="faqbot-metrics-") as folder:
        share_metrics(Path(folder))
        Supervisor(serve, settings, listener, Path(folder)).run()


@dataclass(slots=True)
class _Worker:
    """One of the workers: its process, since when, and how often in a row it died young."""

    process: SpawnProcess | None = None
    since: float = 0.0
    early_exits: int = 0
    restart_at: float = field(default=0.0)


class Supervisor:
    """Looks after the workers.

    Args:
        serve: what each worker runs.
        settings: what they run with.
        listener: what they listen on.
        folder: where they put their metrics.
    """

    def __init__(
        self, serve: Serve, settings: Settings, listener: socket.socket, folder: Path
    ) -> None:
        self._serve = serve
        self._settings = settings
        self._listener = listener
        self._folder = folder
        self._workers = [_Worker() for _ in range(settings.faqbot_workers)]
        self._started = time.monotonic()
        self._stopping = False

    def run(self) -> None:
        """Keep all workers running until a signal comes, then let them finish."""
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._stop)
        try:
            while not self._stopping:
                for place in self._workers:
                    self._check(place)
                self._wait()
        finally:
            self._finish()

    def _check(self, place: _Worker) -> None:
        now = time.monotonic()
        if place.process is None:
            if now >= place.restart_at:
                self._start(place)
            return
        code = place.process.exitcode
        if code is None:
            return
        self._forget(place.process)
        if code in (1, 2, 3) and now - self._started < MIN_LIFETIME:
            raise _StartupError(code)
        place.early_exits = place.early_exits + 1 if now - place.since < MIN_LIFETIME else 0
        place.restart_at = now + (
            min(MAX_RESTART_DELAY, 2.0**place.early_exits) if place.early_exits else 0.0
        )
        place.process = None
        _log.error("a worker ended with exit code %s and is started again", code)

    def _start(self, place: _Worker) -> None:
        arguments = (self._serve, self._settings, self._listener)
        place.process = _spawn.Process(target=_run_worker, args=arguments, name="faqbot worker")
        place.process.start()
        place.since = time.monotonic()

    def _wait(self) -> None:
        running = [place.process.sentinel for place in self._workers if place.process]
        wait(running, timeout=0.5)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopping = True

    def _finish(self) -> None:
        until = time.monotonic() + self._settings.faqbot_shutdown_timeout + KILL_MARGIN
        running = [place.process for place in self._workers if place.process]
        for process in running:
            process.terminate()
        for process in running:
            process.join(max(0.0, until - time.monotonic()))
            if process.exitcode is None:
                _log.error("a worker doesn't stop and is killed")
                process.kill()
                process.join()

    def _forget(self, process: SpawnProcess) -> None:
        from faqbot.runtime.metrics import forget_process

        forget_process(self._folder, process.pid or 0)


class _StartupError(FaqbotError):
    """A worker can't start: it has said why, and would say it again."""

    def __init__(self, code: int) -> None:
        super().__init__("No worker could be started.")
        self.exit_code = code


def _run_worker(serve: Serve, settings: Settings, listener: socket.socket) -> None:
    """What a worker does."""
    configure_logging(settings.faqbot_log_level, settings.faqbot_log_format)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    try:
        serve(settings, listener)
    except FaqbotError as error:
        print(error, file=sys.stderr, flush=True)  # noqa: T201 - as the command line says it
        sys.exit(error.exit_code)


def _exit_with_parent() -> None:
    """Stop when the parent was killed: nobody else would start, stop or count this worker."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
