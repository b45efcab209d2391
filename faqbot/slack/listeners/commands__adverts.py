"""`/role advert`: the posting of a role as a message, and as a Markdown file."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any, Final

from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.engine import Desk
from faqbot.exporters.markdown__advert import advert
from faqbot.model import Answered, Question, Role
from faqbot.slack.blockkit.blocks import Message, context
from faqbot.slack.blockkit.rich_text import escape
from faqbot.slack.blockkit.rich_text__pages import split
from faqbot.slack.client import reason_of

WANTED: Final = re.compile(r"\s*(?:advert|advertisement|ad|posting)\b[:\s]*", re.IGNORECASE)
_ROOM: Final = 11_000
"""Characters of an advertisement that fit into a message beside the rest of it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adverts:
    """Makes advertisements."""

    desk: Desk

    async def role_of(self, question: Question) -> Role | None:
        """The role that is meant; None when it isn't clear, and `/role` has to ask."""
        receipt = await self.desk.describe(question)
        if not isinstance(receipt.outcome, Answered):
            return None
        return self.desk.library.role(receipt.outcome.entries[0].role)

    async def give(self, ack: AsyncAck, role: Role, user: str, client: AsyncWebClient) -> None:
        """Show the advertisement to who asked for it, and send it as a file."""
        text = advert(role)
        await ack(**_payload(_message(role, text)), response_type="ephemeral")
        try:
            await _send_file(role, text, user, client)
        except SlackApiError as error:
            _log.info("an advertisement was not sent as a file: %s", reason_of(error))


def _message(role: Role, text: str) -> Message:
    """The advertisement as Markdown that Slack shows, and that a canvas takes as it is."""
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

    Raises:
        SlackApiError: Slack refuses it, for one because the scope files:write is missing.
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
    except SlackApiError as error:
        why = "files:write is missing" if reason_of(error) == "missing_scope" else reason_of(error)
        await client.chat_postMessage(
            channel=user,
            text=escape(f"I couldn't send it as a file ({why}), so here it is:\n{text}"[:3_900]),
        )
        raise


def _payload(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks)}
