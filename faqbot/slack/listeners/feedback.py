"""What one can do with an answer: rate it, pick a reading, hand the question to a person."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from faqbot.model import Answered, Declined, Unsure
from faqbot.runtime.metrics import Metrics
from faqbot.slack.answers import Answer
from faqbot.slack.blockkit import blocks__addresses
from faqbot.slack.blockkit.blocks import Message, Payload, button, plain
from faqbot.slack.interactions import Spot, value_of
from faqbot.storage.models import PHRASING, Proposal, ProposalState, StoreError
from faqbot.storage.models__times import now
from faqbot.storage.recorder import Memory
from faqbot.storage.store import Store, new_id

_RECEIPT: Final = "receipt:"
LONGEST: Final = 300
"""Characters of a phrasing that is suggested."""

_log = logging.getLogger(__name__)


class Feedback:
    """Remembers answers, and lets people say what they think of them.

    Args:
        memory: where; None remembers nothing, and no buttons are shown.
        metrics: counts the questions.
    """

    def __init__(self, memory: Memory | None, metrics: Metrics) -> None:
        self._memory = memory
        self._metrics = metrics

    def sign(self, answer: Answer, team: str, channel: str) -> Answer:
        """Remember the question, and add to its answer what one can do with it."""
        self._count(answer)
        if self._memory is None or answer.receipt is None:
            return answer
        receipt = self._memory.remember(answer.receipt, team, channel)
        if not receipt:
            return answer
        message = answer.message
        match answer.receipt.outcome:
            case Answered():
                blocks = (*message.blocks, _rating(receipt))
            case Declined():
                blocks = (*message.blocks, _person(receipt))
            case Unsure():
                blocks = _marked(message.blocks, receipt)
        return replace(answer, message=Message(message.text, blocks))

    def note(self, answer: Answer, team: str) -> None:
        """Remember a question whose answer stands where nothing can be added to it."""
        self._count(answer)
        if self._memory is not None and answer.receipt is not None:
            self._memory.remember(answer.receipt, team, "")

    def _count(self, answer: Answer) -> None:
        if answer.receipt is not None and answer.receipt.question.text:  # else a button was pressed
            self._metrics.question(answer.receipt)

    async def picked(self, action: Payload, spot: Spot) -> None:
        """Remember which of several readings somebody meant."""
        block = str(action.get("block_id") or "")
        if self._memory is None or not block.startswith(_RECEIPT):
            return
        entries = blocks__addresses.parse(value_of(action)).entries
        receipt = block.removeprefix(_RECEIPT)
        try:
            async with self._memory.store() as store:
                await store.receipts.pick(spot.team, receipt, spot.user, " ".join(entries)[:300])
                record = await store.receipts.get(spot.team, receipt)
                if record is not None and record.text and len(entries) == 1:
                    await suggest(store, record.team, record.text, entries[0], spot.user)
        except StoreError:
            _log.info("a pick was not remembered: the database is down")


async def suggest(store: Store, team: str, text: str, entry: str, user: str) -> None:
    """Suggest the words of a question as a phrasing of the entry that was meant, once.

    A long story is no phrasing.
    """
    if "/" not in entry or entry.startswith("=") or len(text) > LONGEST:
        return
    for known in await store.proposals.all(team, ProposalState):
        if (known.entry, known.question) == (entry, text):
            return
    role = entry.partition("/")[0]
    suggestion = Proposal(
        id=new_id(),
        team=team,
        kind=PHRASING,
        question=text,
        entry=entry,
        role=None if role == "faq" else role,
        proposed_by=user,
        created=now(),
        changed=now(),
    )
    await store.proposals.add(suggestion)


def _rating(receipt: str) -> Payload:
    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": f"{blocks__addresses.RATE}:0",
                "positive_button": {
                    "text": plain("Helpful"),
                    "accessibility_label": "This answer helped me",
                    "value": f"up {receipt}",
                },
                "negative_button": {
                    "text": plain("Not helpful"),
                    "accessibility_label": "This answer did not help me",
                    "value": f"down {receipt}",
                },
            }
        ],
    }


def _person(receipt: str) -> Payload:
    ask = button(blocks__addresses.PERSON, 0, "Ask a person", receipt)
    return {"type": "actions", "elements": [ask]}


def _marked(blocks: tuple[Payload, ...], receipt: str) -> tuple[Payload, ...]:
    """The blocks, the first one with buttons bearing the receipt for whoever picks."""
    found = list(blocks)
    for number, block in enumerate(found):
        if block["type"] == "actions":
            found[number] = {**block, "block_id": f"{_RECEIPT}{receipt}"}
            break
    return tuple(found)
