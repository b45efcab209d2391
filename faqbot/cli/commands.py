"""The Typer application: all commands, in the order of `faqbot --help`."""

from __future__ import annotations

from typing import Annotated

import typer

from faqbot import __version__
from faqbot.cli import (
    ask,
    content,
    edit,
    evaluate,
    explain,
    exports,
    imports,
    new,
    question_log,
    service,
)


class Invocation:
    """The options that stand before the command."""

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
    # `faqbot.cli.main` turns errors into advice; Typer would print a traceback first.
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
            "--debug", envvar="FAQBOT_DEBUG", help="Show the traceback of an unexpected error."
        ),
    ] = False,
) -> None:
    """Answer questions about job roles, in Slack and here."""
    del version
    if isinstance(context.obj, Invocation):
        context.obj.debug = debug


app.command(epilog=ask.EXAMPLE)(ask.ask)
app.command(epilog=explain.EXAMPLE)(explain.explain)
app.command(epilog=ask.CHAT_EXAMPLE)(ask.chat)
app.command(epilog=content.EXAMPLE)(content.check)
app.command(epilog=edit.EXAMPLE)(edit.edit)
app.command(epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command(epilog=question_log.FORGET_EXAMPLE)(question_log.forget)
app.add_typer(exports.app)
app.add_typer(imports.app)
app.add_typer(new.app)
app.command(epilog=service.INSIGHTS_EXAMPLE)(service.insights)
app.command(epilog=question_log.EXAMPLE)(question_log.report)
app.command(epilog=content.ROLES_EXAMPLE)(content.roles)
app.command(epilog=service.EXAMPLE)(service.run)
app.command(epilog=service.STATUS_EXAMPLE)(service.status)
app.command(epilog=question_log.SUGGEST_EXAMPLE)(question_log.suggest)
app.add_typer(service.workspaces_app)
