"""Status files: which faqbots run on this machine, and from which content."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from faqbot.index.reloader import ReloadState


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The last faqbot process that was started on some content and port.

    Attributes:
        knowledge: the content folder.
        port: the port that it listens on; None if it listens on none.
        process: the id of the process.
        mode: how it talks to Slack.
        started: when it was started (UTC).
        loaded: its `ReloadState`.
    """

    knowledge: str
    port: int | None
    process: int
    mode: str
    started: str
    loaded: dict[str, Any]

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True  # it belongs to another user
        return True


def _status_folder() -> Path:
    return user_state_path("faqbot", appauthor=False)


def write_status_file(
    knowledge: str, mode: str, port: int | None = None
) -> Callable[[ReloadState], None]:
    """Return a function that writes the status file; it ignores errors such as a full disk.

    All processes of one service share a file, since they share the port.
    """
    knowledge = os.path.abspath(knowledge)  # noqa: PTH100 - a link may lead elsewhere later
    key = f"{knowledge}\n{port or ''}".encode("utf-8", "surrogateescape")
    target = _status_folder() / f"{hashlib.sha256(key).hexdigest()[:24]}.json"
    started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")

    def write(loaded: ReloadState) -> None:
        status = ServiceStatus(knowledge, port, os.getpid(), mode, started, asdict(loaded))
        with contextlib.suppress(OSError):
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_suffix(f".{os.getpid()}")
            unfinished.write_text(json.dumps(asdict(status), default=str), encoding="utf-8")
            # Replaced as a whole, since another process may read the file at any moment.
            unfinished.replace(target)

    return write


def read_statuses(knowledge: str | None = None) -> tuple[ServiceStatus, ...]:
    """Return the status of each faqbot that this user started here, the last started first.

    Args:
        knowledge: only those on this content folder; of stopped ones the last is enough then.
    """
    knowledge = knowledge and os.path.abspath(knowledge)  # noqa: PTH100
    found: list[ServiceStatus] = []
    for path in _status_folder().glob("*.json"):
        with contextlib.suppress(OSError, ValueError, TypeError):
            found.append(ServiceStatus(**json.loads(path.read_text(encoding="utf-8"))))
    found.sort(key=lambda status: status.started, reverse=True)
    wanted = [status for status in found if knowledge in (None, status.knowledge)]
    running = tuple(status for status in wanted if status.is_alive)
    return running or tuple(wanted[:1])
