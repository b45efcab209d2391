"""`faqbot chat`: a conversation in the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import typer

from faqbot.cli.common__options import Knowledge, Who
from faqbot.model import Audience

EXAMPLE = "Example: faqbot chat --audience candidates"
PROMPT = "you> "


def chat(*, audience: Who = Audience.EMPLOYEES, knowledge: Knowledge = None) -> None:
    """Talk to faqbot: it remembers the role, and choices are picked by their number.

    Within the conversation: /role, /roles, /new, /help, /quit.
    """
    from faqbot.cli.ask__render import show
    from faqbot.cli.chat__conversation import HELP, Conversation
    from faqbot.cli.common import open_desk
    from faqbot.cli.common__output import console

    desk = open_desk(knowledge)
    terminal = console()
    if sys.stdin.isatty():
        terminal.print(HELP, markup=False)
    with asyncio.Runner() as runner:
        conversation = Conversation(desk, runner, audience)
        while (line := _line()) is not None:
            if line.strip().lower() in ("/quit", "/exit"):
                return
            if not line.strip():
                continue
            show(terminal, conversation.answer(line), with_more=True)
            typer.echo()


def _line() -> str | None:
    """What was typed; None at the end."""
    if not sys.stdin.isatty():
        line = sys.stdin.buffer.readline()
        return line.decode(errors="replace").rstrip("\r\n") if line else None
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - its import gives the prompt a history
    try:
        return input(PROMPT)
    except EOFError:
        typer.echo()
        return None
