"""The Bolt app, put together from a module for each surface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.desk import Desk
from faqbot.slack import (
    actions,
    assigning,
    channels,
    claiming,
    commands,
    deciding,
    errors,
    feedback,
    home,
    limits,
    messages,
    once,
    people,
    proposing,
    rating,
    reporting,
    sharing,
    suggesting,
    tracing,
)
from faqbot.slack.audience import Audiences
from faqbot.slack.backstage import Backstage
from faqbot.slack.commands import Backdoor
from faqbot.slack.once import CLAIM
from faqbot.slack.owners import Owners
from faqbot.slack.quiet import bolt_logger
from faqbot.slack.shared import Shared
from faqbot.slack.threads import Threads
from faqbot.slack.tracing import kind_of, log_handled
from faqbot.store.values import Speaks

Authorize = Callable[..., Awaitable[AuthorizeResult]]
"""As Bolt calls it."""


def create_app(
    desk: Desk,
    client: AsyncWebClient,
    shared: Shared | None = None,
    *,
    backstage: Backstage | None = None,
    authorize: Authorize | None = None,
) -> AsyncApp:
    """The app of one workspace, which answers from a desk.

    Whoever hands it a request has seen that Slack sent it: the guard of HTTP, or the connection of
    Socket Mode.

    Args:
        desk: answers.
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
    audiences = Audiences()
    threads = Threads(desk)

    def ended(request: AsyncBoltRequest, seconds: float) -> None:
        if request.context.get(CLAIM):
            taken.done(str(request.context[CLAIM]))
        shared.metrics.handled(kind_of(request.body), seconds)
        log_handled(request, seconds)

    shared.running.watch(app, ended)
    tracing.register(app)
    errors.register(app, shared.metrics.error)
    once.register(app, taken, shared.metrics.repeated)
    limits.register(app, shared.limits, shared.metrics, taken.done)
    memory = backstage.memory if backstage else None
    answered = feedback.Feedback(memory, shared.metrics)
    speaks = backstage.speaks if backstage else Speaks.MENTIONS
    places = channels.Channels(memory, speaks)
    sharer = sharing.Sharing(desk, audiences, taken, answered)
    messages.register(
        app, desk, audiences, threads, claims=taken, feedback=answered, channels=places
    )
    owners = Owners(backstage.owners if backstage else "")
    reports = reporting.Reports(desk, backstage, owners, suggesting.suggestions)
    commands.register(app, desk, audiences, sharer, Backdoor(places, reports))
    actions.register(app, desk, audiences, threads, answered)
    sharing.register(app, sharer)
    if backstage is not None:
        persons = people.People(desk, backstage.memory, owners)
        rating.register(app, backstage.memory, persons, shared.metrics)
        claiming.register(app, persons)
        assigning.register(app, persons, audiences)
        channels.register(app, places)
        decisions = deciding.Deciding(desk, backstage.memory, backstage.publisher, owners)
        deciding.register(app, decisions)
        suggesting.register(app, reports, decisions)
        proposing.register(app, proposing.Proposing(desk, audiences, decisions))
    home.register(app, desk, audiences, taken, reports=reports, feedback=answered)
    return app
