"""A conversation with the desk, apart from how it is shown."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from faqbot.cli.common import question
from faqbot.cli.common__output import readable
from faqbot.engine import Desk
from faqbot.model import Audience, Question, Receipt
from faqbot.replies.reply import Button, Reply

HELP = (
    "Ask about a role, or pick a choice by its number. "
    "/role NAME shows a role, /roles all of them, /new forgets the role, /quit ends."
)


class Conversation:
    """Remembers the role, and which numbers were offered.

    Args:
        desk: answers.
        runner: runs the desk's coroutines.
        audience: who is asking.
    """

    def __init__(self, desk: Desk, runner: asyncio.Runner, audience: Audience) -> None:
        self._desk = desk
        self._runner = runner
        self._audience = audience
        self._count = 1
        self._offered: tuple[Button, ...] = ()
        self._more = False

    @property
    def _thread(self) -> str:
        return f"chat-{self._count}"

    def answer(self, line: str) -> Reply:
        """The reply to a line: a command, a number that was offered, or a question."""
        text = readable(line).strip()
        if text.startswith("/"):
            return self._command(text)
        if text.isdecimal() and self._offered:
            return self._pick(int(text))
        receipt = self._runner.run(self._desk.ask(self._question(text)))
        return self._offer(self._desk.reply(receipt))

    def _question(self, text: str) -> Question:
        return replace(question(text, self._audience), thread=self._thread)

    def _command(self, text: str) -> Reply:
        name, _, rest = text.partition(" ")
        match name.lower():
            case "/role" if rest.strip():
                receipt = self._runner.run(self._desk.describe(self._question(rest.strip())))
                return self._offer(self._desk.reply(receipt))
            case "/role":
                return self._about()
            case "/roles":
                return self._roles()
            case "/new":
                self._count += 1
                self._offered = ()
                return Reply(lead="A new conversation: which role is it about?")
            case "/help":
                return Reply(lead=HELP)
            case _:
                return Reply(lead=f"There is no command {name}.", hint=HELP)

    def _about(self) -> Reply:
        role = self._desk.library.role(self._desk.role_of(self._thread))
        if role is None:
            return Reply(lead="We aren't talking about a role yet. Try /role NAME, or /roles.")
        return Reply(lead=f"We are talking about **{role.title}**.")

    def _roles(self) -> Reply:
        roles = tuple(Button(role.title, role.id) for role in self._desk.library.roles)
        return self._offer(Reply(header="Roles", roles=roles))

    def _pick(self, number: int) -> Reply:
        if not 1 <= number <= len(self._offered):
            return Reply(lead=f"Pick a number from 1 to {len(self._offered)}, or ask something.")
        picked = self._offered[number - 1]
        full = self._more and self._desk.library.role(picked.entry) is not None
        receipt: Receipt = self._runner.run(
            self._desk.show(picked.entry, self._question(picked.label))
        )
        return self._offer(self._desk.reply(receipt, full=full))

    def _offer(self, reply: Reply) -> Reply:
        choices = (*reply.choices, *reply.roles)
        self._more = not choices
        self._offered = choices or reply.more
        return reply
