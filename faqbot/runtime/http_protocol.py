"""HTTP protocol of the web server: bounds on connections and on requests that aren't complete.

uvicorn 0.54 bounds neither the head of a request nor the time in which it arrives, and limits the
number of requests but not of connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from faqbot.runtime.http_limits import ConnectionRefusal, RequestLimits

PIECE: Final = 16_384
"""Bytes that the parser gets at a time: what it keeps is counted after each."""

_DISCARDED: Final = 4_000_000
"""Bytes of a body that are read after its response, so that the client comes to read that."""


_STATUS: Final = {
    ConnectionRefusal.LARGE_HEAD: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ConnectionRefusal.SLOW_HEAD: HTTPStatus.REQUEST_TIMEOUT,
    ConnectionRefusal.SLOW_BODY: HTTPStatus.REQUEST_TIMEOUT,
    ConnectionRefusal.CONNECTIONS: HTTPStatus.SERVICE_UNAVAILABLE,
    ConnectionRefusal.INCOMPLETE: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Refusals of which the client is told; for others the connection just closes."""

_LINGERS: Final = frozenset(
    {
        ConnectionRefusal.LARGE_HEAD,
        ConnectionRefusal.LARGE_BODY,
        ConnectionRefusal.PIPELINE,
        ConnectionRefusal.INCOMPLETE,
    }
)


class OpenConnections:
    """The open connections of a server. Above a limit those that wait longest are closed first.

    A connection waits while it is idle or its request is incomplete: nobody is answered on it.

    Args:
        limits: of the server.
        on_refused: called for each request or connection that is refused.
    """

    def __init__(
        self,
        limits: RequestLimits,
        on_refused: Callable[[ConnectionRefusal], None] = lambda _: None,
    ) -> None:
        self.limits = limits
        self.on_refused = on_refused
        self._open: set[LimitedProtocol] = set()
        self._waiting: dict[LimitedProtocol, None] = {}  # the order is that of their waits
        self._incomplete = 0

    def protocol(self, *arguments: Any, **named: Any) -> LimitedProtocol:
        """Create the protocol of a new connection, with uvicorn's arguments."""
        return LimitedProtocol(self, *arguments, **named)

    def opened(self, connection: LimitedProtocol) -> None:
        """Admit a connection; above the limit in the place of another, else it is refused."""
        self._open.add(connection)
        if len(self._open) > self.limits.connections:
            oldest = next(iter(self._waiting), connection)
            oldest.refuse(ConnectionRefusal.CONNECTIONS)
        if connection in self._open:
            self._waiting[connection] = None

    def closed(self, connection: LimitedProtocol) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)

    def waits(self, connection: LimitedProtocol) -> None:
        """Note that a connection waits for a request, unless it did before."""
        if connection in self._open:
            self._waiting.setdefault(connection, None)

    def works(self, connection: LimitedProtocol) -> None:
        """Note that a request is complete and is being answered."""
        self._waiting.pop(connection, None)

    def held(self, change: int) -> None:
        """Count bytes of incomplete requests; above the limit refuse the oldest of these."""
        self._incomplete += change
        while change > 0 and self._incomplete > self.limits.incomplete:
            oldest = next((one for one in self._waiting if one.size), None)
            if oldest is None:
                return
            oldest.refuse(ConnectionRefusal.INCOMPLETE)


class _Part(Enum):
    """What a connection receives."""

    NOTHING = "nothing"
    HEAD = "head"
    BODY = "body"


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol on httptools, which refuses requests beyond the limits.

    Args:
        open_connections: all connections of the server.
        arguments: uvicorn's.
    """

    def __init__(self, open_connections: OpenConnections, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.size = 0
        """Bytes that are kept of a request that isn't complete."""
        self._all = open_connections
        self._limits = open_connections.limits
        self._part = _Part.NOTHING
        self._message = 0
        self._head = self._headers = self._framing = 0
        self._body = self._piece_body = self._discarded = 0
        self._timed: tuple[int, _Part] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._over = False

    # -- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._all.opened(self)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._end()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            if self._over or self.transport.is_closing():
                return
            self._piece_body = 0
            piece = data[start : start + PIECE] if len(data) > PIECE else data
            super().data_received(piece)
            self._check(len(piece))

    def _check(self, received: int) -> None:
        """Check what the parser keeps, after a piece."""
        if self._over or self.transport.is_closing():
            return
        if len(self.pipeline) > self._limits.pipelined:
            self.refuse(ConnectionRefusal.PIPELINE)
            return
        if self._part is _Part.NOTHING:
            self._hold(0)
        else:
            # The piece may hold the end of an earlier request too, so this may be a piece too much.
            self._framing += received - self._piece_body
            if self._framing > self._limits.head + PIECE:
                self.refuse(ConnectionRefusal.LARGE_HEAD)
                return
            self._hold(self._framing + self._body)
        if self._discarded > _DISCARDED:
            self.refuse(ConnectionRefusal.LARGE_BODY)
        self._watch()

    def _hold(self, size: int) -> None:
        change, self.size = size - self.size, size
        if change:
            self._all.held(change)

    def _end(self) -> None:
        self._stop()
        self._all.closed(self)

    def _stop(self) -> None:
        """Read no more, and keep nothing of what came."""
        self._over = True
        self._hold(0)
        for timer in (self._timer, self._stalled):
            if timer is not None:
                timer.cancel()
        self._timer = self._stalled = None

    def refuse(self, reason: ConnectionRefusal) -> None:
        """Close the connection, with a response where one can still be given."""
        if self._over:
            self._close()  # it lingered
            return
        self._all.on_refused(reason)
        status = _STATUS.get(reason)
        answers = self._can_respond
        self._stop()
        if status is not None and answers:
            self._respond(status)
        if reason in _LINGERS:
            self._linger()
        else:
            self._close()

    def _linger(self) -> None:
        if self.transport.is_closing():
            return
        self.transport.pause_reading()
        self.parser = None  # type: ignore[assignment] # as uvicorn does at the end
        self.pipeline.clear()
        if not self._is_answered:
            self.cycle.disconnected = True
            self.cycle.body.clear()
            self.cycle.message_event.set()
        self._timer = self.loop.call_later(self._limits.linger_seconds, self._close)
        self._all.waits(self)

    def _close(self) -> None:
        self._end()
        self.transport.close()

    @property
    def _can_respond(self) -> bool:
        if self.pipeline or self.transport.is_closing():
            return False
        if self._is_idle:
            # An idle client would take it for the response to its next request.
            return self._part is _Part.HEAD or self._message == 0
        return self._part is _Part.BODY and not self.cycle.response_started

    def _respond(self, status: HTTPStatus) -> None:
        text = status.phrase.encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain\r\n"
            f"content-length: {len(text)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + text)

    # -- time

    def _watch(self) -> None:
        """Time the part of the request that is awaited, from its beginning."""
        if self._over:
            return
        if self._part is _Part.NOTHING and not self._is_idle:
            self._time(None, 0.0)
            return
        of_body = self._part is _Part.BODY
        seconds = self._limits.body_seconds if of_body else self._limits.head_seconds
        self._time((self._message, self._part), seconds)

    def _time(self, what: tuple[int, _Part] | None, seconds: float) -> None:
        if what == self._timed:
            return
        self._timed = what
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if what is None else self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        if self._part is _Part.NOTHING:
            self._close()
        else:
            slow = (
                ConnectionRefusal.SLOW_BODY
                if self._part is _Part.BODY
                else ConnectionRefusal.SLOW_HEAD
            )
            self.refuse(slow)

    @property
    def _is_idle(self) -> bool:
        return not self.pipeline and self._is_answered

    @property
    def _is_answered(self) -> bool:
        newest: RequestResponseCycle | None = self.cycle  # uvicorn's type leaves out None
        return newest is None or newest.response_complete

    def pause_writing(self) -> None:
        super().pause_writing()
        if not self._over and self._stalled is None:
            self._stalled = self.loop.call_later(self._limits.write_seconds, self._not_read)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _not_read(self) -> None:
        self.refuse(ConnectionRefusal.SLOW_READER)
        # Closing would wait for the client to read the rest.
        self.transport.abort()

    # -- the parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._message += 1
        self._part = _Part.HEAD
        self._head = self._headers = self._framing = self._body = self._discarded = 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += 1
        self._count(len(name) + len(value) + 4)  # ": " and the line's end
        # uvicorn would add trailers to the headers of a request that is being answered.
        if self._part is _Part.HEAD:
            super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._head += size
        if self._is_large:
            raise ValueError("the head is too large")

    @property
    def _is_large(self) -> bool:
        return self._head > self._limits.head or self._headers > self._limits.headers

    def send_400_response(self, msg: str) -> None:
        if self._is_large:
            self.refuse(ConnectionRefusal.LARGE_HEAD)
            return
        self._end()
        super().send_400_response(msg)

    def on_headers_complete(self) -> None:
        self._part = _Part.BODY
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._piece_body += len(body)
        if self._is_answered:
            self._discarded += len(body)
        else:
            self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._part = _Part.NOTHING
        self._hold(0)
        super().on_message_complete()
        if not self._is_idle:
            self._all.works(self)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.pipeline and not self._over:
            self._all.waits(self)
