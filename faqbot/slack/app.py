"""The Bolt app, put together from a module for each surface."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.desk import Desk
from faqbot.slack import (
    actions,
    channels,
    claiming,
    commands,
    errors,
    feedback,
    home,
    messages,
    once,
    people,
    rating,
    sharing,
)
from faqbot.slack.audience import Audiences
from faqbot.slack.once import Claims, RecentClaims
from faqbot.slack.quiet import bolt_logger
from faqbot.slack.running import Running
from faqbot.slack.threads import Threads
from faqbot.store.memory import Memory


def create_app(
    desk: Desk,
    client: AsyncWebClient,
    *,
    signing_secret: str = "",
    claims: Claims | None = None,
    running: Running | None = None,
    memory: Memory | None = None,
    owners: str = "",
) -> AsyncApp:
    """The app that answers from a desk; `client` carries the bot token.

    `signing_secret` is needed for HTTP only, `claims` where several processes share the work,
    `running` to wait for the listeners at the end, `memory` to remember; `owners` is the channel or
    person for questions whose owner Slack doesn't know by id.
    """
    app = AsyncApp(
        name="faqbot",
        client=client,
        logger=bolt_logger(),
        signing_secret=signing_secret,
        # Its test of a verification token is the wrong way round, and Slack no longer needs it.
        ssl_check_enabled=False,
    )
    taken = claims or RecentClaims()
    audiences = Audiences()
    threads = Threads(desk)
    (running or Running()).watch(app)
    errors.register(app)
    once.register(app, taken)
    answered = feedback.Feedback(memory)
    places = channels.Channels(memory)
    shared = sharing.Sharing(desk, audiences, taken, answered)
    messages.register(
        app, desk, audiences, threads, claims=taken, feedback=answered, channels=places
    )
    commands.register(app, desk, audiences, shared, places)
    actions.register(app, desk, audiences, threads, answered)
    sharing.register(app, shared)
    if memory is not None:
        persons = people.People(desk, memory, owners)
        rating.register(app, memory, persons)
        claiming.register(app, persons)
        channels.register(app, places)
    home.register(app, desk, audiences, taken)
    return app
