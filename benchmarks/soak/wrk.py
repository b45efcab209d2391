"""Load by wrk, which uses a twentieth of a core: signed requests, each sent once."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.soak.payloads import Signed

_SCRIPT: Final = Path(__file__).with_name("replay.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load; p50 and p99 in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    refused: int
    broken: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


async def load(
    port: int, bodies: Iterable[Signed], *, seconds: float, connections: int = 32
) -> Load:
    """Send the requests until they or the seconds are over.

    Raises:
        SystemExit: wrk is missing, or a request was refused.
    """
    program = shutil.which("wrk")
    if not program:
        raise SystemExit("wrk is missing: install Debian's package wrk.")
    host = f"127.0.0.1:{port}"
    with tempfile.NamedTemporaryFile() as file:
        for body in bodies:
            whole = body.request(host)
            file.write(b"%d\n%s" % (len(whole), whole))
        file.flush()
        process = await asyncio.create_subprocess_exec(
            program,
            *("-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "10s"),
            *("-s", str(_SCRIPT), f"http://{host}/", "--", file.name),
            stdout=subprocess.PIPE,
        )
        output, _ = await process.communicate()
    found = Load(**json.loads(output.decode().strip().splitlines()[-1]))
    if found.refused or found.broken:
        raise SystemExit(f"The load was refused: {found}")
    return found
