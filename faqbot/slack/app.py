"""The Bolt app, put together from a module for each surface."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
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
    messages,
    once,
    people,
    proposing,
    rating,
    reporting,
    sharing,
    suggesting,
)
from faqbot.slack.audience import Audiences
from faqbot.slack.backstage import Backstage
from faqbot.slack.commands import Backdoor
from faqbot.slack.once import Claims, RecentClaims, SharedClaims
from faqbot.slack.owners import Owners
from faqbot.slack.quiet import bolt_logger
from faqbot.slack.running import Running
from faqbot.slack.threads import Threads
from faqbot.store.values import Speaks


def create_app(
    desk: Desk,
    client: AsyncWebClient,
    *,
    signing_secret: str = "",
    claims: Claims | None = None,
    running: Running | None = None,
    backstage: Backstage | None = None,
) -> AsyncApp:
    """The app that answers from a desk; `client` carries the bot token.

    `signing_secret` is needed for HTTP only, `claims` where several processes share the work,
    `running` to wait for the listeners at the end; `backstage` is what remembers (None: nothing).
    """
    app = AsyncApp(
        name="faqbot",
        client=client,
        logger=bolt_logger(),
        signing_secret=signing_secret,
        # Its test of a verification token is the wrong way round, and Slack no longer needs it.
        ssl_check_enabled=False,
    )
    taken = claims or (SharedClaims(backstage.memory) if backstage else RecentClaims())
    audiences = Audiences()
    threads = Threads(desk)
    (running or Running()).watch(app)
    errors.register(app)
    once.register(app, taken)
    memory = backstage.memory if backstage else None
    answered = feedback.Feedback(memory)
    speaks = backstage.speaks if backstage else Speaks.MENTIONS
    places = channels.Channels(memory, speaks)
    shared = sharing.Sharing(desk, audiences, taken, answered)
    messages.register(
        app, desk, audiences, threads, claims=taken, feedback=answered, channels=places
    )
    owners = Owners(backstage.owners if backstage else "")
    reports = reporting.Reports(desk, backstage, owners, suggesting.suggestions)
    commands.register(app, desk, audiences, shared, Backdoor(places, reports))
    actions.register(app, desk, audiences, threads, answered)
    sharing.register(app, shared)
    if backstage is not None:
        persons = people.People(desk, backstage.memory, owners)
        rating.register(app, backstage.memory, persons)
        claiming.register(app, persons)
        assigning.register(app, persons, audiences)
        channels.register(app, places)
        decisions = deciding.Deciding(desk, backstage.memory, backstage.publisher, owners)
        deciding.register(app, decisions)
        suggesting.register(app, reports, decisions)
        proposing.register(app, proposing.Proposing(desk, audiences, decisions))
    home.register(app, desk, audiences, taken, reports=reports, feedback=answered)
    return app
