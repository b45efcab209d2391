"""Signed bytes for the guard, and what passes it for every reader of payloads: none may fail."""

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
    from faqbot.slack.blockkit.blocks import parse
    from faqbot.slack.directory import audience_of
    from faqbot.slack.http_endpoint import REQUEST, SlackEndpoint
    from faqbot.slack.interactions import dig, selected_value, spot_of, user_of, values
    from faqbot.slack.listeners.channel_settings import _policy
    from faqbot.slack.listeners.feedback import _checked, _said, _typed
    from faqbot.slack.listeners.messages import read, without_mention
    from faqbot.slack.listeners.proposals import _warned_of
    from faqbot.slack.middleware.deduplication import delivery
    from faqbot.slack.middleware.rate_limit import _asks
    from faqbot.slack.middleware.request_log import kind_of

from faqbot.playground.delivery import signed_headers
from tests.slack import hostile

SECRET = "local-signing-secret-of-faqbot"
BOT = "U0FAQBOT1"
KINDS = (b"application/json", b"application/x-www-form-urlencoded", b"", b"text/plain; x=\xe9")


def read_all(request: Any) -> None:
    """Read a request with every reader that a listener would use."""
    body, context = request.body, request.context
    delivery(body, BOT)
    _asks(body)
    kind_of(body)
    event = body.get("event")
    if isinstance(event, dict):
        said = read(event, context, body)
        if said is not None:
            without_mention(said.text, BOT).encode()
            str(said.key + said.thread).encode()
    spot = spot_of(body, context)
    str((spot.key, spot.direct, spot.answers_in)).encode()
    user_of(body)
    for action in body.get("actions") or ():
        parse(selected_value(action))
    view = dig(body, "view")
    _said(dict(view))
    _warned_of(dict(view))
    _typed(dict(view), "question")
    _checked(dict(view), "hand-over")
    _policy(dict(view), "T1", "C1", "U1")
    for unsigned in (body, event, body.get("message")):  # what Slack's Web API answers, too
        list(values(dig(unsigned).get("blocks")))
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

    async def inner(scope: Any, _receive: Any, send: Any) -> None:
        read_all(scope[REQUEST])
        json.dumps(scope[REQUEST].body)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    guard = SlackEndpoint(inner, SECRET)
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(guard(scope, receive, statuses.send))
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
