"""“Ask a person”: the modal, the hand-over, and the message whose button it was."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cachetools import LRUCache
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond

from faqbot.slack.blockkit.blocks import Action, Message, mrkdwn_context
from faqbot.slack.blockkit.modals import modal, text_input
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.blockkit.views import echoed
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.context import AppContext
from faqbot.slack.listeners.errors import needs_storage
from faqbot.slack.listeners.feedback import (
    MAX_QUESTION,
    UNSAID,
    metadata_of,
    own_text,
)
from faqbot.slack.listeners.handoff import HandoffRequest, HandoffService
from faqbot.slack.payloads import Interaction, string_fields
from faqbot.slack.posts import send_ephemeral
from faqbot.storage.models import Handoff, QuestionRecord

VIEW: Final = "person"
_QUESTION: Final = "question"
_GONE: Final = "That question is no longer remembered. Please ask again."
_OPEN_MODALS: Final = 1_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _AskedAt:
    """The message with the button “Ask a person” that somebody clicked."""

    interaction: Interaction
    respond: AsyncRespond | None


@dataclass(frozen=True, slots=True)
class _Requests:
    """Questions that people ask to hand over.

    `clicked` keeps the messages of open modals, by user and question: the submission doesn't
    contain them. A message that isn't kept is brought up to date at the next click on it.
    """

    app: AppContext
    clicked: LRUCache[tuple[str, str], _AskedAt] = field(
        default_factory=lambda: LRUCache(_OPEN_MODALS)
    )

    @property
    def handoffs(self) -> HandoffService:
        """The service that hands questions to people."""
        return HandoffService(self.app)

    async def ask(self, interaction: Interaction, context: AsyncBoltContext) -> None:
        """Open a modal for the question that a person will read."""
        record = await self._record(interaction.team, interaction.value)
        if record is None:
            await send_ephemeral(interaction, _GONE, context)
            return
        asked_at = _AskedAt(interaction, context.respond if context.response_url else None)
        async with self.app.services.store() as store:
            known = await store.handoffs.of_question(record.team, record.id, interaction.user)
        if known is not None and known.notice_ts:
            said = await self.handoffs.whereabouts(client_of(context), known)
            await send_ephemeral(interaction, said, context)
            await self._show_owners(asked_at, known, context)
            return
        self.clicked[interaction.user, record.id] = asked_at
        view = _person_modal(
            metadata_of(record.id, interaction), own_text(record, interaction.user)
        )
        await client_of(context).views_open(trigger_id=interaction.trigger, view=view)

    async def hand_over(
        self, ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        """Hand over the question of a submitted modal."""
        user, metadata = interaction.user, string_fields(interaction.view.metadata)
        record = await self._record(interaction.team, metadata.get("question_id", ""))
        if record is None:
            await ack(response_action="errors", errors={_QUESTION: _GONE})
            return
        question = interaction.view.input(_QUESTION).value.strip()
        if not question:
            await ack(response_action="errors", errors={_QUESTION: UNSAID})
            return
        await ack()
        asked = HandoffRequest(
            record, user, question, metadata.get("channel", ""), metadata.get("thread", "")
        )
        handoff = await self.handoffs.open(client_of(context), asked)
        asked_at = self.clicked.pop((user, record.id), None)
        if handoff is not None and asked_at is not None:
            await self._show_owners(asked_at, handoff, context)

    async def _show_owners(
        self, asked_at: _AskedAt, handoff: Handoff, context: AsyncBoltContext
    ) -> None:
        """Replace the button “Ask a person” by who has the question."""
        place, client = asked_at.interaction, client_of(context)
        owners = await self.app.owners.owners(client, handoff.owner)
        line = mrkdwn_context(f"<@{handoff.asker}> asked a person: {owners}")
        try:
            if place.private and asked_at.respond is not None:
                asked = mrkdwn_context(f"You asked a person: {owners}")
                said = Message("A person has your question.", (asked,))
                message = echoed(said, handoff.question)
                await asked_at.respond(
                    response_type="ephemeral", replace_original=True, **message.as_arguments()
                )
            elif place.channel and place.blocks:
                blocks = (*_without_person(place.blocks), line)
                message = Message(place.text, blocks)
                await client.chat_update(
                    channel=place.channel, ts=place.ts, **message.as_arguments()
                )
        except SLACK_ERRORS as error:
            _log.info("a handed-over question was not updated: %s", describe_error(error))

    async def _record(self, team: str, question_id: str) -> QuestionRecord | None:
        async with self.app.services.store() as store:
            return await store.questions.get(team, question_id)


def _without_person(blocks: Sequence[Mapping[str, Any]]) -> Iterator[JsonObject]:
    """Yield the blocks of a message without the button “Ask a person”."""
    for block in blocks:
        if block.get("type") != "actions":
            yield dict(block)
            continue
        action = f"{Action.ASK_PERSON}:"
        kept = [
            element
            for element in block.get("elements") or ()
            if not str(element.get("action_id", "")).startswith(action)
        ]
        if kept:
            yield {**block, "elements": kept}


def _person_modal(metadata: dict[str, str], question: str) -> JsonObject:
    words = text_input(
        _QUESTION,
        "Your question",
        hint="It goes to those who own the content, with your name.",
        initial=question,
        max_length=MAX_QUESTION,
    )
    return modal(
        "Ask a person",
        [words],
        callback=VIEW,
        submit="Send",
        metadata=json.dumps(metadata),
    )


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listeners of the button “Ask a person” and its modal."""
    requests = _Requests(app_context)

    @app.action(f"{Action.ASK_PERSON}:0")
    @needs_storage
    async def on_person(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await requests.ask(interaction, context)

    @app.view(VIEW)
    @needs_storage
    async def on_question(
        ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        await requests.hand_over(ack, interaction, context)
