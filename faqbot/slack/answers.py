"""Answer messages: results of the engine as Slack messages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from faqbot.engine import Engine
from faqbot.model import EntryKind, Question
from faqbot.replies.reply import ALL_ROLES, Reply
from faqbot.replies.result import Result
from faqbot.slack.blockkit.blocks import EntryRef, Message, render
from faqbot.slack.blockkit.views import roles_list
from faqbot.slack.context import AppContext

HELP = frozenset({"", "help"})


@dataclass(frozen=True, slots=True)
class AnswerMessage:
    """A message, the role that it is about, whether it declines or answers, and the result.

    `address` leads to the same answer again.
    """

    message: Message
    role: str | None = None
    declined: bool = False
    answered: bool = False
    result: Result | None = None
    address: EntryRef | None = None


def wants_help(text: str) -> bool:
    """Whether a text is empty, or asks for help and nothing else."""
    return text.strip().strip("?!./ ").casefold() in HELP


async def ask(app: AppContext, question: Question) -> AnswerMessage:
    """Return the answer to a question."""
    return as_message(await app.services.questions.ask(app.engine, question))


async def describe(app: AppContext, question: Question) -> AnswerMessage:
    """Return the full description of a role, or one part of it."""
    return as_message(await find_description(app, question), full=True)


async def find_description(app: AppContext, question: Question) -> Result:
    """Return the role that a text names, or the part of it that it names too."""
    return await app.services.questions.describe(app.engine, question)


def show(engine: Engine, address: EntryRef, question: Question) -> AnswerMessage:
    """Return the entries of a button's value."""
    if address.entries == (ALL_ROLES,):
        return AnswerMessage(roles_list(engine.knowledge_base, address.page))
    results = [engine.show(entry, question) for entry in address.entries or ("",)]
    if len(results) == 1:
        return as_message(results[0], full=address.full, page=address.page)
    roles = {result.role for result in results}
    role = roles.pop() if len(roles) == 1 else None
    reply = _joined(engine, [result.reply for result in results], role)
    return AnswerMessage(render(reply, address), role)


def as_message(result: Result, *, full: bool = False, page: int = 1) -> AnswerMessage:
    """Return a result as a message; `full` shows a role whole."""
    if result.kind != "answer":
        declined = result.kind == "decline"
        return AnswerMessage(render(result.reply), result.role, declined=declined, result=result)
    entries = result.entries
    whole = full and len(entries) == 1 and entries[0].kind is EntryKind.ROLE
    key = result.fact.key if result.fact else ""
    address = EntryRef(tuple(entry.id for entry in entries), whole, page)
    if key:
        address = EntryRef((key,), full, page)
    reply = _described(result) if whole else result.reply
    return AnswerMessage(
        render(reply, address), result.role, answered=True, result=result, address=address
    )


def _described(result: Result) -> Reply:
    """Return the full description of a role, with buttons that show single parts."""
    parts = tuple(way for way in result.reply.more if "/" in way.entry)
    return replace(result.full_reply(), more=parts)


def _joined(engine: Engine, replies: list[Reply], role_id: str | None) -> Reply:
    """Join replies into one, as the engine does when a question asks for several parts."""
    parts = tuple(part for reply in replies for part in reply.parts)
    role = engine.knowledge_base.role(role_id)
    shown = {part.id for part in parts}
    ways = {way.entry: way for reply in replies for way in reply.more if way.entry not in shown}
    return Reply(
        header=role.title if role else " · ".join(part.title for part in parts),
        parts=parts,
        sources=tuple(source for reply in replies for source in reply.sources),
        more=tuple(ways.values()) if role else (),
    )
