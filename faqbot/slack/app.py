"""The Bolt app, put together from a module for each surface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.engine import Engine
from faqbot.runtime.logs import bolt_logger
from faqbot.slack.context import Backstage, Shared
from faqbot.slack.conversations import Threads
from faqbot.slack.directory import AudienceResolver, ChannelPolicies, OwnerDirectory
from faqbot.slack.listeners import (
    approvals,
    buttons,
    channel_settings,
    commands,
    errors,
    feedback,
    handoff,
    handoff_entry,
    home,
    messages,
    proposals,
    reports,
)
from faqbot.slack.listeners.commands import AdminCommands
from faqbot.slack.middleware import deduplication, rate_limit, request_log
from faqbot.slack.middleware.deduplication import CLAIM
from faqbot.slack.middleware.rate_limit import QuestionLimiter
from faqbot.slack.middleware.request_log import log_handled
from faqbot.slack.payloads import payload_of
from faqbot.storage.models import ChannelMode

Authorize = Callable[..., Awaitable[AuthorizeResult]]
"""As Bolt calls it."""


def create_app(
    engine: Engine,
    client: AsyncWebClient,
    shared: Shared | None = None,
    *,
    backstage: Backstage | None = None,
    authorize: Authorize | None = None,
) -> AsyncApp:
    """The app of one workspace, which answers from an engine.

    Whoever hands it a request has seen that Slack sent it: the guard of HTTP, or the connection of
    Socket Mode.

    Args:
        engine: answers.
        client: carries the bot token.
        shared: what the apps of a process have in common.
        backstage: what remembers; None: nothing.
        authorize: gives the bot's identity and token where the token changes; without it the
            client's token holds.
    """
    shared = shared or Shared()
    app = AsyncApp(
        name="faqbot.slack.bolt.app",  # names a logger, and sets its level
        client=client,
        logger=bolt_logger(),
        authorize=authorize,
        request_verification_enabled=False,
        # Its test of a verification token is the wrong way round, and Slack no longer needs it.
        ssl_check_enabled=False,
    )
    taken = shared.claims
    audiences = AudienceResolver()
    threads = Threads(engine)

    def ended(request: AsyncBoltRequest, seconds: float) -> None:
        if request.context.get(CLAIM):
            taken.complete(str(request.context[CLAIM]))
        shared.metrics.handled(payload_of(request).name, seconds)
        log_handled(request, seconds)

    shared.running.watch(app, ended)
    request_log.register(app)
    errors.register(app, shared.metrics.error)
    deduplication.register(app, taken, shared.metrics.duplicate)
    limiter = QuestionLimiter(shared.limits, shared.metrics)
    rate_limit.register(app, limiter, taken.complete)
    memory = backstage.memory if backstage else None
    answered = feedback.Feedback(memory, shared.metrics)
    speaks = backstage.speaks if backstage else ChannelMode.MENTIONS
    places = ChannelPolicies(memory, speaks)
    sharer = commands.Sharing(engine, audiences, taken, answered)
    messages.register(
        app,
        messages.MessageHandler(engine, audiences, threads, taken, answered, places, limiter),
    )
    owners = OwnerDirectory(backstage.owners if backstage else "")
    owner_reports = reports.Reports(engine, backstage, owners, approvals.suggestions)
    commands.register(app, engine, audiences, sharer, AdminCommands(places, owner_reports))
    buttons.register(app, engine, audiences, threads, answered)
    commands.register_sharing(app, sharer)
    if backstage is not None:
        persons = handoff.HandoffService(engine, backstage.memory, owners)
        feedback.register(app, backstage.memory, persons, shared.metrics)
        handoff.register(app, persons)
        handoff_entry.register(app, persons, audiences)
        channel_settings.register(app, places)
        decisions = approvals.ProposalReview(engine, backstage.memory, backstage.publisher, owners)
        approvals.register(app, decisions)
        approvals.register_suggestions(app, owner_reports, decisions)
        proposals.register(app, proposals.ProposalForm(engine, audiences, decisions))
    home.register(app, engine, audiences, taken, reports=owner_reports, feedback=answered)
    return app
