"""A minimal HTTP client with persistent connections: it shares the machine with the server."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

import httptools


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 is none at all."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


GONE = Answer(0)


class _Protocol(asyncio.Protocol):
    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._waits: asyncio.Future[Answer] | None = None
        self._body: list[bytes] = []
        self._headers: dict[str, str] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are of no class of asyncio
        self._parser = httptools.HttpResponseParser(self)

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        assert self.transport is not None
        self._waits = asyncio.get_running_loop().create_future()
        self._body, self._headers = [], {}
        self.transport.write(request)
        return self._waits

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.connection_lost(None)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        keep = self._parser.should_keep_alive()
        self._parser = httptools.HttpResponseParser(self)
        if not keep:
            assert self.transport is not None
            self.transport.close()
        self._give(Answer(status, b"".join(self._body), self._headers))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.transport = None
        self._give(GONE)

    def _give(self, answer: Answer) -> None:
        if self._waits is not None and not self._waits.done():
            self._waits.set_result(answer)


class Connections:
    """Connections to one address, opened when needed and used again in turn.

    In turn, because several processes may share the address: if the newest connection were used
    first, nearly all requests would go to the process that responded last.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._idle: deque[_Protocol] = deque()

    @property
    def host(self) -> str:
        """What stands in a request's Host header."""
        return f"{self._host}:{self._port}"

    async def ask(self, request: bytes, within: float) -> Answer:
        """Send one request; `GONE` when nothing came back in time."""
        line: _Protocol | None = None
        try:
            async with asyncio.timeout(within):
                line = await self._line()
                answer = await line.ask(request)
        except (OSError, TimeoutError):
            answer = GONE
        if line is None or line.transport is None:
            return answer
        if answer.status == 0 or line.transport.is_closing():
            line.transport.abort()
        else:
            self._idle.append(line)
        return answer

    async def _line(self) -> _Protocol:
        while self._idle:
            line = self._idle.popleft()
            if line.transport is not None and not line.transport.is_closing():
                return line
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(_Protocol, self._host, self._port)
        return made

    def close(self) -> None:
        """Close what is open."""
        for line in self._idle:
            if line.transport is not None:
                line.transport.abort()
        self._idle.clear()
