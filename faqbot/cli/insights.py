"""`faqbot insights`: figures as pictures in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from faqbot.cli.options import Knowledge

EXAMPLE = "Example: faqbot insights --port 8766"

Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to serve on.")]


def insights(*, port: Port = 8766, knowledge: Knowledge = None) -> None:
    """Show what was asked, answered and missed in the browser, on this machine alone."""
    from faqbot import boot
    from faqbot.cli.asking import content_folder
    from faqbot.settings import configured_database

    boot.show_insights(configured_database(), content_folder(knowledge), port)
