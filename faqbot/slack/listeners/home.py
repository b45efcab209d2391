"""App Home, the search modal, and the greeting of a new direct conversation."""

from __future__ import annotations

import logging
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError

from faqbot.engine import Engine
from faqbot.model import KnowledgeBase, Question, Surface
from faqbot.runtime.leases import DeliveryClaims
from faqbot.slack.answers import ask, wants_help
from faqbot.slack.blockkit.views import (
    QUESTION_BLOCK,
    QUESTION_INPUT,
    SEARCH_VIEW,
    answer_modal,
    help_message,
    home,
    welcome,
)
from faqbot.slack.client import client_of, reason_of
from faqbot.slack.directory import AudienceResolver
from faqbot.slack.interactions import input_value, user_of
from faqbot.slack.listeners.feedback import Feedback
from faqbot.slack.listeners.reports import Reports

Payload = dict[str, Any]
_BLOCKS: Final = 100
_log = logging.getLogger(__name__)


async def _greet(
    event: Payload, context: AsyncBoltContext, knowledge_base: KnowledgeBase, claims: DeliveryClaims
) -> None:
    """Say hello once: to somebody with whom there is no conversation yet."""
    client, channel = client_of(context), str(event["channel"])
    try:
        answer = await client.conversations_history(channel=channel, limit=1)
    except SlackApiError as error:
        # Without a look at the conversation the greeting could come again and again.
        _log.info("conversations.history failed: %s", reason_of(error))
        return
    user = str(event["user"])
    if answer.get("messages") or not await claims.claim("welcome", context.team_id or "", user):
        return
    message = welcome(knowledge_base)
    await client.chat_postMessage(
        channel=channel,
        text=message.text,
        blocks=list(message.blocks),
        unfurl_links=False,
        unfurl_media=False,
    )


async def _found(
    text: str,
    body: Payload,
    context: AsyncBoltContext,
    engine: Engine,
    audiences: AudienceResolver,
    *,
    feedback: Feedback,
) -> Payload:
    """The modal that answers what was typed into the search modal."""
    if wants_help(text):
        return answer_modal(help_message(engine.knowledge_base))
    user = user_of(body)
    audience = await audiences.of(client_of(context), str(context.team_id or ""), user)
    answer = ask(engine, Question(text, user, audience, Surface.HOME))
    feedback.record(answer, str(context.team_id or ""))
    return answer_modal(answer.message, text)


def register(
    app: AsyncApp,
    engine: Engine,
    audiences: AudienceResolver,
    claims: DeliveryClaims,
    *,
    reports: Reports,
    feedback: Feedback,
) -> None:
    """Show App Home, greet, and answer the search modal."""

    @app.event("app_home_opened")
    async def on_home_opened(event: Payload, context: AsyncBoltContext) -> None:
        if event.get("tab") == "home" and event.get("user"):
            client, user = client_of(context), str(event["user"])
            view = home(engine.knowledge_base)
            if reports.backstage is not None and await reports.may_read(client, user):
                owned = await reports.home(str(context.team_id or ""))
                view["blocks"] = [*view["blocks"], *owned][:_BLOCKS]
            await client.views_publish(user_id=user, view=view)
        elif event.get("tab") == "messages" and event.get("user") and event.get("channel"):
            await _greet(event, context, engine.knowledge_base, claims)

    @app.view(SEARCH_VIEW)
    async def on_search(
        ack: AsyncAck, view: Payload, body: Payload, context: AsyncBoltContext
    ) -> None:
        text = str(input_value(view, QUESTION_BLOCK, QUESTION_INPUT).get("value") or "")
        shown = await _found(text, body, context, engine, audiences, feedback=feedback)
        await ack(response_action="update", view=shown)

    @app.event("app_uninstalled")
    async def on_uninstalled() -> None:
        _log.warning("faqbot was uninstalled from the workspace: install it again, or stop it.")

    @app.event("tokens_revoked")
    async def on_revoked() -> None:
        _log.warning("Slack revoked a token of faqbot: set SLACK_BOT_TOKEN to the new one.")
