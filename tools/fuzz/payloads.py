"""Fuzzes the HTTP endpoint and all payload parsers with signed bytes: none may fail."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["faqbot.slack", "slack_bolt.request", "json"]):
    from slack_bolt.request.async_request import AsyncBoltRequest
    from slack_bolt.response import BoltResponse

    from faqbot.slack.blockkit.blocks import parse_entry_ref
    from faqbot.slack.conversations import entry_buttons
    from faqbot.slack.directory import audience_of
    from faqbot.slack.http_endpoint import SlackEndpoint
    from faqbot.slack.listeners.channel_settings import policy_of
    from faqbot.slack.middleware.deliveries import delivery_of
    from faqbot.slack.payloads import IncomingMessage, Interaction, payload_of, string_fields

from faqbot.playground.delivery import signed_headers
from tests.slack import hostile

SECRET = "local-signing-secret-of-faqbot"
KINDS = (b"application/json", b"application/x-www-form-urlencoded", b"", b"text/plain; x=\xe9")


def read_all(request: AsyncBoltRequest) -> None:
    """Read a request with every reader that a listener would use."""
    payload = payload_of(request)
    delivery_of(payload)
    if isinstance(payload, IncomingMessage):
        payload.question.encode()
        str(payload.conversation + payload.thread).encode()
    if isinstance(payload, Interaction):
        str((payload.conversation, payload.direct, payload.modal, payload.public_thread)).encode()
        parse_entry_ref(payload.value)
        policy_of(payload)
        string_fields(payload.view.metadata)
    body = request.body
    for unsigned in (body, body.get("event"), body.get("message")):  # what the Web API answers, too
        list(entry_buttons(unsigned.get("blocks") if isinstance(unsigned, dict) else None))
        audience_of(unsigned, "T1")


def seeds() -> list[bytes]:
    """Payloads as Slack sends them, to begin with."""
    made = [hostile.said("app_mention", "x"), hostile.event({"type": "app_home_opened"})]
    made += [hostile.clicked(action, "a/b|full|2", "1.2") for action in hostile.ACTIONS]
    made += [hostile.submitted(view, "x", "{}") for view in hostile.VIEWS]
    forms = [hostile.encoded(payload)[0] for payload in made]
    return [b"\x00" + json.dumps(payload).encode() for payload in made] + [
        b"\x01" + form for form in forms
    ]


class _Statuses:
    def __init__(self) -> None:
        self.last = 0

    async def send(self, message: Any) -> None:
        self.last = message.get("status", self.last)


def one_input(data: bytes) -> None:
    """Post the bytes, signed; the first one chooses the content type."""
    kind, body = KINDS[data[0] % len(KINDS)] if data else b"", data[1:]
    signed = signed_headers(SECRET, body, int(time.time()))
    headers = [(name.lower().encode(), value.encode()) for name, value in signed.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    scope["headers"] = [*headers, (b"content-type", kind)]
    statuses = _Statuses()

    async def dispatch(request: AsyncBoltRequest) -> BoltResponse:
        read_all(request)
        json.dumps(request.body)
        return BoltResponse(status=200)

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    endpoint = SlackEndpoint(dispatch, SECRET)
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(endpoint(scope, receive, statuses.send))
    finally:
        loop.close()
    if statuses.last not in (200, 400):
        raise AssertionError(f"answered {statuses.last}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    corpus = Path(sys.argv[1])
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
