"""`faqbot import`: other people's formats in."""

from __future__ import annotations

import typer

from faqbot.cli.importing import document, onet, table

app = typer.Typer(
    name="import",
    help="Make content of documents, of tables, and of the O*NET database.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command(epilog=document.EXAMPLE)(document.document)
app.command(epilog=onet.EXAMPLE)(onet.onet)
app.command(epilog=table.EXAMPLE)(table.table)
