"""Socket Mode: tickets, web sockets, envelopes and their acknowledgements."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
import uuid
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from faqbot.playground.models import Ack, FaultInjector, Payload
from faqbot.playground.state import WorkspaceState

MAX_CONNECTIONS: Final = 10


class SocketConnection:
    """A web socket and its envelopes that await an acknowledgement."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.waiting: dict[str, asyncio.Future[Ack]] = {}

    def fail_waiting(self) -> None:
        """Fail all awaited acknowledgements: the socket is closed."""
        for future in self.waiting.values():
            if not future.done():
                future.set_result(Ack(ok=False, error="connection_failed"))


class SocketConnections:
    """The app's web sockets; each payload goes to one of them in turn."""

    def __init__(self, state: WorkspaceState, faults: FaultInjector) -> None:
        self.ever_connected = False
        self.connections: list[SocketConnection] = []
        self._state = state
        self._faults = faults
        self._tickets: dict[str, float] = {}
        self._turn = itertools.count()

    def new_ticket(self) -> str:
        """Return a ticket, which is valid for one handshake."""
        ticket = secrets.token_urlsafe(12)
        self._tickets[ticket] = time.monotonic() + self._state.timing.socket_ticket_lifetime
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """Serve a web socket from its handshake to its end."""
        until = self._tickets.pop(socket.query_params.get("ticket", ""), 0.0)
        refused = self._faults.handshake_refused() or time.monotonic() > until
        if refused or len(self.connections) >= MAX_CONNECTIONS:
            await socket.close(4001)
            return
        await socket.accept()
        connection = SocketConnection(socket)
        self.connections.append(connection)
        self.ever_connected = True
        try:
            await socket.send_json(self._hello())
            self._state.changes.notify()
            while True:
                self._acknowledge(connection, await socket.receive_json())
        except (WebSocketDisconnect, RuntimeError, ValueError):
            pass  # closed by the app, or no JSON: Slack drops such a socket too
        finally:
            # `disconnect` may have removed it already.
            if connection in self.connections:
                self.connections.remove(connection)
            connection.fail_waiting()
            self._state.changes.notify()

    def _hello(self) -> Payload:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 3600},
            "connection_info": {"app_id": self._state.setup.app_id},
        }

    def _acknowledge(self, connection: SocketConnection, said: Any) -> None:
        if not isinstance(said, dict) or self._faults.ack_lost():
            return
        future = connection.waiting.get(str(said.get("envelope_id")))
        if future is not None and not future.done():
            body = said.get("payload")
            future.set_result(Ack(ok=True, body=body if isinstance(body, dict) else {}, status=200))

    async def deliver(self, kind: str, payload: Payload, attempt: int, reason: str) -> Ack:
        """Send an envelope and return its acknowledgement."""
        if not self.connections:
            return Ack(ok=False, error="connection_failed")
        connection = self.connections[next(self._turn) % len(self.connections)]
        envelope: Payload = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope["envelope_id"]] = future
        try:
            async with asyncio.timeout(self._state.timing.ack_deadline):
                await connection.socket.send_json(envelope)
                return await future
        except TimeoutError:
            return Ack(ok=False, error="timeout")
        except (RuntimeError, WebSocketDisconnect):
            return Ack(ok=False, error="connection_failed")
        finally:
            connection.waiting.pop(envelope["envelope_id"], None)

    async def disconnect(self, reason: str) -> None:
        """Ask the app to reconnect: "warning" only announces it, "refresh_requested" closes too."""
        for connection in tuple(self.connections):
            await connection.socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}
            )
            if reason != "warning":
                self.connections.remove(connection)
                await connection.socket.close(1000)
