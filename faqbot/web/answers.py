"""Answers to callers outside Slack's messages: a result of the engine with the reply to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from faqbot.engine import Engine
from faqbot.errors import UsageError, quoted
from faqbot.matching.facts.finder import MAX_ROLES
from faqbot.model import Audience, Comparison, Question, Surface
from faqbot.replies.reply import Button, Reply, as_text
from faqbot.replies.result import Result
from faqbot.runtime.question_queue import QuestionQueue

MAX_QUESTION: Final = 2_000
"""Characters of a question, of a role's name and of an entry's id that are taken."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        surface: by which way.
        audience: who that is to the content, which is decided before anything is asked.
        asker: the Slack id, where it is known.
    """

    surface: Surface
    audience: Audience = Audience.EVERYONE
    asker: str = ""


@dataclass(frozen=True)
class WebAnswer:
    """A result, and the reply that is shown of it.

    Attributes:
        result: of the engine.
        reply: to the question, or the full description of a role.
        question_id: the id of the question in the log; empty where it isn't logged.
    """

    result: Result
    reply: Reply
    question_id: str = ""

    @property
    def text(self) -> str:
        """The reply as plain text."""
        return as_text(self.reply)

    def contract(self) -> dict[str, object]:
        """Return the JSON contract of `faqbot ask --json`."""
        return self.result.to_dict() | {"text": self.text}


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers from one engine.

    Args:
        engine: answers questions.
        questions: parses them beside the event loop.
        on_result: called with each result; returns the id of the question in the log, if any.
    """

    engine: Engine
    questions: QuestionQueue = field(default_factory=QuestionQueue)
    on_result: Callable[[Result], str] = field(default=lambda _: "")

    async def ask(self, caller: Caller, text: str, role: str = "") -> WebAnswer:
        """Answer a question; `role` is the role that it is about where it names none.

        Raises:
            UsageError: there is no such role.
        """
        role_id = await self._role_id(role) if role else None
        question = _question(caller, text, role_id)
        return self._answer(await self.questions.ask(self.engine, question))

    def show(self, caller: Caller, entry: str, label: str = "") -> WebAnswer:
        """Answer with an entry, by its id; `label` stands on the button that led there."""
        return self._answer(self.engine.show(entry, _question(caller, label or entry)))

    async def describe(self, caller: Caller, text: str) -> WebAnswer:
        """Answer with the full description of a role, or with the part of it that is named too."""
        named = self.engine.knowledge_base.role(text.strip())
        if named:
            result = self.engine.show(named.id, _question(caller, named.title))
        else:
            result = await self.questions.describe(self.engine, _question(caller, text))
        return self._answer(result, full=True)

    async def compare(self, caller: Caller, roles: Sequence[str], part: str = "") -> WebAnswer:
        """Answer with roles side by side.

        Args:
            caller: who asks.
            roles: ids, titles or other names.
            part: the key or the title of the section to compare; empty for all of them.

        Returns:
            The comparison; where a name is unknown or ambiguous, the reply that says so.

        Raises:
            UsageError: the roles are too few or too many, or have no such section.
        """
        ids: list[str] = []
        for name in roles:
            found = await self._role_id_or_none(name)
            if found is None:
                return await self.describe(caller, name)
            ids.append(found)
        ids = list(dict.fromkeys(ids))
        if not 1 < len(ids) <= MAX_ROLES:
            raise UsageError(f"Name 2 or {MAX_ROLES} different roles to compare.")
        key = Comparison(tuple(ids), self._part(ids, part)).key
        question = _question(caller, f"compare {', '.join(roles)}")
        return self._answer(self.engine.show(key, question))

    def roles(self) -> list[dict[str, object]]:
        """Return the roles in the order of the content: id, title, aliases, family, parts."""
        return [
            {
                "id": role.id,
                "title": role.title,
                "aliases": list(role.aliases),
                "family": role.family,
                "parts": [section.key for section in role.sections],
            }
            for role in self.engine.knowledge_base.roles
        ]

    def roles_reply(self) -> Reply:
        """Return the list of roles as a reply, with a button for each."""
        roles = self.engine.knowledge_base.roles
        return Reply(header="Roles", roles=tuple(Button(role.title, role.id) for role in roles))

    def _answer(self, result: Result, *, full: bool = False) -> WebAnswer:
        reply = result.full_reply() if full else result.reply
        return WebAnswer(result, reply, self.on_result(result))

    async def _role_id(self, name: str) -> str:
        found = await self._role_id_or_none(name)
        if found is None:
            raise UsageError(f"There is no role {quoted(name)}: list the roles for their ids.")
        return found

    async def _role_id_or_none(self, name: str) -> str | None:
        """Return the id of a role by its id or a name; None for none or several."""
        known = self.engine.knowledge_base.role(name.strip())
        if known is not None:
            return known.id
        described = await self.questions.describe(self.engine, Question(name))
        return described.role if described.kind == "answer" else None

    def _part(self, roles: Sequence[str], part: str) -> str:
        """Return the key of a section that one of the roles has, by its key or title."""
        wanted = part.strip().casefold()
        if not wanted:
            return ""
        known: dict[str, str] = {}
        for role_id in roles:
            role = self.engine.knowledge_base.role(role_id)
            for section in role.sections if role else ():
                known.setdefault(section.key, section.title)
        for key, title in known.items():
            if wanted in (key.casefold(), title.casefold()):
                return key
        raise UsageError(
            f"None of these roles has a part {quoted(part)}; they have {', '.join(known)}."
        )


def _question(caller: Caller, text: str, role: str | None = None) -> Question:
    return Question(
        text, asker=caller.asker, audience=caller.audience, surface=caller.surface, role=role
    )
