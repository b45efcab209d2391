"""Attacks on a port by requests that never end: `python -m benchmarks.soak.attacker PORT KIND`.

A process of its own, so that those who measure keep their time.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final

from benchmarks.soak.payloads import PATH

CONNECTIONS: Final = 400
CHUNK: Final = b"a" * 65_536
_POST: Final = f"POST {PATH} HTTP/1.1\r\nHost: faqbot.invalid\r\n".encode()
Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _endless_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One header as fast as the server takes it."""
    del reader
    writer.write(_POST + b"X-Long: ")
    while True:
        writer.write(CHUNK)
        await writer.drain()


async def _half_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Half a head, and a byte of it now and then."""
    writer.write(_POST + b"X-Slow: ")
    while not reader.at_eof():
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(1)


async def _large_half_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As much of a head as is accepted, then silence."""
    writer.write(_POST + b"X-Long: " + b"a" * 60_000)
    await reader.read()


async def _half_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A head that looks signed, nearly all of a body of 1 MB, then silence."""
    signed = f"X-Slack-Request-Timestamp: {time.time():.0f}\r\nX-Slack-Signature: v0={'0' * 64}\r\n"
    writer.write(_POST + signed.encode() + b"Content-Length: 1000000\r\n\r\n" + b"a" * 990_000)
    await reader.read()


ATTACKS: Final[dict[str, tuple[Attack, int]]] = {
    "endless heads": (_endless_head, 1),
    "half heads": (_half_head, CONNECTIONS),
    "large half heads": (_large_half_head, CONNECTIONS),
    "half bodies": (_half_body, CONNECTIONS),
    "more connections than are accepted": (_half_head, 5 * CONNECTIONS),
}
"""What each connection does, and how many there are at a time."""


async def attack(port: int, kind: str) -> None:
    """Keep so many connections open, each opened again a moment after the server closes it."""
    act, count = ATTACKS[kind]

    async def again() -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.2)
                continue
            try:
                await act(reader, writer)
            except OSError:
                pass
            finally:
                writer.transport.abort()
            await asyncio.sleep(0.05)

    await asyncio.gather(*(again() for _ in range(count)))


if __name__ == "__main__":
    asyncio.run(attack(int(sys.argv[1]), sys.argv[2]))
