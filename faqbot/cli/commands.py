"""The command line's front door: the commands, and what happens when one fails."""

from __future__ import annotations

import hashlib
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from faqbot import __version__
from faqbot.cli import (
    ask,
    chat,
    check,
    evaluate,
    explain,
    exports,
    imports,
    insights,
    new,
    report,
    roles,
    run,
    suggest,
    workspaces,
)
from faqbot.errors import FaqbotError


class Invocation:
    """What the options before the command say."""

    def __init__(self) -> None:
        self.debug = False


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer passes an option's value so
    if wanted:
        typer.echo(f"faqbot {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="faqbot",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=ask.EXAMPLE,
)


@app.callback()
def faqbot(
    context: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", envvar="FAQBOT_DEBUG", help="Show where an unexpected error came from."
        ),
    ] = False,
) -> None:
    """Answer questions about job roles, in Slack and here."""
    del version
    if isinstance(context.obj, Invocation):
        context.obj.debug = debug


app.command(epilog=ask.EXAMPLE)(ask.ask)
app.command(epilog=explain.EXAMPLE)(explain.explain)
app.command(epilog=chat.EXAMPLE)(chat.chat)
app.command(epilog=check.EXAMPLE)(check.check)
app.command(epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command(epilog=report.FORGET_EXAMPLE)(report.forget)
app.add_typer(exports.app)
app.add_typer(imports.app)
app.add_typer(new.app)
app.command(epilog=insights.EXAMPLE)(insights.insights)
app.command(epilog=report.EXAMPLE)(report.report)
app.command(epilog=roles.EXAMPLE)(roles.roles)
app.command(epilog=run.EXAMPLE)(run.run)
app.command(epilog=run.STATUS_EXAMPLE)(run.status)
app.command(epilog=suggest.EXAMPLE)(suggest.suggest)
app.add_typer(workspaces.app)


def main() -> None:
    """Run a command; every failure is a line of advice and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    invocation = Invocation()
    try:
        app(obj=invocation)
    except FaqbotError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        if invocation.debug:
            raise
        _say(_unexpected(error))
        sys.exit(1)
    finally:
        _flush()


def _unexpected(error: Exception) -> str:
    """One line whose reference is the same whenever the same thing fails in the same place."""
    frames = traceback.extract_tb(error.__traceback__)
    place = [f"{Path(frame.filename).name}:{frame.name}" for frame in frames[-3:]]
    key = " ".join([type(error).__name__, *place]).encode()
    reference = hashlib.sha256(key).hexdigest()[:8]
    return (
        f"Something unexpected went wrong ({type(error).__name__}, reference {reference}). "
        "FAQBOT_DEBUG=1 shows where; please report it with the reference."
    )


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _flush() -> None:
    """Deliver what is left; a reader that has gone away is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
