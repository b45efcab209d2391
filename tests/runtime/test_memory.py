"""Memory that was needed for a moment goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from faqbot.runtime.processes import return_large_blocks

def resident():
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

if sys.argv[1] == "True":
    return_large_blocks()
bytearray(30_000_000)
before = resident()
bodies, kept = [], []
for _ in range(100):
    bodies.append(bytearray(900_000))
    kept.append(bytearray(1_000))
    bodies[-1][:] = bytes(900_000)
bodies.clear()
print(resident() - before)
"""


def left_after(*, returned: bool) -> int:
    """Return the bytes that are resident after large blocks among small ones were freed."""
    command = (sys.executable, "-c", PROGRAM, str(returned))
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries are left as they are")
def test_large_blocks_leave_no_gaps_between_small_ones() -> None:
    assert left_after(returned=True) < 20_000_000 < left_after(returned=False)
