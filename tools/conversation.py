"""Hold a conversation with an installed faqbot: `faqbot run` without Slack, over Socket Mode.

Usage: python tools/conversation.py FAQBOT (the command to start)

It starts the command in a folder of its own, asks a question and a follow-up in the local
workspace as its page does, and stops it with SIGTERM. It needs nothing beside Python, so that the
environment that holds faqbot needs nothing either.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

PATIENCE = 60.0
"""Seconds for the start and for each answer: a first start compiles and takes long."""

QUESTIONS = (
    ("which skills does a data analyst need?", "Data Analyst · Skills"),
    ("and which degree?", "Data Analyst · Education"),
)
"""What is asked in a direct message, and how the answer begins; the second is a follow-up."""

Payload = dict[str, Any]


class ConversationError(Exception):
    """The conversation did not go as it should."""


def environment(folder: str) -> dict[str, str]:
    """The environment without Slack's tokens, with a free port and a database of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLACK_", "FAQBOT_", "PYTHON"))
    }
    return {**kept, "PORT": port, "XDG_DATA_HOME": folder, "XDG_CACHE_HOME": folder}


def address_of(faqbot: subprocess.Popen[str]) -> str:
    """The address of the local workspace, from what `faqbot run` prints.

    Raises:
        ConversationError: It ended before it printed one.
    """
    assert faqbot.stdout is not None
    for line in faqbot.stdout:
        sys.stdout.write(line)
        if found := re.search(r"local Slack workspace: (http://\S+)/", line):
            return found[1]
    raise ConversationError(f"faqbot ended with {faqbot.wait()} before it was ready")


def snapshots(address: str, user: str) -> Iterator[Payload]:
    """What the page shows to a user, each time that it changes."""
    with urllib.request.urlopen(f"{address}/page/news?as={user}", timeout=PATIENCE) as news:
        for line in news:
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))


def direct_message(shown: Payload) -> Payload:
    """The user's direct message with the app."""
    found: Payload = next(one for one in shown["channels"] if one["direct"] and one["hasBot"])
    return found


def say(address: str, user: str, channel: str, text: str) -> None:
    """Post a message as the page does."""
    body = json.dumps({"do": "say", "as": user, "channel": channel, "text": text}).encode()
    request = urllib.request.Request(f"{address}/page/do", body, {"X-Faqbot-Page": "1"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        error = json.load(response)["error"]
    if error:
        raise ConversationError(error)


def converse(address: str) -> None:
    """Ask each question and wait for its answer.

    Raises:
        ConversationError: An answer is missing or is another one.
    """
    with urllib.request.urlopen(f"{address}/", timeout=PATIENCE) as page:
        found = re.search(r'<option value="([a-z]+)"', page.read().decode())
    if found is None:
        raise ConversationError("the page names no user")
    user = found[1]
    shown = snapshots(address, user)
    channel, bot = direct_message(next(shown))["id"], ""
    for number, (question, beginning) in enumerate(QUESTIONS, 1):
        say(address, user, channel, question)
        until = time.monotonic() + PATIENCE
        for now in shown:
            bot = now["bot"]
            answers = [one for one in direct_message(now)["messages"] if one["user"] == bot]
            if len(answers) >= number:
                break
            if time.monotonic() > until:
                raise ConversationError(f"{question!r} was not answered")
        text = answers[number - 1]["text"]
        if not text.startswith(beginning):
            raise ConversationError(f"{question!r} was answered with {text[:200]!r}")
        print(f"{question} -> {text.splitlines()[0]}")


def main() -> int:
    """The exit code: 0 when all was answered and faqbot stopped by itself."""
    with tempfile.TemporaryDirectory() as folder:
        faqbot = subprocess.Popen(
            [sys.argv[1], "run"],
            cwd=folder,
            env=environment(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            converse(address_of(faqbot))
            faqbot.send_signal(signal.SIGTERM)
            rest, _ = faqbot.communicate(timeout=PATIENCE)
        except (ConversationError, OSError, subprocess.TimeoutExpired) as error:
            faqbot.kill()
            rest, _ = faqbot.communicate()
            print(rest, f"The conversation failed: {error}", sep="\n", file=sys.stderr)
            return 1
    if faqbot.returncode:
        print(rest, f"faqbot ended with {faqbot.returncode}", sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
