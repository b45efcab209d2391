"""`faqbot chat`: a conversation in the terminal."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from faqbot.cli.common import Knowledge, Who, console, load_engine, readable, terminal_question
from faqbot.model import Audience, Question

if TYPE_CHECKING:
    from faqbot.engine import Engine
    from faqbot.replies.reply import Button, Reply


HELP = (
    "Ask about a role, or pick a choice by its number. "
    "/role NAME shows a role, /roles all of them, /new forgets the role, /quit ends."
)


class Conversation:
    """A conversation: keeps the thread and the numbered choices of the last reply.

    Args:
        engine: Answers the questions.
        audience: The audience of the person who asks.
    """

    def __init__(self, engine: Engine, audience: Audience) -> None:
        self._engine = engine
        self._audience = audience
        self._count = 1
        self._offered: tuple[Button, ...] = ()
        self._more = False

    @property
    def _thread(self) -> str:
        return f"chat-{self._count}"

    def answer(self, line: str) -> Reply:
        """Return the reply to a line: a command, the number of a choice, or a question."""
        text = readable(line).strip()
        if text.startswith("/"):
            return self._command(text)
        if text.isdecimal() and self._offered:
            return self._pick(int(text))
        return self._offer(self._engine.ask(self._question(text)).reply)

    def _question(self, text: str) -> Question:
        return replace(terminal_question(text, self._audience), thread=self._thread)

    def _command(self, text: str) -> Reply:
        from faqbot.replies.reply import Reply

        name, _, rest = text.partition(" ")
        match name.lower():
            case "/role" if rest.strip():
                return self._offer(self._engine.describe(self._question(rest.strip())).reply)
            case "/role":
                return self._about()
            case "/roles":
                return self._roles()
            case "/new":
                # The engine keeps the role of a thread, so another thread starts without one.
                self._count += 1
                self._offered = ()
                return Reply(lead="A new conversation: which role is it about?")
            case "/help":
                return Reply(lead=HELP)
            case _:
                return Reply(lead=f"There is no command {name}.", hint=HELP)

    def _about(self) -> Reply:
        from faqbot.replies.reply import Reply

        role = self._engine.knowledge_base.role(self._engine.role_of(self._thread))
        if role is None:
            return Reply(lead="We aren't talking about a role yet. Try /role NAME, or /roles.")
        return Reply(lead=f"We are talking about **{role.title}**.")

    def _roles(self) -> Reply:
        from faqbot.replies.reply import Button, Reply

        roles = tuple(Button(role.title, role.id) for role in self._engine.knowledge_base.roles)
        return self._offer(Reply(header="Roles", roles=roles))

    def _pick(self, number: int) -> Reply:
        from faqbot.replies.reply import Reply

        if not 1 <= number <= len(self._offered):
            return Reply(lead=f"Pick a number from 1 to {len(self._offered)}, or ask something.")
        picked = self._offered[number - 1]
        # The button below an answer promises the full description of a role; a choice doesn't.
        full = self._more and self._engine.knowledge_base.role(picked.entry) is not None
        result = self._engine.show(picked.entry, self._question(picked.label))
        return self._offer(result.full_reply() if full else result.reply)

    def _offer(self, reply: Reply) -> Reply:
        choices = (*reply.choices, *reply.roles)
        self._more = not choices
        self._offered = choices or reply.more
        return reply


EXAMPLE = "Example: faqbot chat --audience candidates"
PROMPT = "you> "


def chat(*, audience: Who = Audience.EMPLOYEES, knowledge: Knowledge = None) -> None:
    """Talk to faqbot: it remembers the role, and choices are picked by their number.

    Within the conversation: /role, /roles, /new, /help, /quit.
    """
    from faqbot.cli.ask import print_reply

    engine = load_engine(knowledge)
    terminal = console()
    # Somebody who pipes questions in wants their answers only.
    if sys.stdin.isatty():
        terminal.print(HELP, markup=False)
    conversation = Conversation(engine, audience)
    while (line := _line()) is not None:
        if line.strip().lower() in ("/quit", "/exit"):
            return
        if not line.strip():
            continue
        print_reply(terminal, conversation.answer(line), with_more=True)
        typer.echo()


def _line() -> str | None:
    """Read a line; None at the end of the input."""
    if not sys.stdin.isatty():
        # Bytes: a piped file needn't be in the locale's encoding, and one bad byte may not end it.
        line = sys.stdin.buffer.readline()
        return line.decode(errors="replace").rstrip("\r\n") if line else None
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - its import gives the prompt a history
    try:
        return input(PROMPT)
    except EOFError:
        typer.echo()
        return None
