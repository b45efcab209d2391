"""The web server under attack: endless and half requests, too many connections. Raw sockets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from faqbot.runtime.http_limits import ConnectionRefusal, RequestLimits
from faqbot.runtime.http_protocol import PIECE
from faqbot.runtime.web import IgnoreResets, Server, background_server, listen
from tests.support.waiting import eventually

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SOON = 0.05


@dataclass
class Line:
    """A connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> tuple[int, bytes]:
        """The status and the body of the next response."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ") for line in head.split(b"\r\n")[1:-2])
        body = await self.reader.readexactly(int(fields[b"content-length"]))
        return int(head.split()[1]), body

    async def refused(self, status: int) -> None:
        """The connection is closed, with a status unless the client sends too much to read it."""
        said = await self.rest()
        assert not said or said.startswith(b"HTTP/1.1 %d " % status)

    async def rest(self) -> bytes:
        """All that still comes until the server closes the connection."""
        try:
            return await self.reader.read()
        except (ConnectionResetError, BrokenPipeError):
            return b""


@dataclass
class Site:
    """A server whose app responds with what it got."""

    port: int
    refused: Counter[ConnectionRefusal]
    lines: list[Line] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)

    async def line(self) -> Line:
        made = Line(*await asyncio.open_connection("127.0.0.1", self.port))
        self.lines.append(made)
        return made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.url.path == "/held":
            await self.held.wait()
        if request.url.path == "/early":
            await PlainTextResponse("early")(scope, receive, send)
            return
        if request.url.path == "/large":
            await Response(b"x" * 20_000_000)(scope, receive, send)
            return
        try:
            size = len(await request.body())
        except Exception:
            self.disconnected.set()
            raise
        names = b" ".join(sorted(name for name, _ in scope["headers"]))
        await Response(b"%d %s" % (size, names))(scope, receive, send)


@asynccontextmanager
async def serving(**limits: float) -> AsyncIterator[Site]:
    listener = listen("127.0.0.1", 0)
    refused: Counter[ConnectionRefusal] = Counter()
    site = Site(listener.getsockname()[1], refused)
    given = RequestLimits(**{"linger_seconds": SOON, **limits})  # type: ignore[arg-type] # some are whole numbers

    def count(reason: ConnectionRefusal) -> None:
        refused[reason] += 1

    server = Server(site, limits=given, on_refused=count)
    async with background_server(server, listener):
        try:
            yield site
        finally:
            site.held.set()
            for line in site.lines:
                line.writer.transport.abort()


async def test_endless_head_is_refused_after_64_kb() -> None:
    async with serving() as site:
        for start in (b"GET /", b"GET / HTTP/1.1\r\nX-Long: ", b"GET / HTTP/1.1\r\nX-"):
            line = await site.line()
            line.send(start + b"a" * 1_000_000)
            await line.refused(431)
        assert site.refused == {ConnectionRefusal.LARGE_HEAD: 3}


@pytest.mark.parametrize(("size", "status"), [(60_000, 200), (64_000, 431)])
async def test_head_may_have_64_kb(size: int, status: int) -> None:
    async with serving() as site:
        line = await site.line()
        for part in (b"GET / HTTP/1.1\r\nX-Long: ", b"a" * size, b"\r\n\r\n"):
            line.send(part)
        assert (await line.answer())[0] == status


async def test_head_of_many_small_headers_is_refused() -> None:
    async with serving() as site:
        line = await site.line()
        line.send(b"GET / HTTP/1.1\r\n" + b"a:\r\n" * 300)
        assert (await line.answer())[0] == 431


async def test_half_a_head_is_refused_in_time_and_answers_go_on() -> None:
    async with serving(head_seconds=SOON) as site:
        half, silent, whole = [await site.line() for _ in range(3)]
        half.send(b"GET / HTTP/1.1\r\nHos")
        whole.send(GET)
        assert (await whole.answer())[0] == 200
        assert (await half.answer())[0] == 408
        assert await half.rest() == await silent.rest() == b""
        assert site.refused == {ConnectionRefusal.SLOW_HEAD: 1}


async def test_bytes_one_by_one_extend_no_time() -> None:
    async with serving(head_seconds=SOON) as site:
        line = await site.line()
        line.send(b"GET / HTTP/1.1\r\nX: ")

        async def drip() -> None:
            while True:
                line.send(b"a")
                await asyncio.sleep(SOON / 10)

        dripping = asyncio.create_task(drip())
        assert (await line.answer())[0] == 408
        dripping.cancel()


async def test_each_request_of_a_connection_has_the_whole_time() -> None:
    async with serving(head_seconds=0.5) as site:
        line = await site.line()
        for _ in range(3):
            line.send(GET[:9])
            await asyncio.sleep(0.2)
            line.send(GET[9:])
            assert (await line.answer())[0] == 200
        line.send(GET[:9])
        assert (await line.answer())[0] == 408


async def test_line_ends_between_requests_keep_no_connection_open() -> None:
    async with serving(head_seconds=SOON) as site:
        line = await site.line()
        line.send(GET)
        await line.answer()
        line.send(b"\r\n\r\n")
        assert await line.rest() == b""


async def test_half_a_body_is_refused_in_time() -> None:
    async with serving(body_seconds=SOON) as site:
        line = await site.line()
        line.send(POST + b"Content-Length: 10\r\n\r\nabc")
        assert (await line.answer())[0] == 408
        await site.disconnected.wait()
        assert site.refused == {ConnectionRefusal.SLOW_BODY: 1}


async def test_answer_that_takes_long_is_no_slow_request() -> None:
    async with serving(head_seconds=SOON, body_seconds=SOON) as site:
        line, other = await site.line(), await site.line()
        line.send(GET.replace(b"/ ", b"/held "))
        await other.rest()  # closed after head_seconds
        site.held.set()
        assert (await line.answer())[0] == 200


async def test_chunks_and_trailers_arrive_without_the_trailers() -> None:
    async with serving() as site:
        line = await site.line()
        line.send(CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n" + GET)
        assert await line.answer() == (200, b"5 host transfer-encoding")
        assert await line.answer() == (200, b"0 host")


@pytest.mark.parametrize("start", [b"0\r\nX-Trailer: ", b"3;extension=", b"1\r\na\r\n" * 20_000])
async def test_endless_trailers_and_frames_of_chunks_are_refused(start: bytes) -> None:
    async with serving() as site:
        line = await site.line()
        line.send(CHUNKED + start + b"a" * 200_000)
        await line.refused(431)
        assert site.refused == {ConnectionRefusal.LARGE_HEAD: 1}


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    async with serving() as site:
        line = await site.line()
        line.send(b"".join(POST + b"Content-Length: %d\r\n\r\n" % n + b"a" * n for n in range(20)))
        bodies = [(await line.answer())[1].split()[0] for _ in range(20)]
        assert bodies == [b"%d" % number for number in range(20)]


async def test_endless_pipeline_is_closed() -> None:
    async with serving() as site:
        line = await site.line()
        line.send(GET.replace(b"/ ", b"/held ") + GET * 2_000)
        assert await line.rest() == b""
        assert site.refused == {ConnectionRefusal.PIPELINE: 1}


async def test_endless_body_after_its_response_is_closed() -> None:
    async with serving() as site:
        line = await site.line()
        line.send(b"POST /early HTTP/1.1\r\nContent-Length: 99000000\r\n\r\n")
        assert await line.answer() == (200, b"early")
        line.send(b"a" * 10_000_000)
        assert await line.rest() == b""
        assert site.refused == {ConnectionRefusal.LARGE_BODY: 1}


async def test_client_that_does_not_read_is_closed() -> None:
    async with serving(write_seconds=SOON) as site:
        line = await site.line()
        line.send(b"GET /large HTTP/1.1\r\n\r\n")
        await eventually(lambda: site.refused[ConnectionRefusal.SLOW_READER])


async def test_above_the_limit_who_waits_longest_is_closed() -> None:
    async with serving(connections=10) as site:
        idle = await site.line()
        idle.send(GET)
        await idle.answer()
        halves = [await site.line() for _ in range(30)]
        for half in halves:
            half.send(GET[:9])
        assert await idle.rest() == b""
        late = await site.line()
        late.send(GET)
        assert (await late.answer())[0] == 200
        assert b" 503 " in await halves[0].rest()
        # The younger ones are still served.
        halves[-1].send(GET[9:])
        assert (await halves[-1].answer())[0] == 200
        assert site.refused == {ConnectionRefusal.CONNECTIONS: 22}


async def test_connection_is_refused_when_all_others_are_being_answered() -> None:
    async with serving(connections=3) as site:
        busy = [await site.line() for _ in range(3)]
        for line in busy:
            line.send(GET.replace(b"/ ", b"/held "))
        late = await site.line()
        assert b" 503 " in await late.rest()
        site.held.set()
        for line in busy:
            assert (await line.answer())[0] == 200


async def test_all_incomplete_requests_together_are_bounded() -> None:
    async with serving(incomplete=1_000_000) as site:
        lines = [await site.line() for _ in range(5)]
        for line in lines:
            line.send(POST + b"Content-Length: 400000\r\n\r\n" + b"a" * 300_000)
        await lines[0].refused(503)
        lines[-1].send(b"a" * 100_000)
        assert (await lines[-1].answer())[0] == 200


async def test_nothing_is_kept_of_what_is_refused_and_the_response_can_be_read() -> None:
    async with serving(linger_seconds=60, connections=3) as site:
        large = await site.line()
        large.send(b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 1_000_000)
        assert (await large.answer())[0] == 431
        # It waits for its end first, so it makes room first.
        for _ in range(3):
            line = await site.line()
            line.send(GET)
            assert (await line.answer())[0] == 200
        assert await large.rest() == b""


async def test_a_request_in_many_pieces_is_answered() -> None:
    async with serving() as site:
        line = await site.line()
        body = b"a" * (5 * PIECE + 3)
        for size in (1, PIECE - 1, PIECE, PIECE + 1, len(body)):
            line.send(POST + b"Content-Length: %d\r\n\r\n" % size + body[:size])
            assert (await line.answer())[1].startswith(b"%d " % size)
        assert not site.refused


@pytest.mark.parametrize(
    ("said", "is_raised"),
    [
        ("unable to perform operation on <TCPTransport closed=True>; the handler is closed", False),
        ("Response content longer than Content-Length", True),
    ],
)
async def test_a_response_to_a_connection_that_was_just_reset_is_dropped(
    said: str, *, is_raised: bool
) -> None:
    """Uvloop raises until uvicorn is told of the reset; errors of the application stay errors."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("late")(scope, receive, send)

    async def send(_: Message) -> None:
        raise RuntimeError(said)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asked = IgnoreResets(answer)(scope, receive, send)
    if is_raised:
        with pytest.raises(RuntimeError, match="Content-Length"):
            await asked
    else:
        await asked
