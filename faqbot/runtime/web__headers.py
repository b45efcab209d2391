"""The headers of every page that a browser can open: they keep other sites and scripts out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NOTHING: Final = ("default-src", "base-uri", "form-action", "frame-ancestors")
_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
    ),
    "Cache-Control": "no-store",
}
_HTTPS_ONLY: Final = "max-age=31536000"


def safe_headers(policy: Mapping[str, str], *, https: bool = False) -> dict[str, str]:
    """The headers of a page that may load and do only what its policy says.

    Args:
        policy: directives of the Content-Security-Policy; what is left out is forbidden.
        https: whether it is served by HTTPS, and browsers shall remember that.
    """
    directives = {**dict.fromkeys(_NOTHING, "'none'"), **policy}
    content = "; ".join(f"{name} {sources}" for name, sources in directives.items())
    remembered = {"Strict-Transport-Security": _HTTPS_ONLY} if https else {}
    return {"Content-Security-Policy": content, **_ALWAYS, **remembered}


class SafeHeaders:
    """Adds headers to every answer of an application."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and add the headers to its answer."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)
