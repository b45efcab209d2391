"""`faqbot insights`: the dashboard."""

from __future__ import annotations

from typing import Annotated

import typer

from faqbot.cli.common import Knowledge

EXAMPLE = "Example: faqbot insights --port 8766"

Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")]
Host = Annotated[
    str,
    typer.Option("--host", help="The address to listen on; any but this machine's needs sign-in."),
]
SignIn = Annotated[
    bool,
    typer.Option("--sign-in", help="Let owners sign in with Slack, also on this machine."),
]


def insights(
    *,
    port: Port = 8766,
    host: Host = "127.0.0.1",
    sign_in: SignIn = False,
    knowledge: Knowledge = None,
) -> None:
    """Show what was asked, answered and missed in the browser.

    On this machine alone, or for the owners of content who sign in with Slack: behind a proxy that
    speaks HTTPS, with FAQBOT_INSIGHTS_URL, SLACK_BOT_TOKEN, SLACK_CLIENT_ID and
    SLACK_CLIENT_SECRET.
    """
    from faqbot.cli.common import content_folder
    from faqbot.insights.server import BindAddress, serve_insights
    from faqbot.settings import Settings, configured_database

    place = BindAddress(host, port)
    settings = None if place.is_local and not sign_in else Settings()
    serve_insights(configured_database(), content_folder(knowledge), place, settings)
