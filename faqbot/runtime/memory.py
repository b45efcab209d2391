"""Memory of the C library: what is freed goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from typing import Final

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
