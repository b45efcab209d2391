"""App Home, the search modal, and the greeting of a new direct conversation."""

from __future__ import annotations

import logging

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.model import Question, Surface
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
from faqbot.slack.context import AppContext
from faqbot.slack.listeners.feedback import Feedback
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.payloads import HomeOpened, Interaction

_log = logging.getLogger(__name__)


async def _greet(opened: HomeOpened, client: AsyncWebClient, app_context: AppContext) -> None:
    """Greet somebody once, if there is no conversation with them yet."""
    channel = opened.channel
    try:
        answer = await client.conversations_history(channel=channel, limit=1)
    except SLACK_ERRORS as error:
        # Without a look at the conversation the greeting could come again and again.
        _log.info("conversations.history failed: %s", describe_error(error))
        return
    claims = app_context.services.claims
    if answer.get("messages") or not await claims.claim("welcome", opened.team, opened.user):
        return
    message = welcome(app_context.engine.knowledge_base)
    await client.chat_postMessage(channel=channel, **message.as_arguments())


async def _answer(
    text: str, interaction: Interaction, client: AsyncWebClient, app_context: AppContext
) -> JsonObject:
    """Return the modal that answers the question of the search modal."""
    engine = app_context.engine
    if wants_help(text):
        return answer_modal(help_message(engine.knowledge_base))
    audience = await app_context.audiences.of(client, interaction.team, interaction.user)
    answer = await ask(app_context, Question(text, interaction.user, audience, Surface.HOME))
    Feedback(app_context.services).record(answer, interaction.team)
    return answer_modal(answer.message, text)


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listeners of App Home, the search modal and the end of an installation."""
    reports = Reports(app_context)
    has_storage = app_context.services.recorder is not None

    @app.event("app_home_opened")
    async def on_home_opened(home_opened: HomeOpened, context: AsyncBoltContext) -> None:
        client, user = client_of(context), home_opened.user
        if home_opened.tab == "home" and user:
            if has_storage and await reports.may_read(client, user):
                view = await reports.home(home_opened.team, client)
            else:
                view = home(app_context.engine.knowledge_base)
            await client.views_publish(user_id=user, view=view)
        elif home_opened.tab == "messages" and user and home_opened.channel:
            await _greet(home_opened, client, app_context)

    @app.view(SEARCH_VIEW)
    async def on_search(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        text = interaction.view.input(QUESTION_BLOCK, QUESTION_INPUT).value
        answer = await _answer(text, interaction, client_of(context), app_context)
        await ack(response_action="update", view=answer)

    @app.event("app_uninstalled")
    async def on_uninstalled() -> None:
        _log.warning("faqbot was uninstalled from the workspace: install it again, or stop it.")

    @app.event("tokens_revoked")
    async def on_revoked() -> None:
        _log.warning("Slack revoked a token of faqbot: set SLACK_BOT_TOKEN to the new one.")
