"""Requests that another site's page makes in somebody's browser are refused where they act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED: Final = "This request comes from another site's page."


class SameOrigin:
    """Lets only an application's own pages, and programs that are no browsers, act on it.

    Args:
        app: what comes after.
        acting: beginnings of paths where reading acts too.
    """

    def __init__(self, app: ASGIApp, acting: Sequence[str] = ()) -> None:
        self._app = app
        self._acting = tuple(acting)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] in ("http", "websocket") and self._acts(scope) and _is_foreign(scope):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await PlainTextResponse(_REFUSED, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _acts(self, scope: Scope) -> bool:
        if scope["type"] == "websocket" or scope["method"] not in _READING:
            return True
        return bool(self._acting) and scope["path"].startswith(self._acting)


def _is_foreign(scope: Scope) -> bool:
    """Whether a browser says that another origin's page asks; other programs say nothing."""
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None and scope["type"] == "http":
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
