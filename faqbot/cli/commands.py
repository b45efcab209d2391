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
    forget,
    imports,
    new,
    question_log,
    service,
)
from faqbot.cli.common import PlainGroup, add_command


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
    cls=PlainGroup,
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


QUESTIONS, CONTENT, LOG, SERVICE = "Questions", "Content", "What people asked", "Service"

add_command(app, ask.ask, ask.EXAMPLE, QUESTIONS)
add_command(app, ask.chat, ask.CHAT_EXAMPLE, QUESTIONS)
add_command(app, explain.explain, explain.EXAMPLE, QUESTIONS)
add_command(app, content.roles, content.ROLES_EXAMPLE, QUESTIONS)
app.add_typer(new.app, rich_help_panel=CONTENT)
add_command(app, content.check, content.EXAMPLE, CONTENT)
add_command(app, edit.edit, edit.EXAMPLE, CONTENT)
app.add_typer(imports.app, rich_help_panel=CONTENT)
app.add_typer(exports.app, rich_help_panel=CONTENT)
add_command(app, question_log.suggest, question_log.SUGGEST_EXAMPLE, CONTENT)
add_command(app, evaluate.evaluate, evaluate.EXAMPLE, CONTENT)
add_command(app, question_log.report, question_log.EXAMPLE, LOG)
add_command(app, service.insights, service.INSIGHTS_EXAMPLE, LOG)
add_command(app, forget.forget, forget.EXAMPLE, LOG)
add_command(app, service.run, service.EXAMPLE, SERVICE)
add_command(app, service.mcp, service.MCP_EXAMPLE, SERVICE)
add_command(app, service.status, service.STATUS_EXAMPLE, SERVICE)
app.add_typer(service.workspaces_app, rich_help_panel=SERVICE)
