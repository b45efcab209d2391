"""Rate limits per user and workspace. Who is rejected gets a notice once a minute."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cachetools import LRUCache
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.runtime.rate_limit import CAPACITY, MINUTE, Clock, TokenBuckets
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.middleware.deliveries import CLAIM, DirectMiddleware, Next
from faqbot.slack.payloads import IncomingMessage, SlashCommand, payload_of

_USER_NOTICE: Final = "You've reached the limit of {questions} a minute. Please try again shortly."
_WORKSPACE_NOTICE: Final = (
    "Very many people are asking me at this moment. Please try again in a minute."
)
_log = logging.getLogger(__name__)


class Notices:
    """The notices of rejected questions: one a minute for each person and conversation.

    Args:
        clock: tells the time.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._given: LRUCache[tuple[str, str, str], float] = LRUCache(CAPACITY)

    def due(self, team: str, user: str, channel: str) -> bool:
        """Return whether a person is to be told, who is then told."""
        now, key = self._clock(), (team, user, channel)
        if now - self._given.get(key, -MINUTE) < MINUTE:
            return False
        self._given[key] = now
        return True


@dataclass(frozen=True, slots=True)
class QuestionLimiter:
    """Counts the questions that faqbot answers.

    Questions put to faqbot are counted when they arrive. Other messages, in threads or in channels
    where faqbot answers unprompted, are counted when there is an answer, so that people who talk to
    each other use up nothing.

    Args:
        per_user: the limit of each user.
        per_workspace: the limit of each workspace.
        on_rejected: called for each rejected question with "person" or "workspace".
        notices: decide who is told that a question was rejected.
    """

    per_user: TokenBuckets = field(default_factory=TokenBuckets)
    per_workspace: TokenBuckets = field(default_factory=TokenBuckets)
    on_rejected: Callable[[str], None] = lambda _: None
    notices: Notices = field(default_factory=Notices)

    async def admits(self, message: IncomingMessage, client: AsyncWebClient) -> bool:
        """Count a message. Returns False above the limit, of which its author gets a notice."""
        notice = self.count(message.team, message.user)
        if notice and self.notices.due(message.team, message.user, message.channel):
            await _post_notice(client, message, notice)
        return not notice

    def has_room(self, team: str, user: str) -> bool:
        """Return whether another question would be allowed, without counting one."""
        return self.per_user.has_room(team, user) and self.per_workspace.has_room(team)

    def count(self, team: str, user: str) -> str:
        """Count a question. Returns the notice for its author; empty if it is allowed."""
        if not self.per_user.take(team, user):
            self.on_rejected("person")
            return _USER_NOTICE.format(questions=_questions(self.per_user.count))
        # Second: one person above their own limit must not use up the workspace's.
        if not self.per_workspace.take(team):
            self.on_rejected("workspace")
            return _WORKSPACE_NOTICE
        return ""


def _questions(count: int) -> str:
    return "1 question" if count == 1 else f"{count} questions"


async def _post_notice(client: AsyncWebClient, message: IncomingMessage, text: str) -> None:
    try:
        await client.chat_postEphemeral(
            channel=message.channel,
            user=message.user,
            thread_ts=message.thread_ts or None,
            text=text,
        )
    except SLACK_ERRORS as error:
        _log.info("a notice of the rate limit was not sent: %s", describe_error(error))


def register(app: AsyncApp, limiter: QuestionLimiter, complete: Callable[[str], None]) -> None:
    """Register middleware that rejects commands and questions above the limits.

    Args:
        app: the app.
        limiter: counts questions.
        complete: called with the claim of each delivery that ends here.
    """

    async def limit_rate(req: AsyncBoltRequest, next_: Next) -> BoltResponse:
        payload = payload_of(req)
        if isinstance(payload, SlashCommand):
            notice = limiter.count(payload.team, payload.user)
            if notice:
                answer = {"response_type": "ephemeral", "text": notice}
                return BoltResponse(
                    status=200,
                    body=json.dumps(answer),
                    headers={"content-type": "application/json"},
                )
        elif (
            isinstance(payload, IncomingMessage)
            and payload.is_question
            and not await limiter.admits(payload, client_of(req.context))
        ):
            if req.context.get(CLAIM):
                complete(str(req.context[CLAIM]))
            return BoltResponse(status=200, body="")
        return await next_()

    app.use(DirectMiddleware(limit_rate))
