"""Feedback on answers: ratings, picks, and questions handed to a person."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from faqbot.model import Answer, Choices, Decline, Reason
from faqbot.slack.answers import AnswerMessage
from faqbot.slack.blockkit.blocks import (
    BUTTONS,
    Action,
    Message,
    actions,
    button,
    option,
    parse_entry_ref,
    plain,
)
from faqbot.slack.blockkit.modals import input_block, modal, text_input
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.client import client_of
from faqbot.slack.context import AppContext, Services
from faqbot.slack.listeners.errors import needs_storage
from faqbot.slack.listeners.handoff import HandoffRequest, HandoffService
from faqbot.slack.payloads import Interaction, string_fields
from faqbot.slack.posts import send_ephemeral
from faqbot.storage.models import (
    PHRASING,
    Proposal,
    ProposalState,
    QuestionRecord,
    StoreError,
    utc_now,
)
from faqbot.storage.store import Store, new_id

_QUESTION_BLOCK: Final = "question:"
LONGEST: Final = 300
"""Characters of a phrasing that is suggested."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feedback:
    """Logs answered questions, and adds buttons for feedback to their answers.

    Without a database nothing is logged, and answers have no such buttons.
    """

    services: Services

    def attach_feedback(
        self, answer: AnswerMessage, team: str, channel: str, thread: str = ""
    ) -> AnswerMessage:
        """Log a question, and add buttons for feedback to its answer.

        Args:
            answer: what was answered.
            team: the workspace.
            channel: where it was asked; empty for a private question.
            thread: the thread that the answer stands in, or begins.
        """
        self._count(answer)
        if self.services.recorder is None or answer.result is None:
            return answer
        question_id = self.services.recorder.record(answer.result, team, channel, thread)
        if not question_id:
            return answer
        message = answer.message
        match answer.result.outcome:
            case Answer():
                blocks = (*message.blocks, _rating(question_id))
            case Decline(reason=Reason.SENSITIVE):
                # The owner of a role is not whom a sensitive matter is for: the reply says who is.
                return answer
            case Decline():
                blocks = with_button(message.blocks, ask_person(question_id))
            case Choices():
                blocks = _marked(message.blocks, question_id)
        return replace(answer, message=Message(message.text, blocks))

    def record(self, answer: AnswerMessage, team: str) -> None:
        """Log a question whose answer can't have buttons."""
        self._count(answer)
        if self.services.recorder is not None and answer.result is not None:
            self.services.recorder.record(answer.result, team, "")

    def _count(self, answer: AnswerMessage) -> None:
        if answer.result is not None and answer.result.question.text:  # else a button was pressed
            self.services.metrics.question(answer.result)

    def offer_person(self, message: Message, interaction: Interaction) -> Message:
        """Add the button “Ask a person” to what is said after none of the choices was meant."""
        if self.services.recorder is None or not interaction.block.startswith(_QUESTION_BLOCK):
            return message
        question_id = interaction.block.removeprefix(_QUESTION_BLOCK)
        return Message(message.text, with_button(message.blocks, ask_person(question_id)))

    async def record_pick(self, interaction: Interaction) -> None:
        """Log which choice somebody meant."""
        if self.services.recorder is None or not interaction.block.startswith(_QUESTION_BLOCK):
            return
        entries = parse_entry_ref(interaction.value).entries
        question_id = interaction.block.removeprefix(_QUESTION_BLOCK)
        try:
            async with self.services.store() as store:
                await store.questions.pick(
                    interaction.team, question_id, interaction.user, " ".join(entries)[:300]
                )
                record = await store.questions.get(interaction.team, question_id)
                if record is not None and record.text and len(entries) == 1:
                    await suggest(store, record.team, record.text, entries[0], interaction.user)
        except StoreError:
            _log.info("a pick was not remembered: the database is down")


async def suggest(store: Store, team: str, text: str, entry: str, user: str) -> None:
    """Suggest a question as a phrasing of the entry that was meant, unless it is long or known."""
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
        created=utc_now(),
        changed=utc_now(),
    )
    await store.proposals.add(suggestion)


def _rating(question_id: str) -> JsonObject:
    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": f"{Action.RATE}:0",
                "positive_button": {
                    "text": plain("Helpful"),
                    "accessibility_label": "This answer helped me",
                    "value": f"up {question_id}",
                },
                "negative_button": {
                    "text": plain("Not helpful"),
                    "accessibility_label": "This answer did not help me",
                    "value": f"down {question_id}",
                },
            }
        ],
    }


def ask_person(question_id: str) -> JsonObject:
    """Return the button that hands a question to a person."""
    return button(Action.ASK_PERSON, 0, "Ask a person", question_id)


def with_button(blocks: Sequence[JsonObject], element: JsonObject) -> tuple[JsonObject, ...]:
    """Return a message's blocks with another button.

    It stands beside the buttons that lead on; without any, in a row above the small print.
    """
    at = len(blocks)
    while at and blocks[at - 1]["type"] in ("context", "context_actions"):
        at -= 1
    last = blocks[at - 1] if at else {}
    if _leads_on(last) and len(last["elements"]) < BUTTONS:
        return (*blocks[: at - 1], {**last, "elements": [*last["elements"], element]}, *blocks[at:])
    return (*blocks[:at], actions([element]), *blocks[at:])


def _leads_on(block: JsonObject) -> bool:
    """Whether a block has buttons that show other entries, not choices of an answer."""
    if block.get("type") != "actions":
        return False
    first = str(block["elements"][0].get("action_id", ""))
    return first.startswith((f"{Action.SHOW}:", f"{Action.PAGE}:"))


def _marked(blocks: tuple[JsonObject, ...], question_id: str) -> tuple[JsonObject, ...]:
    """Return the blocks, with the question's id at the first block of buttons."""
    found = list(blocks)
    for number, block in enumerate(found):
        if block["type"] == "actions":
            found[number] = {**block, "block_id": f"{_QUESTION_BLOCK}{question_id}"}
            break
    return tuple(found)


RATE_VIEW: Final = "rate"
_COMMENT: Final = "comment"
_HAND_OVER: Final = "hand-over"
MAX_QUESTION: Final = 2_000
UNSAID: Final = "Please write what you want to know, so that a person can answer it."


@dataclass(frozen=True, slots=True)
class _Rating:
    """Takes ratings, and hands over the questions of those who want it."""

    app: AppContext

    async def rate(self, interaction: Interaction, context: AsyncBoltContext) -> None:
        """Log a rating; open a modal that asks what was missing if the answer didn't help."""
        way, _, question_id = interaction.value.partition(" ")
        async with self.app.services.store() as store:
            known = await store.questions.rate(
                interaction.team, question_id, interaction.user, helpful=way == "up"
            )
        if not known:
            await send_ephemeral(
                interaction, "That answer is no longer remembered, so it can't be rated.", context
            )
        elif way == "down":
            view = _rate_modal(metadata_of(question_id, interaction))
            await client_of(context).views_open(trigger_id=interaction.trigger, view=view)

    async def comment(
        self, ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        """Log what was missing, and hand the question over if the box is checked."""
        view, user, team = interaction.view, interaction.user, interaction.team
        metadata = string_fields(view.metadata)
        comment, wanted = view.input(_COMMENT).value.strip(), view.input(_HAND_OVER).checked
        async with self.app.services.store() as store:
            await store.questions.rate(
                team, metadata.get("question_id", ""), user, helpful=False, comment=comment
            )
        record = await self._record(team, metadata.get("question_id", ""))
        own = own_text(record, user) if record else ""
        question = f"{own} ({comment})" if own and comment else own or comment
        if wanted and not question:
            await ack(response_action="errors", errors={_COMMENT: UNSAID})
            return
        await ack()
        if wanted and record is not None:
            asked = HandoffRequest(
                record, user, question, metadata.get("channel", ""), metadata.get("thread", "")
            )
            await HandoffService(self.app).open(client_of(context), asked)

    async def _record(self, team: str, question_id: str) -> QuestionRecord | None:
        async with self.app.services.store() as store:
            return await store.questions.get(team, question_id)


def own_text(record: QuestionRecord, user: str) -> str:
    """Return a question's text to its asker, nothing to others."""
    return record.text or "" if record.asker == user else ""


def metadata_of(question_id: str, interaction: Interaction) -> dict[str, str]:
    """Return the metadata of a modal about a question."""
    return {
        "question_id": question_id,
        "channel": interaction.channel,
        "thread": interaction.public_thread,
    }


def _rate_modal(metadata: dict[str, str]) -> JsonObject:
    comment = text_input(
        _COMMENT,
        "What would have helped?",
        hint="The owners of the content read it.",
        max_length=MAX_QUESTION,
        optional=True,
    )
    choice = option("Hand my question to a person", "yes")
    boxes = {"type": "checkboxes", "action_id": _HAND_OVER, "options": [choice]}
    return modal(
        "What was missing?",
        [comment, input_block(_HAND_OVER, "A person", boxes, optional=True)],
        callback=RATE_VIEW,
        submit="Send",
        metadata=json.dumps(metadata),
    )


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listeners of ratings."""
    rating = _Rating(app_context)

    @app.action(f"{Action.RATE}:0")
    @needs_storage
    async def on_rating(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await rating.rate(interaction, context)
        app_context.services.metrics.rating(helpful=interaction.value.startswith("up "))

    @app.view(RATE_VIEW)
    @needs_storage
    async def on_comment(
        ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        await rating.comment(ack, interaction, context)
