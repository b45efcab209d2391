"""`faqbot export`: content in other forms."""

from __future__ import annotations

import typer

from faqbot.cli.exporting import role, site, table

app = typer.Typer(
    name="export",
    help="Give content to those without Slack: documents, postings, a website.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command(epilog=role.EXAMPLE)(role.role)
app.command(epilog=site.EXAMPLE)(site.site)
app.command(epilog=table.EXAMPLE)(table.table)
