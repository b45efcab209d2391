"""`faqbot import`: other people's formats in."""

from __future__ import annotations

import typer

from faqbot.cli import imports__document, imports__onet, imports__table

app = typer.Typer(
    name="import",
    help="Make content of documents, of tables, and of the O*NET database.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command(epilog=imports__document.DOCUMENT_EXAMPLE)(imports__document.document)
app.command(epilog=imports__onet.ONET_EXAMPLE)(imports__onet.onet)
app.command(epilog=imports__table.TABLE_EXAMPLE)(imports__table.table)
