"""App Home, the search modal, and the greeting of a new direct conversation."""

from __future__ import annotations

import logging
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.engine import Engine
from faqbot.model import KnowledgeBase, Question, Surface
from faqbot.runtime.leases import DeliveryClaims
from faqbot.slack.answers import ask, wants_help
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.blockkit.views import (
    QUESTION_BLOCK,
    QUESTION_INPUT,
    SEARCH_VIEW,
    answer_modal,
    help_message,
    home,
    welcome,
)
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.directory import AudienceResolver
from faqbot.slack.listeners.feedback import Feedback
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.payloads import HomeOpened, Interaction

_BLOCKS: Final = 100
_log = logging.getLogger(__name__)


async def _greet(
    opened: HomeOpened,
    client: AsyncWebClient,
    knowledge_base: KnowledgeBase,
    claims: DeliveryClaims,
) -> None:
    """Say hello once: to somebody with whom there is no conversation yet."""
    channel = opened.channel
    try:
        answer = await client.conversations_history(channel=channel, limit=1)
    except SLACK_ERRORS as error:
        # Without a look at the conversation the greeting could come again and again.
        _log.info("conversations.history failed: %s", describe_error(error))
        return
    known = answer.get("messages")
    if known or not await claims.claim("welcome", opened.team, opened.user):
        return
    message = welcome(knowledge_base)
    await client.chat_postMessage(channel=channel, **message.as_arguments())


async def _found(
    text: str,
    interaction: Interaction,
    client: AsyncWebClient,
    engine: Engine,
    audiences: AudienceResolver,
    *,
    feedback: Feedback,
) -> JsonObject:
    """The modal that answers what was typed into the search modal."""
    if wants_help(text):
        return answer_modal(help_message(engine.knowledge_base))
    audience = await audiences.of(client, interaction.team, interaction.user)
    answer = ask(engine, Question(text, interaction.user, audience, Surface.HOME))
    feedback.record(answer, interaction.team)
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
    async def on_home_opened(home_opened: HomeOpened, context: AsyncBoltContext) -> None:
        client, user = client_of(context), home_opened.user
        if home_opened.tab == "home" and user:
            view = home(engine.knowledge_base)
            if reports.backstage is not None and await reports.may_read(client, user):
                owned = await reports.home(home_opened.team)
                view["blocks"] = [*view["blocks"], *owned][:_BLOCKS]
            await client.views_publish(user_id=user, view=view)
        elif home_opened.tab == "messages" and user and home_opened.channel:
            await _greet(home_opened, client, engine.knowledge_base, claims)

    @app.view(SEARCH_VIEW)
    async def on_search(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        text = interaction.view.input(QUESTION_BLOCK, QUESTION_INPUT).value
        shown = await _found(
            text, interaction, client_of(context), engine, audiences, feedback=feedback
        )
        await ack(response_action="update", view=shown)

    @app.event("app_uninstalled")
    async def on_uninstalled() -> None:
        _log.warning("faqbot was uninstalled from the workspace: install it again, or stop it.")

    @app.event("tokens_revoked")
    async def on_revoked() -> None:
        _log.warning("Slack revoked a token of faqbot: set SLACK_BOT_TOKEN to the new one.")
