"""Questions to the engine, answers as messages: what all surfaces share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from faqbot.engine import Engine
from faqbot.model import Answer, Decline, EntryKind, Question, Result
from faqbot.replies.reply import Reply
from faqbot.slack.blockkit.blocks import ALL_ROLES, EntryRef, Message, render
from faqbot.slack.blockkit.views import roles_list

HELP = frozenset({"", "help"})


@dataclass(frozen=True, slots=True)
class AnswerMessage:
    """A message, the role that it is about, whether it declines, and what became of the question.

    `address` leads to the same answer again.
    """

    message: Message
    role: str | None = None
    declined: bool = False
    receipt: Result | None = None
    address: EntryRef | None = None


def wants_help(text: str) -> bool:
    """Whether somebody says nothing, or asks for help and nothing else."""
    return text.strip().strip("?!./ ").casefold() in HELP


def ask(engine: Engine, question: Question) -> AnswerMessage:
    """Answer any question."""
    return _answer(engine, engine.ask(question), full=False)


def describe(engine: Engine, question: Question) -> AnswerMessage:
    """Answer with the full description of a role, or one part of it."""
    return _answer(engine, engine.describe(question), full=True)


def show(engine: Engine, address: EntryRef, question: Question) -> AnswerMessage:
    """Answer with the entries that a button carries."""
    if address.entries == (ALL_ROLES,):
        return AnswerMessage(roles_list(engine.knowledge_base, address.page))
    receipts = [engine.show(entry, question) for entry in address.entries or ("",)]
    if len(receipts) == 1:
        return _answer(engine, receipts[0], full=address.full, page=address.page)
    roles = {receipt.role for receipt in receipts}
    role = roles.pop() if len(roles) == 1 else None
    reply = _joined(engine, [engine.reply(receipt) for receipt in receipts], role)
    return AnswerMessage(render(reply, address), role)


def _answer(engine: Engine, receipt: Result, *, full: bool, page: int = 1) -> AnswerMessage:
    match receipt.outcome:
        case Answer(entries=entries):
            whole = full and len(entries) == 1 and entries[0].kind is EntryKind.ROLE
            key = receipt.outcome.fact.key if receipt.outcome.fact else ""
            shown = (key,) if key else tuple(entry.id for entry in entries)
            address = EntryRef(shown, whole, page)
            reply = _described(engine, receipt) if whole else engine.reply(receipt)
            return AnswerMessage(
                render(reply, address), receipt.role, receipt=receipt, address=address
            )
        case Decline():
            return AnswerMessage(
                render(engine.reply(receipt)), receipt.role, declined=True, receipt=receipt
            )
        case _:
            return AnswerMessage(render(engine.reply(receipt)), receipt.role, receipt=receipt)


def _described(engine: Engine, receipt: Result) -> Reply:
    """The full description, with buttons to its single parts."""
    overview = engine.reply(receipt)
    parts = tuple(way for way in overview.more if "/" in way.entry)
    return replace(engine.reply(receipt, full=True), more=parts)


def _joined(engine: Engine, replies: list[Reply], role_id: str | None) -> Reply:
    """One reply of several, as the engine gives it when one question asks for several parts."""
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
