"""`faqbot forget`: delete what is remembered of a person."""

from __future__ import annotations

from typing import Annotated

import typer

FORGET_EXAMPLE = "Example: faqbot forget U0123456789"

User = Annotated[
    str,
    typer.Argument(metavar="USER", help="The person's id in Slack, such as U0123456789."),
]
Workspace = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        help="Only in this workspace, such as T0123456789; without it in all of them.",
        show_default=False,
    ),
]


def forget(user: User, workspace: Workspace = None) -> None:
    """Delete what a person asked, rated and picked, and say what was deleted."""
    from faqbot.cli import report__memories
    from faqbot.settings import configured_database

    gone = report__memories.forget_person(configured_database(), user, workspace)
    typer.echo(
        f"Deleted of {user}: {gone.receipts} questions, {gone.ratings} ratings, "
        f"{gone.picks} picks, {gone.handovers} questions to persons; "
        f"taken off {gone.names} entries that stay: the name."
    )
