"""“Save as FAQ”: proposals from messages and from answers of persons."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.matching.dialogue import asks
from faqbot.matching.text import normalise
from faqbot.matching.thresholds import THRESHOLDS
from faqbot.model import Audience, EntryKind, Question
from faqbot.slack.blockkit.blocks import OPTIONS, Action, context, option, shorten
from faqbot.slack.blockkit.modals import input_block, modal, text_input
from faqbot.slack.blockkit.rich_text import JsonObject, as_markdown
from faqbot.slack.client import client_of
from faqbot.slack.context import AppContext
from faqbot.slack.listeners.approvals import ProposalReview
from faqbot.slack.listeners.errors import needs_storage
from faqbot.slack.payloads import Interaction, string_fields
from faqbot.slack.posts import send_ephemeral
from faqbot.storage.models import Proposal, utc_now
from faqbot.storage.recorder import question_hash
from faqbot.storage.store import new_id

SHORTCUT: Final = "save-faq"
VIEW: Final = "propose-faq"

_QUESTION, _ANSWER, _ROLE, _AUDIENCE = "question", "answer", "role", "audience"
_GENERAL: Final = "-"
_LONGEST: Final = 2_900
_EMPTY: Final = "Please write something here."
_ONLY_COLLEAGUES: Final = "Only colleagues can propose FAQs."


@dataclass(frozen=True, slots=True)
class ProposalForm:
    """The form for proposals of FAQs."""

    app: AppContext

    async def may(self, interaction: Interaction, client: AsyncWebClient) -> bool:
        """Whether a user may propose FAQs: employees only."""
        audience = await self.app.audiences.of(client, interaction.team, interaction.user)
        return audience is Audience.EMPLOYEES

    def filled_modal(
        self, question: str, answer: str, role: str | None = None, owner: str = ""
    ) -> JsonObject:
        """Return the modal with a question and an answer filled in."""
        roles = [("General, about no role", _GENERAL)]
        roles += [
            (one.title, one.id) for one in self.app.engine.knowledge_base.roles[: OPTIONS - 1]
        ]
        audiences = [
            ("Everyone", Audience.EVERYONE.value),
            ("Employees only", Audience.EMPLOYEES.value),
            ("Candidates and employees", Audience.CANDIDATES.value),
        ]
        return modal(
            "Save as FAQ",
            [
                text_input(
                    _QUESTION, "Question", initial=question, max_length=_LONGEST, multiline=False
                ),
                text_input(_ANSWER, "Answer, in Markdown", initial=answer, max_length=_LONGEST),
                _select(_ROLE, "About", roles, role or _GENERAL),
                _select(_AUDIENCE, "Who may read it", audiences, Audience.EMPLOYEES.value),
                context("The owners of the content decide. I tell you what they say."),
            ],
            callback=VIEW,
            submit="Propose",
            metadata=json.dumps({"owner": owner}),
        )

    async def propose(
        self, ack: AsyncAck, interaction: Interaction, client: AsyncWebClient
    ) -> None:
        """Submit a proposal; warn once if an FAQ seems to answer its question already."""
        if not await self.may(interaction, client):
            await ack(response_action="errors", errors={_QUESTION: _ONLY_COLLEAGUES})
            return
        proposal = self._read(interaction)
        empty = {name: _EMPTY for name in (_QUESTION, _ANSWER) if not getattr(proposal, name)}
        if empty:
            await ack(response_action="errors", errors=empty)
            return
        # The warning is for one wording: a changed question is checked again.
        warned = string_fields(interaction.view.metadata).get("warned") == question_hash(
            proposal.question
        )
        near = "" if warned else await self._near(proposal)
        if near:
            await ack(response_action="update", view=_warned(self._again(proposal), proposal, near))
            return
        await ack()
        await ProposalReview(self.app).take(proposal, client)

    async def _near(self, proposal: Proposal) -> str:
        """Return the question of an FAQ that answers the proposed one, or an empty string."""
        question = Question(proposal.question, audience=Audience.EMPLOYEES, role=proposal.role)
        result = await self.app.services.questions.ask(self.app.engine, question)
        if result.kind != "answer":
            return ""
        best = result.entries[0]
        entry = self.app.engine.knowledge_base.entry(best.id)
        if (
            best.kind is not EntryKind.FAQ
            or best.confidence < THRESHOLDS.already_answered
            or entry is None
        ):
            return ""
        return entry.title

    def _again(self, proposal: Proposal) -> JsonObject:
        """Return the modal as it was submitted."""
        filled = self.filled_modal(
            proposal.question, proposal.answer, proposal.role, proposal.owner
        )
        audience = filled["blocks"][3]["element"]
        audience["initial_option"] = next(
            one for one in audience["options"] if one["value"] == proposal.audience
        )
        return filled

    def _read(self, interaction: Interaction) -> Proposal:
        view = interaction.view
        role, audience = view.input(_ROLE).value, view.input(_AUDIENCE).value
        return Proposal(
            id=new_id(),
            team=interaction.team,
            kind="faq",
            question=as_title(view.input(_QUESTION).value),
            answer=as_markdown(view.input(_ANSWER).value, escaped=False),
            owner=string_fields(view.metadata).get("owner", ""),
            role=role if self.app.engine.knowledge_base.role(role) else None,
            audience=audience if audience in set(Audience) else Audience.EMPLOYEES.value,
            proposed_by=interaction.user,
            created=utc_now(),
            changed=utc_now(),
        )


def _select(block: str, label: str, options: list[tuple[str, str]], initial: str) -> JsonObject:
    made = [option(title, value) for title, value in options]
    chosen = next((one for one in made if one["value"] == initial), made[0])
    element = {
        "type": "static_select",
        "action_id": block,
        "options": made,
        "initial_option": chosen,
    }
    return input_block(block, label, element)


def as_title(question: str) -> str:
    """Return a question as the title of an FAQ: on one line, with a capital and its mark."""
    text = " ".join(as_markdown(question, escaped=False).split())
    first = text.partition(" ")[0]
    # "iOS" and "eLearning" are written so on purpose.
    if first.islower():
        text = text[:1].upper() + text[1:]
    if text and text[-1].isalnum() and asks(normalise(text)):
        text += "?"
    return text


def _warned(view: JsonObject, proposal: Proposal, near: str) -> JsonObject:
    line = context(
        f"⚠️ “{shorten(near, 300)}” seems to answer that already. Change the question, or propose "
        "it once more if it is another one."
    )
    return {
        **view,
        "private_metadata": json.dumps(
            {"warned": question_hash(proposal.question), "owner": proposal.owner}
        ),
        "blocks": [line, *view["blocks"]],
    }


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listeners of “Save as FAQ”."""
    form = ProposalForm(app_context)

    async def opened(
        interaction: Interaction,
        context: AsyncBoltContext,
        question: str,
        answer: str,
        owner: str = "",
    ) -> None:
        client = client_of(context)
        if not await form.may(interaction, client):
            await send_ephemeral(interaction, _ONLY_COLLEAGUES, context)
            return
        view = form.filled_modal(question, answer, owner=owner)
        await client.views_open(trigger_id=interaction.trigger, view=view)

    @app.shortcut(SHORTCUT)
    async def on_shortcut(
        ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        await ack()
        text = as_markdown(interaction.text).strip()
        asks = text.endswith("?")
        await opened(interaction, context, text if asks else "", "" if asks else text)

    @app.action(f"{Action.SAVE_AS_FAQ}:0")
    @needs_storage
    async def on_save(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        async with app_context.services.store() as store:
            handoff = await store.handoffs.get(interaction.team, interaction.value)
        shown = handoff and (handoff.notice_channel, handoff.notice_ts)
        if handoff is None or shown != (interaction.channel, interaction.ts):
            await send_ephemeral(interaction, "That answer isn't yours to save.", context)
            return
        title, answer = as_title(handoff.question), as_markdown(handoff.answer, escaped=False)
        owner = handoff.owner or handoff.claimed_by
        await opened(interaction, context, title, answer, owner)

    @app.view(VIEW)
    @needs_storage
    async def on_proposal(
        ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        await form.propose(ack, interaction, client_of(context))
