"""The reference for throughput: Bolt with a handler that acknowledges a constant."""

from __future__ import annotations

import os

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.soak.payloads import PATH, SECRET, TOKEN

_client = AsyncWebClient(token=TOKEN, base_url=os.environ["SLACK_API_URL"])
_bolt = AsyncApp(client=_client, signing_secret=SECRET)
_handler = AsyncSlackRequestHandler(_bolt)


@_bolt.command("/role")
async def _on_role(ack: AsyncAck) -> None:
    await ack("A constant.")


async def _events(request: Request) -> Response:
    return await _handler.handle(request)


app = Starlette(routes=[Route(PATH, _events, methods=["POST"])])
