"""`faqbot run`: the bot itself."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from faqbot.cli.common__options import Knowledge

EXAMPLE = "Example: faqbot run --check"

Check = Annotated[
    bool, typer.Option("--check", help="Say what was understood from the settings, then stop.")
]


Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, max=64, help="How many processes serve HTTP (FAQBOT_WORKERS)."
    ),
]


def run(*, check: Check = False, knowledge: Knowledge = None, workers: Workers = None) -> None:
    """Start the bot: in Slack when there are tokens, else in a local workspace in the browser.

    Settings come from the environment and from a file named .env.
    """
    from faqbot.settings import Settings

    given: dict[str, Any] = {"faqbot_knowledge": knowledge, "faqbot_workers": workers}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    from faqbot import app

    if check:
        for line in app.check(settings):
            typer.echo(line)
    else:
        app.run(settings)
