"""The content that is served beside Slack, and the workspace that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from faqbot.engine import Engine
from faqbot.model import Audience
from faqbot.replies.result import Result
from faqbot.slack.context import AppContext, Services
from faqbot.web.answers import Answers


@dataclass(frozen=True, slots=True)
class ServedWorkspace:
    """A workspace in Slack: its context, the bot's client, and its team id."""

    context: AppContext
    client: AsyncWebClient
    team: str

    async def audience_of(self, user: str) -> Audience:
        """Return the audience of a user."""
        # By this workspace's id, not by what the caller says: somebody of another company would be
        # at home there.
        return await self.context.audiences.of(self.client, self.team, user)

    @property
    def answers(self) -> Answers:
        """Answers from the workspace's content."""
        return answers_of(self.context.engine, self.context.services, self.team)


WorkspaceOf = Callable[[str, str], AbstractAsyncContextManager[ServedWorkspace | None]]
"""Finds the workspace of an organisation and a team, and keeps it open while the block runs."""


@dataclass(frozen=True, slots=True)
class PublicContent:
    """The content that callers without an identity get.

    Args:
        engine: answers from it.
        services: of the process.
        workspace: the workspace that it belongs to; None if it is no single one's.
    """

    engine: Engine
    services: Services
    workspace: ServedWorkspace | None = None

    @property
    def answers(self) -> Answers:
        """Answers from this content."""
        team = self.workspace.team if self.workspace else ""
        return answers_of(self.engine, self.services, team)


def answers_of(engine: Engine, services: Services, team: str) -> Answers:
    """Return answers that are counted, and logged for a team if there is one."""
    return Answers(engine, services.questions, partial(_note, services, team))


def _note(services: Services, team: str, result: Result) -> str:
    services.metrics.question(result)
    if services.recorder is None or not team:
        return ""
    return services.recorder.record(result, team, "")
