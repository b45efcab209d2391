"""Slack's payloads as complete signed HTTP requests, generated before a run begins."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from faqbot.evaluation.datasets import read_questions

SECRET: Final = "soak-signing-secret-of-faqbot"
TOKEN: Final = "xoxb-local-0000-soak"
TEAM: Final = "T0SOAK001"
BOT: Final = "U0SOAKBOT"
PATH: Final = "/slack/events"
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
PEOPLE: Final = 400
CHANNELS: Final = 10_000
NOWHERE: Final = "http://127.0.0.1:9/response"
_SETS: Final = Path(__file__).resolve().parents[2] / "tests" / "questions"
_FIRST: Final = 1_790_000_000

Payload = dict[str, Any]


def questions() -> list[str]:
    """The labelled questions of the development files, in their order."""
    return [
        one.question
        for path in sorted(_SETS.glob("development*.jsonl"))
        for one in read_questions(path)
    ]


def ts(number: int) -> str:
    """The timestamp of message `number`: all are different."""
    return f"{_FIRST + number // 1000}.{number % 1000:03d}100"


def person(number: int) -> str:
    """Who asks question `number`."""
    return f"U{number % PEOPLE:08d}"


def mention(number: int, text: str, channels: int = CHANNELS) -> Payload:
    """Question `number` in a channel."""
    channel = f"C{number % channels:08d}"
    return _event(number, {"type": "app_mention", "text": f"<@{BOT}> {text}", "channel": channel})


def direct(number: int, text: str) -> Payload:
    """Question `number` in a direct message of its own person."""
    channel = f"D{number % CHANNELS:08d}"
    event = {"type": "message", "channel_type": "im", "text": text, "channel": channel}
    return _event(number, event)


def _event(number: int, event: Payload) -> Payload:
    stamp = ts(number)
    return {
        "token": "unused",
        "team_id": TEAM,
        "context_team_id": TEAM,
        "api_app_id": "A0SOAK001",
        "event": {**event, "user": person(number), "team": TEAM, "ts": stamp, "event_ts": stamp},
        "type": "event_callback",
        "event_id": f"Ev{number:010d}",
        "event_time": int(float(stamp)),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{number}",
    }


def command(number: int, name: str, text: str, respond: str = NOWHERE) -> Payload:
    """A slash command; `respond` is its response_url."""
    return {
        "token": "unused",
        "team_id": TEAM,
        "team_domain": "soak",
        "channel_id": f"C{number % CHANNELS:08d}",
        "channel_name": "general",
        "user_id": person(number),
        "user_name": "somebody",
        "command": name,
        "text": text,
        "api_app_id": "A0SOAK001",
        "is_enterprise_install": "false",
        "response_url": respond,
        "trigger_id": f"{number}.1.soak",
    }


def click(number: int, action: Payload, message: Payload, respond: str) -> Payload:
    """A click on a button of a message that faqbot posted; `respond` is its response_url."""
    who = person(number)
    return {
        "type": "block_actions",
        "team": {"id": TEAM, "domain": "soak"},
        "enterprise": None,
        "is_enterprise_install": False,
        "user": {"id": who, "username": who, "name": who, "team_id": TEAM},
        "api_app_id": "A0SOAK001",
        "token": "unused",
        "container": {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": message["channel"],
            "is_ephemeral": False,
            "thread_ts": message.get("thread_ts", message["ts"]),
        },
        "trigger_id": f"{number}.2.soak",
        "channel": {"id": message["channel"], "name": "general"},
        "state": {"values": {}},
        "response_url": respond,
        "message": message,
        "actions": [{**action, "action_ts": ts(number)}],
    }


@dataclass(frozen=True, slots=True)
class Signed:
    """A body with its type, signed when it is sent, for signatures age."""

    body: bytes
    content_type: str = JSON

    @classmethod
    def event(cls, payload: Payload) -> Signed:
        """An event."""
        return cls(json.dumps(payload).encode())

    @classmethod
    def form(cls, payload: Payload) -> Signed:
        """A slash command."""
        return cls(urlencode(payload).encode(), FORM)

    @classmethod
    def interaction(cls, payload: Payload) -> Signed:
        """A click or another interaction."""
        return cls(urlencode({"payload": json.dumps(payload)}).encode(), FORM)

    def request(self, host: str, more: Mapping[str, str] | None = None) -> bytes:
        """The whole HTTP request, signed now."""
        headers = {
            "Host": host,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "Content-Type": self.content_type,
            "Content-Length": str(len(self.body)),
            **signature(self.body),
            **(more or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + self.body


def signature(body: bytes, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    """The two headers by which an app knows that a request comes from Slack."""
    stamp = int(time.time()) if at is None else at
    signed = hmac.new(secret.encode(), b"v0:%d:%s" % (stamp, body), hashlib.sha256)
    return {
        "X-Slack-Request-Timestamp": str(stamp),
        "X-Slack-Signature": f"v0={signed.hexdigest()}",
    }
