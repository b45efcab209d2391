"""Slash commands: `/faq`, `/role` and `/roles`, answered privately inside the acknowledgement."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.exporters.job_advert import advert
from faqbot.model import Answer, Question, Role, Surface
from faqbot.slack.answers import AnswerMessage, ask, describe, find_description, show, wants_help
from faqbot.slack.blockkit.blocks import (
    Action,
    Message,
    button,
    context,
    mrkdwn_context,
    parse_entry_ref,
)
from faqbot.slack.blockkit.rich_text import escape, split
from faqbot.slack.blockkit.views import (
    echoed,
    help_message,
    notice,
    roles_list,
    which_advert,
    which_comparison,
)
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error, reason_of
from faqbot.slack.context import AppContext
from faqbot.slack.listeners.channel_settings import SettingsCommand
from faqbot.slack.listeners.feedback import Feedback, with_button
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.manifest import FAQ, ROLE, ROLES
from faqbot.slack.payloads import Interaction, SlashCommand
from faqbot.slack.posts import Respond, send_ephemeral

_ADVERT: Final = re.compile(r"\s*(?:advert|advertisement|ad|posting)\b[:\s]*", re.IGNORECASE)
_ROOM: Final = 11_000
"""Characters of an advertisement in a message; the message has other parts too."""

_log = logging.getLogger(__name__)


async def role_named(app: AppContext, question: Question) -> Role | None:
    """Return the role that a text names; None if it isn't clear."""
    result = await find_description(app, question)
    if not isinstance(result.outcome, Answer):
        return None
    return app.engine.knowledge_base.role(result.outcome.entries[0].role)


class Adverts:
    """Job advertisements of roles."""

    async def give(self, ack: Respond, role: Role, user: str, client: AsyncWebClient) -> None:
        """Show an advertisement to the user, and send it as a file."""
        text = advert(role)
        # Before the file: Slack waits three seconds, and an upload takes several calls.
        await ack(**_message(role, text).as_content(), response_type="ephemeral")
        try:
            await _send_file(role, text, user, client)
        except UPLOAD_ERRORS as error:
            _log.info("an advertisement was not sent as a file: %s", describe_error(error))


def _message(role: Role, text: str) -> Message:
    """Return an advertisement as Markdown, which Slack shows and a canvas accepts."""
    first = next(iter(split(text, _ROOM)))
    foot = "I send it to you as a file too, so that you can paste it into a canvas or a posting."
    if first.strip() != text.strip():
        foot = "The rest is in the file that I send to you."
    return Message(
        escape(f"Job advertisement: {role.title}\n\n{text}"[:3_900]),
        ({"type": "markdown", "text": first}, context(foot)),
    )


async def _send_file(role: Role, text: str, user: str, client: AsyncWebClient) -> None:
    """Send the file into the direct conversation.

    Where Slack takes no file, for example without the scope files:write, the text is sent.

    Raises:
        Exception: one of `UPLOAD_ERRORS`.
    """
    said = f"The job advertisement of {role.title}"
    posted = await client.chat_postMessage(channel=user, text=f"{escape(said)}:")
    try:
        await client.files_upload_v2(
            channel=str(posted["channel"]),
            filename=f"{role.id}-advert.md",
            title=said,
            content=text,
        )
    except UPLOAD_ERRORS as error:
        reason = describe_error(error)
        why = _NO_FILE.get(reason, reason)
        if not isinstance(error, SlackApiError):
            why = "Slack took no upload"
        await client.chat_postMessage(
            channel=user,
            text=escape(f"I couldn't send it as a file ({why}), so here it is:\n{text}"[:3_900]),
        )
        raise


UPLOAD_ERRORS: Final = (*SLACK_ERRORS, SlackRequestError)
"""What an upload raises; the last where the upload itself is refused."""

_NO_FILE: Final = {"missing_scope": "files:write is missing"}

_OUTSIDE: Final = frozenset({"not_in_channel", "channel_not_found", "is_archived"})


@dataclass(frozen=True, slots=True)
class Sharing:
    """Shares private answers with a channel."""

    app: AppContext

    def sign(self, answer: AnswerMessage, command: SlashCommand) -> AnswerMessage:
        """Log a private answer, and add the button that shares it with the channel."""
        channel = command.channel
        feedback = Feedback(self.app.services)
        signed = feedback.attach_feedback(answer, command.team, channel)
        answered = answer.result and isinstance(answer.result.outcome, Answer)
        if not answered or answer.address is None or not channel.startswith(("C", "G")):
            return signed
        share = button(Action.SHARE, 0, "Share with everyone", str(answer.address))
        blocks = with_button(signed.message.blocks, share)
        return replace(signed, message=Message(signed.message.text, blocks))

    async def share(self, interaction: Interaction, context: AsyncBoltContext) -> None:
        """Post an answer to the channel, with what everyone there may read."""
        client = client_of(context)
        audience = await self.app.audiences.of_channel(
            client, interaction.team, interaction.user, interaction.channel
        )
        # Rendered again: the private answer may hold what not everyone in the channel may read.
        question = Question("", interaction.user, audience, Surface.CHANNEL)
        answer = show(self.app.engine, parse_entry_ref(interaction.value), question)
        if answer.declined:
            await send_ephemeral(
                interaction, "That answer isn't for everyone here to read.", context
            )
            return
        # After the checks: a share that was refused may be tried again.
        claims = self.app.services.claims
        if not await claims.claim(
            "share", interaction.team, interaction.channel, interaction.user, interaction.ts
        ):
            await send_ephemeral(interaction, "You have shared that already.", context)
            return
        line = mrkdwn_context(f"<@{interaction.user}> shares an answer:")
        shared = Message(answer.message.text, (line, *answer.message.blocks))
        try:
            await client.chat_postMessage(channel=interaction.channel, **shared.as_arguments())
        except SlackApiError as error:
            if reason_of(error) not in _OUTSIDE:
                raise
            await self._say(
                interaction,
                "I'm not in this channel: invite me with `/invite @faqbot`, then ask again.",
                context,
            )
            return
        await self._say(interaction, "Shared with everyone here.", context)

    async def _say(self, interaction: Interaction, text: str, context: AsyncBoltContext) -> None:
        """Replace the private answer by a text, or show the text if it can't be replaced."""
        if not context.response_url or context.respond is None:
            await send_ephemeral(interaction, text, context)
            return
        await context.respond(
            response_type="ephemeral", replace_original=True, **notice(text).as_content()
        )


_OURS: Final = re.compile(f"^(?:{FAQ.name}|{ROLE.name}|{ROLES.name})$")
_COMPARE: Final = re.compile(r"\s*compare\b", re.IGNORECASE)
_SETTINGS: Final = "settings"
_REPORT: Final = "report"


async def respond_privately(ack: Respond, message: Message) -> None:
    """Acknowledge a command with a message that only its sender sees."""
    await ack(response_type="ephemeral", **message.as_arguments())


@dataclass(frozen=True, slots=True)
class Commands:
    """Answers slash commands."""

    app: AppContext

    async def answer(self, ack: Respond, command: SlashCommand, client: AsyncWebClient) -> None:
        """Answer a command by its name."""
        match command.name:
            case FAQ.name:
                await self.faq(ack, command, client)
            case ROLE.name:
                await self.role(ack, command, client)
            case _:
                await respond_privately(ack, roles_list(self.app.engine.knowledge_base))

    async def faq(self, ack: Respond, command: SlashCommand, client: AsyncWebClient) -> None:
        """Answer a question, help, or open the settings."""
        text = command.text
        if wants_help(text):
            await respond_privately(ack, help_message(self.app.engine.knowledge_base))
        elif text.strip().casefold() == _SETTINGS:
            await SettingsCommand(self.app.channels).open(ack, command, client)
        elif text.strip().casefold() == _REPORT:
            await Reports(self.app).command(ack, command, client)
        else:
            question = await self._question(command, client)
            await self._give(ack, await ask(self.app, question), command, text)

    async def role(self, ack: Respond, command: SlashCommand, client: AsyncWebClient) -> None:
        """Show a role or a part of it, compare roles, or advertise one."""
        text = command.text
        if wants_help(text):
            await respond_privately(ack, roles_list(self.app.engine.knowledge_base))
            return
        question = await self._question(command, client)
        knowledge_base = self.app.engine.knowledge_base
        if compared := _COMPARE.match(text):
            await self._compare(ack, command, question, text[compared.end() :])
            return
        if wanted := _ADVERT.match(text):
            question = replace(question, text=text[wanted.end() :])
            if not question.text.strip():
                await respond_privately(ack, which_advert(knowledge_base))
                return
            role = await role_named(self.app, question)
            if role is not None:
                await Adverts().give(ack, role, question.asker, client)
                return
        await self._give(ack, await describe(self.app, question), command)

    async def _compare(
        self, ack: Respond, command: SlashCommand, question: Question, named: str
    ) -> None:
        """Compare the roles that are named, or ask which, where it is one or none."""
        engine = self.app.engine
        if not named.strip():
            await respond_privately(ack, which_comparison(engine.knowledge_base, None))
            return
        answer = await ask(self.app, question)
        first = None
        if not answer.address:
            first = await role_named(self.app, replace(question, text=named))
        if first is not None:
            unknown = answer.result.parsed.unknown_role if answer.result else ""
            await respond_privately(ack, which_comparison(engine.knowledge_base, first, unknown))
            return
        await self._give(ack, answer, command, command.text)

    async def _give(
        self, ack: Respond, answer: AnswerMessage, command: SlashCommand, asked: str = ""
    ) -> None:
        await respond_privately(ack, echoed(Sharing(self.app).sign(answer, command).message, asked))

    async def _question(self, command: SlashCommand, client: AsyncWebClient) -> Question:
        return Question(
            text=command.text,
            asker=command.user,
            audience=await self.app.audiences.of(client, command.team, command.user),
            surface=Surface.COMMAND,
        )


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listeners of slash commands and of the button “Share with everyone”."""
    commands, sharing = Commands(app_context), Sharing(app_context)

    @app.command(_OURS)
    async def on_command(
        ack: AsyncAck, slash_command: SlashCommand, client: AsyncWebClient
    ) -> None:
        await commands.answer(ack, slash_command, client)

    @app.action(re.compile(rf"^{Action.SHARE}:"))
    async def on_share(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await sharing.share(interaction, context)
