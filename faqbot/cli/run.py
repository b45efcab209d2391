"""`faqbot run`: the bot itself."""

from __future__ import annotations

from typing import Annotated

import typer

from faqbot.cli.options import Knowledge

EXAMPLE = "Example: faqbot run --check"

Check = Annotated[
    bool, typer.Option("--check", help="Say what was understood from the settings, then stop.")
]


def run(*, check: Check = False, knowledge: Knowledge = None) -> None:
    """Start the bot: in Slack when there are tokens, else in a local workspace in the browser.

    Settings come from the environment and from a file named .env.
    """
    from faqbot.settings import Settings

    settings = Settings(faqbot_knowledge=knowledge) if knowledge else Settings()
    from faqbot import boot

    if check:
        for line in boot.check(settings):
            typer.echo(line)
    else:
        boot.run(settings)
