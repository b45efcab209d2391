"""“Point to an answer”: owners answer handed-off questions with entries of the content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from faqbot.model import Answer, Audience, Candidate, Entry, EntryKind, Faq, Question
from faqbot.slack.answers import show
from faqbot.slack.blockkit.blocks import (
    LABEL,
    OPTIONS,
    Action,
    EntryRef,
    context,
    option,
    plain,
    shorten,
)
from faqbot.slack.blockkit.modals import input_block, modal
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.client import client_of
from faqbot.slack.context import AppContext
from faqbot.slack.listeners.errors import needs_storage
from faqbot.slack.listeners.feedback import suggest
from faqbot.slack.listeners.handoff import (
    NOT_AN_OWNER,
    HandoffService,
    conflict_message,
    visible_handoff,
)
from faqbot.slack.payloads import Interaction
from faqbot.slack.posts import send_ephemeral
from faqbot.storage.models import Handoff
from faqbot.storage.recorder import redact

VIEW: Final = "assign-entry"
_ENTRY: Final = "entry"
_CLOSEST: Final = 30
_OF_A_KIND: Final = 35
"""Entries of the role, and general ones, in the menu, which takes 100 options."""


@dataclass(frozen=True, slots=True)
class EntryPicker:
    """Picker of the entry that answers a handed-off question."""

    app: AppContext

    @property
    def handoffs(self) -> HandoffService:
        """The service that posts to askers and owners."""
        return HandoffService(self.app)

    async def open(self, interaction: Interaction, context: AsyncBoltContext) -> None:
        """Open a modal to choose the entry."""
        client = client_of(context)
        handoff, refused = await visible_handoff(self.handoffs, interaction, client)
        if handoff is None or refused:
            await send_ephemeral(interaction, refused, context)
            return
        role, near = self.app.engine.nearest(handoff.question)
        view = self._modal(handoff, role, near)
        await client.views_open(trigger_id=interaction.trigger, view=view)

    async def switch_role(self, interaction: Interaction, context: AsyncBoltContext) -> None:
        """Show the entries of another role."""
        view = interaction.view
        async with self.app.services.store() as store:
            handoff = await store.handoffs.get(interaction.team, view.metadata)
        if handoff is None:
            return
        _, near = self.app.engine.nearest(handoff.question)
        await client_of(context).views_update(
            view_id=view.id, hash=view.hash, view=self._modal(handoff, interaction.value, near)
        )

    async def assign(
        self, ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        """Post the entry to the asker, and suggest the question as a phrasing of it."""
        team, user, view = interaction.team, interaction.user, interaction.view
        block = next((name for name in view.inputs if name.partition(" ")[0] == _ENTRY), _ENTRY)
        entry_id = view.input(block, _ENTRY).value
        async with self.app.services.store() as store:
            handoff = await store.handoffs.get(team, view.metadata)
        if handoff is None:
            await ack(response_action="errors", errors={block: conflict_message(None)})
            return
        client = client_of(context)
        if await self.handoffs.refusal(client, handoff, user):
            await ack(response_action="errors", errors={block: NOT_AN_OWNER})
            return
        audience = await self.app.audiences.of(client, handoff.team, handoff.asker)
        question = Question(handoff.question, audience=audience)
        answer = show(self.app.engine, EntryRef((entry_id,)), question)
        if answer.result is None or not isinstance(answer.result.outcome, Answer):
            said = "Who asks may not read that, or it is gone."
            await ack(response_action="errors", errors={block: said})
            return
        entry = self.app.engine.knowledge_base.entry(entry_id)
        assert entry is not None  # it was shown
        async with self.app.services.store() as store:
            handoff, won = await store.handoffs.answer(
                team, handoff.id, user, f"See “{self._named(entry)}”."
            )
        if handoff is None or not won:
            await ack(
                response_action="errors", errors={block: conflict_message(handoff, named=False)}
            )
            return
        await ack()
        await self.handoffs.show(client, handoff)
        said = f"<@{user}> says that this answers your question:"
        openly = not isinstance(entry, Faq) or entry.audience is Audience.EVERYONE
        await self.handoffs.tell_asker(client, handoff, said, openly=openly, more=answer.message)
        async with self.app.services.store() as store:
            await suggest(store, handoff.team, redact(handoff.question), entry_id, user)

    def _modal(self, handoff: Handoff, role: str | None, near: Sequence[Candidate]) -> JsonObject:
        """Return the modal with the entries of a role; `near` are nearest to the question."""
        entries = {
            "type": "static_select",
            "action_id": _ENTRY,
            "placeholder": plain("Choose or type"),
            "option_groups": list(self._menu(near, role)),
        }
        # A new id for each role: under the same id Slack keeps the former choice.
        block = f"{_ENTRY} {role or ''}".strip()
        hint = "The asker gets it. The owners may take the words up."
        return modal(
            "Point to an answer",
            [
                context(shorten(handoff.question, 1_500)),
                self._roles(near, role),
                input_block(block, "Which answer is meant?", entries, hint=hint),
            ],
            callback=VIEW,
            submit="Send",
            metadata=handoff.id,
        )

    def _roles(self, near: Sequence[Candidate], chosen: str | None) -> JsonObject:
        """Return a menu of roles, those nearest to the question first."""
        knowledge_base = self.app.engine.knowledge_base
        first = [one.role for one in near if one.role]
        ids = list(dict.fromkeys([*filter(None, [chosen]), *first, *knowledge_base.roles_by_id]))[
            :OPTIONS
        ]
        options = [option(role.title, role.id) for role in map(knowledge_base.role, ids) if role]
        element: JsonObject = {
            "type": "static_select",
            "action_id": Action.SWITCH_ROLE,
            "placeholder": plain("General"),
            "options": options,
        }
        if chosen:
            element["initial_option"] = options[0]
        return {**input_block("role", "About", element, optional=True), "dispatch_action": True}

    def _menu(self, near: Sequence[Candidate], role_id: str | None) -> Iterator[JsonObject]:
        """Yield groups of entries: nearest in meaning, of the role, general."""
        knowledge_base = self.app.engine.knowledge_base
        closest = [one.id for one in near if _is_part(one)][:_CLOSEST]
        role = knowledge_base.role(role_id)
        own = [s.id for s in role.sections] + [f.id for f in role.faqs] if role else []
        general = [faq.id for faq in knowledge_base.faqs][:_OF_A_KIND]
        shown: set[str] = set()
        for title, ids in (
            ("Nearest in meaning", closest),
            (role.title if role else "", own[:_OF_A_KIND]),
            ("General", general),
        ):
            options = []
            for entry_id in ids:
                entry = knowledge_base.entry(entry_id)
                if entry is None or entry_id in shown:
                    continue
                shown.add(entry_id)
                options.append(option(self._named(entry), entry_id))
            if options:
                yield {"label": plain(shorten(title, LABEL)), "options": options}

    def _named(self, entry: Entry) -> str:
        role = self.app.engine.knowledge_base.role(entry.role)
        return entry.title if role is None or role is entry else f"{role.title}: {entry.title}"


def _is_part(candidate: Candidate) -> bool:
    return candidate.kind is not EntryKind.ROLE


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listeners by which owners point to entries."""
    picker = EntryPicker(app_context)

    @app.action(f"{Action.ASSIGN}:0")
    @needs_storage
    async def on_assign(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await picker.open(interaction, context)

    @app.action(Action.SWITCH_ROLE)
    @needs_storage
    async def on_role(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await picker.switch_role(interaction, context)

    @app.view(VIEW)
    @needs_storage
    async def on_entry(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await picker.assign(ack, interaction, context)
