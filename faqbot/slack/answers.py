"""Questions to the desk, answers as messages: what all surfaces share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from faqbot.engine import Desk
from faqbot.model import Answered, Declined, Kind, Question, Receipt
from faqbot.replies.reply import Reply
from faqbot.slack.blockkit import blocks as block_values
from faqbot.slack.blockkit.blocks import Address, Message, render
from faqbot.slack.blockkit.views import roles_list

HELP = frozenset({"", "help"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A message, the role that it is about, whether it declines, and what became of the question.

    `address` leads to the same answer again.
    """

    message: Message
    role: str | None = None
    declined: bool = False
    receipt: Receipt | None = None
    address: Address | None = None


def wants_help(text: str) -> bool:
    """Whether somebody says nothing, or asks for help and nothing else."""
    return text.strip().strip("?!./ ").casefold() in HELP


async def ask(desk: Desk, question: Question) -> Answer:
    """Answer any question."""
    return _answer(desk, await desk.ask(question), full=False)


async def describe(desk: Desk, question: Question) -> Answer:
    """Answer with the full description of a role, or one part of it."""
    return _answer(desk, await desk.describe(question), full=True)


async def show(desk: Desk, address: Address, question: Question) -> Answer:
    """Answer with the entries that a button carries."""
    if address.entries == (block_values.ROLES,):
        return Answer(roles_list(desk.library, address.page))
    receipts = [await desk.show(entry, question) for entry in address.entries or ("",)]
    if len(receipts) == 1:
        return _answer(desk, receipts[0], full=address.full, page=address.page)
    roles = {receipt.role for receipt in receipts}
    role = roles.pop() if len(roles) == 1 else None
    reply = _joined(desk, [desk.reply(receipt) for receipt in receipts], role)
    return Answer(render(reply, address), role)


def _answer(desk: Desk, receipt: Receipt, *, full: bool, page: int = 1) -> Answer:
    match receipt.outcome:
        case Answered(entries=entries):
            whole = full and len(entries) == 1 and entries[0].kind is Kind.ROLE
            key = receipt.outcome.fact.key if receipt.outcome.fact else ""
            shown = (key,) if key else tuple(entry.id for entry in entries)
            address = Address(shown, whole, page)
            reply = _described(desk, receipt) if whole else desk.reply(receipt)
            return Answer(render(reply, address), receipt.role, receipt=receipt, address=address)
        case Declined():
            return Answer(render(desk.reply(receipt)), receipt.role, declined=True, receipt=receipt)
        case _:
            return Answer(render(desk.reply(receipt)), receipt.role, receipt=receipt)


def _described(desk: Desk, receipt: Receipt) -> Reply:
    """The full description, with buttons to its single parts."""
    overview = desk.reply(receipt)
    parts = tuple(way for way in overview.more if "/" in way.entry)
    return replace(desk.reply(receipt, full=True), more=parts)


def _joined(desk: Desk, replies: list[Reply], role_id: str | None) -> Reply:
    """One reply of several, as the desk gives it when one question asks for several parts."""
    parts = tuple(part for reply in replies for part in reply.parts)
    role = desk.library.role(role_id)
    shown = {part.id for part in parts}
    ways = {way.entry: way for reply in replies for way in reply.more if way.entry not in shown}
    return Reply(
        header=role.title if role else " · ".join(part.title for part in parts),
        parts=parts,
        sources=tuple(source for reply in replies for source in reply.sources),
        more=tuple(ways.values()) if role else (),
    )
