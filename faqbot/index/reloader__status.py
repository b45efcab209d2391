"""What a running faqbot says of itself to `faqbot status`, by a small file."""

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

from faqbot.index.reloader import Loaded


@dataclass(frozen=True, slots=True)
class Running:
    """A faqbot that was started on some content: its process, and what it has loaded."""

    process: int
    mode: str
    started: str
    loaded: dict[str, Any]

    @property
    def is_alive(self) -> bool:
        """Whether the process is still there."""
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True


def status_file(knowledge: str) -> Path:
    """Where a faqbot on this content tells of itself."""
    name = hashlib.sha256(knowledge.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return user_state_path("faqbot", appauthor=False) / f"{name}.json"


def noting(knowledge: str, mode: str) -> Callable[[Loaded], None]:
    """What writes the file whenever content changes; a disk that is full stops nothing."""
    target = status_file(knowledge)
    started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")

    def note(loaded: Loaded) -> None:
        said = Running(os.getpid(), mode, started, asdict(loaded))
        with contextlib.suppress(OSError):
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_suffix(f".{os.getpid()}")
            unfinished.write_text(json.dumps(asdict(said), default=str), encoding="utf-8")
            unfinished.replace(target)

    return note


def read_status(knowledge: str) -> Running | None:
    """What the last faqbot that was started on this content said; None where there was none."""
    try:
        return Running(**json.loads(status_file(knowledge).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
