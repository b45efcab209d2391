"""Progress of long work, on standard error and only for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def steps(work: Iterable[T], count: int, what: str, *, quiet: bool = False) -> Iterator[T]:
    """The work, with a bar of how much is done; none where nobody would see it."""
    if quiet or count < 2 or not sys.stderr.isatty():  # noqa: PLR2004 - one step needs no bar
        yield from work
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=count)
        for one in work:
            progress.advance(task)
            yield one
