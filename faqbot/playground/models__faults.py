"""Takes the faults that are set, one after the other, as calls and connections come in."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.responses import JSONResponse, PlainTextResponse, Response

from faqbot.playground.models import Faults

TOO_MANY: Final = 429


def failure(faults: Faults) -> Response:
    """What a call that fails is answered with."""
    if faults.fail_status == TOO_MANY:
        body = {"ok": False, "error": "ratelimited"}
        return JSONResponse(body, TOO_MANY, headers={"Retry-After": str(faults.retry_after)})
    return PlainTextResponse("upstream request failed", faults.fail_status)


class FaultLine:
    """Holds the faults that are set and uses up those that are counted."""

    def __init__(self) -> None:
        self.current = Faults()
        self._debt = 0.0

    def call_fails(self, method: str) -> bool:
        """True when this Web API call is to fail."""
        faults = self.current
        if faults.fail_methods and method not in faults.fail_methods:
            return False
        if faults.fail_calls:
            self.current = replace(faults, fail_calls=faults.fail_calls - 1)
            return True
        self._debt += faults.fail_share
        if self._debt >= 1:
            self._debt -= 1
            return True
        return False

    def delay(self, method: str) -> float:
        """For how many seconds the answer to this call is held back."""
        faults = self.current
        if faults.slow_methods and method not in faults.slow_methods:
            return 0.0
        return faults.slow_answers

    def connection_refused(self) -> bool:
        """True when this apps.connections.open is to fail."""
        count = self.current.refuse_connections
        self.current = replace(self.current, refuse_connections=max(0, count - 1))
        return count > 0

    def handshake_refused(self) -> bool:
        """True when this web socket handshake is to fail."""
        count = self.current.refuse_handshakes
        self.current = replace(self.current, refuse_handshakes=max(0, count - 1))
        return count > 0

    def ack_lost(self) -> bool:
        """True when this acknowledgement never arrives."""
        count = self.current.lose_acks
        self.current = replace(self.current, lose_acks=max(0, count - 1))
        return count > 0

    def response_refused(self) -> bool:
        """True when this response_url post is to fail."""
        count = self.current.refuse_response_urls
        self.current = replace(self.current, refuse_response_urls=max(0, count - 1))
        return count > 0
