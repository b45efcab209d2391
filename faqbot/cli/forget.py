"""`faqbot forget`: deletes the data of a person or of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.common import use_store
from faqbot.errors import UsageError, counted

if TYPE_CHECKING:
    from faqbot.storage.installations import Installation
    from faqbot.storage.models import DeletionReport, WorkspaceDeletionReport
    from faqbot.storage.store import Store


def forget_person(database: str | None, person: str, team: str | None = None) -> DeletionReport:
    """Delete all data about a person, in one workspace or in all of them.

    Raises:
        UsageError: Storage is off.
        StoreError: The database can't be used.
    """
    return use_store(database, lambda store: store.deletion.person(person, team))


def forget_workspace(
    database: str | None, team: str
) -> tuple[WorkspaceDeletionReport, Installation | None]:
    """Delete all that a workspace left. Returns how much, and its installation if it has one.

    Raises:
        UsageError: Storage is off.
        StoreError: The database can't be used.
    """

    async def forget(store: Store) -> tuple[WorkspaceDeletionReport, Installation | None]:
        return await store.deletion.workspace(team), await store.installations.find("", team)

    return use_store(database, forget)


EXAMPLE = "Example: faqbot forget U0123456789"

User = Annotated[
    str | None,
    typer.Argument(
        metavar="[USER]",
        help="The person's id in Slack, such as U0123456789.",
        show_default=False,
    ),
]
Everything = Annotated[
    bool,
    typer.Option("--everything", help="Delete all that the workspace left, of everybody."),
]
Workspace = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        help="Only in this workspace, such as T0123456789; without it in all of them.",
        show_default=False,
    ),
]


def forget(
    user: User = None, workspace: Workspace = None, *, everything: Everything = False
) -> None:
    """Delete what a person asked, rated and picked, or all that a workspace left.

    With --workspace and --everything: questions, ratings, hand-offs, proposals and channel
    settings of everybody. Reports what was deleted; it can't be taken back.
    """
    from faqbot.settings.sources import configured_database

    if everything:
        if user or not workspace:
            raise UsageError(
                "--everything deletes what a workspace left: name it by --workspace, and no person."
            )
        _forget_everything(configured_database(), workspace)
        return
    if not user:
        raise UsageError(
            "Name the person by their id in Slack, such as U0123456789; or a workspace by "
            "--workspace and --everything."
        )
    gone = forget_person(configured_database(), user, workspace)
    typer.echo(
        f"Deleted the data of {user}: {counted(gone.questions, 'question')}, "
        f"{counted(gone.ratings, 'rating')}, {counted(gone.picks, 'pick')}, "
        f"{counted(gone.handoffs, 'hand-off')}. Entries that stay without the name: {gone.names}."
    )


def _forget_everything(database: str | None, workspace: str) -> None:
    gone, installation = forget_workspace(database, workspace)
    typer.echo(
        f"Deleted all that {workspace} left: {counted(gone.questions, 'question')}, "
        f"{counted(gone.ratings, 'rating')}, {counted(gone.handoffs, 'hand-off')}, "
        f"{counted(gone.proposals, 'proposal')}, "
        f"{counted(gone.policies, 'channel')} with settings."
    )
    if installation is not None:
        typer.echo(
            f"faqbot is still installed there, and goes on: remove it in Slack, or by "
            f"faqbot workspaces remove {workspace}"
        )
