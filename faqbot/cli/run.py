"""`faqbot run`, `faqbot status` and `faqbot insights`: start the bot or its dashboard."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from faqbot.cli.common import Json, Knowledge

EXAMPLE = "Example: faqbot run --check"

Check = Annotated[bool, typer.Option("--check", help="Print the settings in effect, then exit.")]


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
    from faqbot.settings.models import Settings

    given: dict[str, Any] = {"faqbot_knowledge": knowledge, "faqbot_workers": workers}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    from faqbot import app

    if check:
        for line in app.check(settings):
            typer.echo(line)
    else:
        app.run(settings)


STATUS_EXAMPLE = "Example: faqbot status"


def status(*, knowledge: Knowledge = None, as_json: Json = False) -> None:
    """Say whether faqbot runs here, from which content, and which problems newer content has.

    Exit code 0 when it runs, 1 when changed content has problems, 3 when it doesn't run.
    """
    from dataclasses import asdict

    from faqbot.cli.common import content_folder, print_json, printable
    from faqbot.index.reloader import read_status

    folder = content_folder(knowledge)
    found = read_status(str(folder.resolve()))
    running = found is not None and found.is_alive
    loaded = found.loaded if found else {}
    problems = list(loaded.get("problems", ()))
    if as_json:
        print_json(
            {"running": running, "knowledge": str(folder), **(asdict(found) if found else {})}
        )
    elif found is None:
        typer.echo(f"No faqbot was started on {folder} by this user. Start one: faqbot run")
    else:
        state = f"runs (process {found.process})" if running else "has stopped"
        typer.echo(f"faqbot {state}, {found.mode}, started {found.started}.")
        typer.echo(f"Answers from {folder}, version {loaded['version']} since {loaded['since']}.")
        if problems:
            typer.echo(
                f"The change of {loaded['tried']} is not used: {loaded['count']} problem(s)."
            )
            for line in problems:
                typer.echo(f"  {printable(line)}")
    if not running:
        raise typer.Exit(3)
    if problems:
        raise typer.Exit(1)


INSIGHTS_EXAMPLE = "Example: faqbot insights --port 8766"

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
    from faqbot.settings.models import Settings
    from faqbot.settings.sources import configured_database

    place = BindAddress(host, port)
    settings = None if place.is_local and not sign_in else Settings()
    serve_insights(configured_database(), content_folder(knowledge), place, settings)
