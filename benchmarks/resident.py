"""Peak resident memory of a process."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Resident:
    """The process's resident memory in MB, looked at every 50 ms."""

    highest: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def now(self) -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    @contextmanager
    def watched(self) -> Any:
        def watch() -> None:
            while not self.over.wait(0.05):
                self.highest = max(self.highest, self.now())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.over.set()
            thread.join()
