"""JSON over HTTP: bounded bodies, errors as advice (RFC 9457), and cross-origin requests."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from faqbot.errors import FaqbotError, UsageError, did_you_mean, quoted
from faqbot.runtime.logs import log_error
from faqbot.slack.http_endpoint import RequestRejected, read_body
from faqbot.web.answers import MAX_QUESTION
from faqbot.web.limits import TOO_MANY

MAX_BYTES: Final = 20_000
PREFLIGHT_LIFETIME: Final = 600
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


class ProblemError(Exception):
    """A request that is refused: its status, and advice for whoever sent it."""

    def __init__(self, status: int, advice: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(advice)
        self.status = status
        self.headers = dict(headers or {})


def too_many() -> ProblemError:
    """Return the refusal of a caller above a rate limit."""
    return ProblemError(429, TOO_MANY, {"Retry-After": "60"})


class JsonEndpoint:
    """Passes requests to the handlers of their methods; whatever fails becomes JSON.

    Args:
        handlers: by method.
        on_response: called with the status of each response.
    """

    def __init__(
        self, handlers: Mapping[str, Handler], on_response: Callable[[int], None] = lambda _: None
    ) -> None:
        self._handlers = dict(handlers)
        if "GET" in handlers:
            self._handlers["HEAD"] = handlers["GET"]
        self._on_response = on_response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._on_response(message["status"])
            await send(message)

        response = await self._response(Request(scope, receive))
        if response is not None:
            await response(scope, receive, counted)

    async def _refuse_method(self, _: Request) -> Response:
        allowed = ", ".join(sorted(self._handlers))
        raise ProblemError(405, f"Send {allowed}.", {"Allow": allowed})

    async def _response(self, request: Request) -> Response | None:
        """Return the response; None when the client went away."""
        try:
            return await self._handlers.get(request.method, self._refuse_method)(request)
        except _ClientLeft:
            return None
        except ProblemError as problem:
            return _problem(problem.status, str(problem), problem.headers)
        except RequestRejected as rejected:
            return _problem(rejected.status, rejected.reason.capitalize() + ".")
        except FaqbotError as error:
            return _problem(422, str(error))
        except Exception as error:  # noqa: BLE001 - its message may hold what somebody asked
            return _problem(500, f"Something went wrong, reference {log_error(_log, error)}.")


class _ClientLeft(Exception):  # noqa: N818 - nobody is told
    pass


def _problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def cross_origin(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Return an application that pages of these origins may call."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "POST"),
        allow_headers=("Authorization", "Content-Type"),
        expose_headers=("Retry-After",),
        max_age=PREFLIGHT_LIFETIME,
    )


class JsonTexts:
    """The texts of a JSON object that a request holds; what is wrong with them is advice."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    @classmethod
    async def of(cls, request: Request, known: Collection[str]) -> JsonTexts:
        """Read the body of a request.

        Args:
            request: the request.
            known: the keys that it may have.

        Raises:
            ProblemError: it isn't such an object.
            RequestRejected: it is too large or too slow.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ProblemError(415, "Send JSON, with Content-Type: application/json.")
        body = await read_body(request.headers, request.receive, MAX_BYTES)
        if body is None:
            raise _ClientLeft
        values = _parsed(body)
        if not isinstance(values, dict):
            raise ProblemError(400, "The body must be a JSON object.")
        for key in values:
            if key not in known:
                # The object comes from a program, whose author mistyped the name of a key.
                near = did_you_mean(str(key), tuple(known))
                raise UsageError(f"There is no key {quoted(readable(str(key)))}{near}")
        return cls(values)

    def text(self, key: str, *, needed: bool = False, most: int = MAX_QUESTION) -> str:
        """Return a text; empty where none is given.

        Raises:
            UsageError: it isn't a text, too long, or missing.
        """
        value = self._values.get(key)
        if value is None and not needed:
            return ""
        if not isinstance(value, str):
            raise UsageError(f"{key} must be a text.")
        if len(value) > most:
            raise UsageError(f"{key} may have {most} characters; this has {len(value)}.")
        return readable(value)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        raise ProblemError(400, "The body is no JSON in UTF-8.") from None


def readable(text: str) -> str:
    """Replace lone surrogates, which JSON can escape and UTF-8 can't encode."""
    return _SURROGATE.sub("\ufffd", text)
