"""Rate limits per user and workspace. The first rejected question gets a notice, others none."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.runtime.metrics import Metrics
from faqbot.runtime.rate_limit import Decision, Limits
from faqbot.slack.client import SLACK_ERRORS, client_of
from faqbot.slack.middleware.deduplication import CLAIM
from faqbot.slack.payloads import IncomingMessage, SlashCommand, payload_of

_USER_NOTICE: Final = "You've reached the limit of {questions} a minute. Please try again shortly."
_WORKSPACE_NOTICE: Final = (
    "Very many people are asking me at this moment. Please try again in a minute."
)


@dataclass(frozen=True, slots=True)
class QuestionLimiter:
    """Counts the questions that faqbot answers.

    What is put to faqbot is counted when it comes. A message that only may be a question, in a
    thread or in a channel where faqbot answers unprompted, is counted when there is an answer to
    it, so that people who talk to each other use up nothing.

    Args:
        limits: of users and workspaces.
        metrics: count the rejected questions.
    """

    limits: Limits
    metrics: Metrics

    async def admits(self, message: IncomingMessage, client: AsyncWebClient) -> bool:
        """Count a message. Where it is one too many, its author is told so once."""
        decision, notice = self.count(message.team, message.user)
        if decision is Decision.WARN:
            await _post_notice(client, message, notice)
        return decision is Decision.ALLOW

    def count(self, team: str, user: str) -> tuple[Decision, str]:
        """Count a question. Returns the decision, and a notice unless the question is allowed."""
        decision, notice = self.limits.person.ask(team, user), ""
        if decision is not Decision.ALLOW:
            self.metrics.limited("person")
            return decision, _USER_NOTICE.format(questions=_questions(self.limits.person.count))
        # Second: one person above their own limit must not use up the workspace's.
        decision = self.limits.workspace.ask(team)
        if decision is not Decision.ALLOW:
            self.metrics.limited("workspace")
            notice = _WORKSPACE_NOTICE
        return decision, notice


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
    except SLACK_ERRORS:
        return


def register(app: AsyncApp, limiter: QuestionLimiter, complete: Callable[[str], None]) -> None:
    """Reject the commands and messages to faqbot that are above the limits.

    Args:
        app: the app.
        limiter: counts them.
        complete: called with the claim of each delivery that ends here.
    """

    @app.middleware
    async def limit_rate(
        req: AsyncBoltRequest, next_: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        payload = payload_of(req)
        if isinstance(payload, SlashCommand):
            decision, notice = limiter.count(payload.team, payload.user)
            if decision is not Decision.ALLOW:
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
        await next_()
        return None
