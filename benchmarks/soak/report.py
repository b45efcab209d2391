"""The report of a soak test: rows that hold or don't; only full runs are written."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvloop

from benchmarks.record import Row, table, write
from benchmarks.soak.processes import QUICK, quick

Soak = Callable[[Path], Awaitable[list[Row]]]


def run(name: str, title: str, notes: Sequence[str], soak: Soak, within: float = 1_800) -> None:
    """Run one soak in a folder of its own, print and write its rows, and fail if one doesn't hold.

    Args:
        name: of the results' files.
        title: of the table.
        notes: what stands below it.
        soak: what is run; its rows say `holds`.
        within: seconds after which it is ended.
    """
    parser = argparse.ArgumentParser(prog=f"benchmarks.soak.{name}", description=title)
    parser.add_argument(QUICK, action="store_true", help="a shorter run; writes nothing")
    parser.parse_args()

    async def bounded(place: Path) -> list[Row]:
        async with asyncio.timeout(within):
            return await soak(place)

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faqbot-soak-") as place:
        rows = uvloop.run(bounded(Path(place)))
    took = dt.timedelta(seconds=round(time.monotonic() - began))
    print(table(rows))
    if not quick():
        write(f"soak-{name}", title, [*notes, f"The run took {took}."], rows)
    if any(row.get("holds") != "yes" for row in rows):
        raise SystemExit(1)


def holds(*conditions: bool) -> str:
    """The cell that says whether a row holds."""
    return "yes" if all(conditions) else "NO"
