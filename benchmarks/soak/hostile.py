"""Tens of thousands of malformed and hostile requests: `python -m benchmarks.soak.hostile`."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.record import Row
from benchmarks.soak.processes import Faqbot, faqbot, quick
from benchmarks.soak.report import holds, run
from benchmarks.soak.web_api import WebApi
from benchmarks.soak.wild import Wild, requests

REQUESTS = 10_000 if quick() else 100_000
PARTS, WARM = 4, 2
AT_ONCE = 48
FLAT = 1.05
HANGS = 0.3
PATIENCE = 15.0
NOTES = (
    (
        "Kinds, made from a seed: methods and paths, huge and odd headers, broken HTTP, broken "
        "chunks, signed and unsigned nonsense, correctly signed payloads with some values spoilt,"
        " pipelining, HTTP/1.0, requests that stop half-way (left open for 0.3 s, a few for 12 "
        "s)."
    ),
    (
        "No answer: the server closed the connection, or was still waiting for the rest. Late: no"
        " answer within 15 s to a request that is whole."
    ),
    (
        "Memory: resident, after each quarter; the first half warms up (what is kept of 10,000 "
        "conversations, threads and claims is full then), and flat is below 5 % more at the end."
    ),
)
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


@dataclass(slots=True)
class _Seen:
    statuses: Counter[str] = field(default_factory=Counter)
    examples: dict[str, bytes] = field(default_factory=dict)

    async def send(self, port: int, wild: Iterator[Wild]) -> None:
        """Send one request after the other, each over a connection of its own."""
        for one in wild:
            found = await _answer(port, one)
            for status in found:
                self.statuses[status] += 1
                if status.startswith("5") or status == "late":
                    self.examples.setdefault(f"{status} {one.kind}", one.data[:2_000])


async def _answer(port: int, wild: Wild) -> list[str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sock: socket.socket = writer.get_extra_info("socket")
    # A reset at the end keeps fifty thousand connections from using up all ports.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    data = b""
    try:
        writer.write(wild.data)
        async with asyncio.timeout(HANGS if wild.hangs else PATIENCE):
            while not _whole(data, wild):
                more = await reader.read(65_536)
                if not more:
                    break
                data += more
    except TimeoutError:
        return ["no answer" if wild.hangs else "late"]
    except OSError:
        pass
    finally:
        writer.transport.abort()
    return [found.decode() for found in _STATUS.findall(data)] or ["no answer"]


def _whole(data: bytes, wild: Wild) -> bool:
    """Whether the first answer is there; of pipelined ones only that one is waited for."""
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return False
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    bodiless = wild.data.startswith(b"HEAD") or b" 204 " in head[:16]
    return bodiless or length is None or len(body) >= int(length[1])


async def _lingering(port: int) -> str:
    """A request that never ends is refused in the end, and holds nobody up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
    try:
        async with asyncio.timeout(20):
            for _ in range(8):
                writer.write(b"x")
                await asyncio.sleep(1.5)
            return (await reader.read(100)).decode("latin-1").partition("\r\n")[0]
    except (TimeoutError, OSError) as error:
        return type(error).__name__
    finally:
        writer.transport.abort()


async def _settled(process: Faqbot) -> float:
    await asyncio.sleep(3)
    return process.megabytes


async def soak(folder: Path) -> list[Row]:
    """One row."""
    web, seen = WebApi(), _Seen()
    wild, began = requests(REQUESTS), time.monotonic()
    database = f"sqlite:///{folder}/faqbot.db"
    async with web.serving() as api, faqbot(folder, api, database=database) as process:
        slow = [asyncio.create_task(_lingering(process.port)) for _ in range(20)]
        megabytes = []
        for _ in range(PARTS):
            batch = itertools.islice(wild, REQUESTS // PARTS)
            await asyncio.gather(*(seen.send(process.port, batch) for _ in range(AT_ONCE)))
            megabytes.append(await _settled(process))
        lingering = Counter(await asyncio.gather(*slow))
        alive = process.process.returncode is None
        tracebacks = process.tracebacks
        print(process.complaint())
    for name, data in seen.examples.items():
        print(name, data[:300])
    print("Half a body, then silence:", dict(lingering))
    broken = sum(count for status, count in seen.statuses.items() if status.startswith("5"))
    return [
        {
            "requests": REQUESTS,
            **dict(sorted(seen.statuses.items())),
            "tracebacks": tracebacks,
            "MB after each part": " ".join(f"{one:.0f}" for one in megabytes),
            "seconds": round(time.monotonic() - began),
            "holds": holds(
                alive, not broken, not tracebacks, not seen.statuses["late"],
                megabytes[-1] < megabytes[WARM - 1] * FLAT,
            ),
        }
    ]  # fmt: skip


if __name__ == "__main__":
    run("hostile", "Malformed and hostile requests", NOTES, soak)
