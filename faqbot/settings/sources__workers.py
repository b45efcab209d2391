"""What the processes of one service tell each other by their environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"


def metrics_folder() -> Path | None:
    """Where workers put their metrics; None for a process that is alone."""
    named = os.environ.get(_METRICS)
    return Path(named) if named else None


def share_metrics(folder: Path) -> None:
    """Let the workers that are started from now on put their metrics into a folder."""
    os.environ[_METRICS] = str(folder)
