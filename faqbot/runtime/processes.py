"""Processes of a service: memory, the loop until a signal, and a supervisor of several.

The supervisor's worker processes serve one port: it restarts dead ones, and stops all together.
uvicorn's own supervisor isn't used: see `docs/decisions/0020-uvicorns-supervisor-again.md`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import Any, Final

from faqbot.errors import FaqbotError
from faqbot.runtime.logs import configure_logging
from faqbot.settings.models import Settings
from faqbot.settings.sources import share_metrics

LARGE_BLOCK: Final = 500_000
"""Bytes from which a block is a mapping of its own, and from which the end of the heap is cut off.

A request may have a body of twice that.
"""

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
"""Numbers in glibc's malloc.h."""


def return_large_blocks() -> None:
    """Have large blocks returned to the system as soon as they are freed.

    Once glibc has freed a block it takes others of its size, up to 32 MB, from the heap, where
    small blocks that stay come to lie between them: after 100,000 requests, some of them with
    bodies of a megabyte, two fifths of the heap were such gaps. It has a price: arrays of that size
    are mapped anew for each question that nobody asked before, 5 % of its time. Other C libraries
    have no such setting, and are left as they are.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)
        # Both grow with each other; this one may have grown before.
        library.mallopt(_M_TRIM_THRESHOLD, LARGE_BLOCK)


_GC_THRESHOLDS: Final = (20_000, 20, 50)
"""Objects and rounds between two garbage collections: a request makes some thousand objects."""


def run_until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine until SIGINT or SIGTERM cancels it; a second signal cancels its clean-up."""
    # The index lives as long as the process. Collections that traversed it took a fifth of the
    # time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_signal(work))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


async def _until_signal(work: Coroutine[Any, Any, None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)

    def stopped() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()
        task.cancel()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped)
    try:
        await task
    except asyncio.CancelledError:
        if not stop.is_set():
            raise


STARTUP_SECONDS: Final = 120.0
"""Seconds from the start in which a worker that exits with advice stops all: each would do so."""

MIN_LIFETIME: Final = 30.0
"""Seconds that a worker must live to be restarted at once; one that ends sooner is delayed."""

MAX_RESTART_DELAY: Final = 60.0
"""Seconds after which a worker that keeps dying is restarted, at most."""

KILL_MARGIN: Final = 10.0
"""Seconds after FAQBOT_SHUTDOWN_TIMEOUT until a worker that doesn't stop is killed."""

_POLL_INTERVAL: Final = 0.5
_ADVICE_CODES: Final = (1, 2, 3)
"""Exit codes of a FaqbotError, as in `faqbot.errors`."""

_log = logging.getLogger(__name__)
# Not fork: numpy, SQLite and the file watcher have threads, which a fork doesn't copy.
_spawn = multiprocessing.get_context("spawn")

Serve = Callable[[Settings, socket.socket], None]


def run_workers(serve: Serve, settings: Settings, listener: socket.socket) -> None:
    """Serve in FAQBOT_WORKERS processes until a signal stops them.

    Args:
        serve: what each worker runs. Workers are spawned, so it has to be a function of a module.
        settings: the settings of all workers.
        listener: the socket that all workers accept connections from.

    Raises:
        FaqbotError: a worker can't start. It has printed its advice.
    """
    with tempfile.TemporaryDirectory(prefix="faqbot-metrics-") as folder:
        # Before the workers start: prometheus-client chooses its storage when it is imported.
        share_metrics(Path(folder))
        Supervisor(serve, settings, listener, Path(folder)).run()


@dataclass(slots=True)
class _Worker:
    """A worker: its process, since when it runs, and how often in a row it ended early."""

    process: SpawnProcess | None = None
    since: float = 0.0
    early_exits: int = 0
    restart_at: float = 0.0


class Supervisor:
    """Starts, restarts and stops the workers.

    Args:
        serve: what each worker runs.
        settings: the settings of all workers.
        listener: the socket that all workers accept connections from.
        metrics_folder: where workers write their metrics.
    """

    def __init__(
        self, serve: Serve, settings: Settings, listener: socket.socket, metrics_folder: Path
    ) -> None:
        self._serve = serve
        self._settings = settings
        self._listener = listener
        self._metrics_folder = metrics_folder
        self._workers = [_Worker() for _ in range(settings.faqbot_workers)]
        self._started = time.monotonic()
        self._stopping = False

    def run(self) -> None:
        """Keep all workers running until SIGINT or SIGTERM, then let them finish.

        Raises:
            FaqbotError: a worker can't start. It has printed its advice.
        """
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._stop)
        try:
            while not self._stopping:
                for worker in self._workers:
                    self._check(worker)
                self._wait()
        finally:
            self._finish()

    def _check(self, worker: _Worker) -> None:
        now = time.monotonic()
        if worker.process is None:
            if now >= worker.restart_at:
                self._start(worker)
            return
        code = worker.process.exitcode
        if code is None:
            return
        self._forget_metrics(worker.process)
        if code in _ADVICE_CODES and now - self._started < STARTUP_SECONDS:
            raise _StartupError(code)
        is_early = now - worker.since < MIN_LIFETIME
        worker.early_exits = worker.early_exits + 1 if is_early else 0
        delay = min(MAX_RESTART_DELAY, 2.0**worker.early_exits) if is_early else 0.0
        worker.restart_at = now + delay
        worker.process = None
        _log.error("a worker ended with exit code %s and is restarted", code)

    def _start(self, worker: _Worker) -> None:
        arguments = (self._serve, self._settings, self._listener)
        worker.process = _spawn.Process(target=_run_worker, args=arguments, name="faqbot worker")
        worker.process.start()
        worker.since = time.monotonic()

    def _wait(self) -> None:
        """Wait until a worker ends, but not for long: signals set a flag only."""
        running = [worker.process.sentinel for worker in self._workers if worker.process]
        wait(running, timeout=_POLL_INTERVAL)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopping = True

    def _finish(self) -> None:
        until = time.monotonic() + self._settings.faqbot_shutdown_timeout + KILL_MARGIN
        running = [worker.process for worker in self._workers if worker.process]
        for process in running:
            process.terminate()
        for process in running:
            process.join(max(0.0, until - time.monotonic()))
            if process.exitcode is None:
                _log.error("a worker doesn't stop and is killed")
                process.kill()
                process.join()

    def _forget_metrics(self, process: SpawnProcess) -> None:
        from faqbot.runtime.metrics import forget_process

        forget_process(self._metrics_folder, process.pid or 0)


class _StartupError(FaqbotError):
    """A worker can't start and has printed its advice; the supervisor exits with its code."""

    def __init__(self, code: int) -> None:
        super().__init__("No worker could be started.")
        self.exit_code = code


def _run_worker(serve: Serve, settings: Settings, listener: socket.socket) -> None:
    configure_logging(settings.faqbot_log_level, settings.faqbot_log_format)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    try:
        serve(settings, listener)
    except FaqbotError as error:
        print(error, file=sys.stderr, flush=True)  # noqa: T201 - as the command line prints it
        sys.exit(error.exit_code)


def _exit_with_parent() -> None:
    """Stop this worker when the supervisor is killed: nobody else would stop or count it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
