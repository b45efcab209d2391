"""Limits of the web server: what a process accepts, and what it calls a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What one process accepts.

    Attributes:
        head: bytes of a head, and of all else that isn't body: frames of chunks, trailers.
        headers: how many headers a head and trailers may have together.
        head_seconds: from the first byte of a request, or from the opening of the connection, to
            the end of the head.
        body_seconds: from there to the end of the body.
        write_seconds: until a client takes the next part of a response.
        linger_seconds: from the refusal of what is too large to the end of the connection. Nothing
            is read or kept meanwhile. The client can read the response, and can't begin anew.
        connections: how many may be open.
        incomplete: bytes of all requests whose end hasn't arrived.
        pipelined: requests that may wait for the response to an earlier one of their connection.
    """

    head: int = 64_000
    headers: int = 200
    head_seconds: float = 10.0
    body_seconds: float = 15.0
    write_seconds: float = 30.0
    linger_seconds: float = 5.0
    connections: int = 500
    incomplete: int = 4_000_000
    pipelined: int = 50


LOCAL_LIMITS: Final = RequestLimits(body_seconds=300.0, incomplete=200_000_000)
"""For pages that only this machine reaches: people drop large files there."""


class ConnectionRefusal(Enum):
    """Why a request or a connection is refused, as the metrics name it."""

    LARGE_HEAD = "large head"
    SLOW_HEAD = "slow head"
    SLOW_BODY = "slow body"
    LARGE_BODY = "large body"
    SLOW_READER = "slow reader"
    PIPELINE = "pipeline"
    CONNECTIONS = "connections"
    INCOMPLETE = "incomplete"
