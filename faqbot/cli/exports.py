"""`faqbot export`: content in other forms."""

from __future__ import annotations

import typer

from faqbot.cli import exports__role, exports__site, exports__table

app = typer.Typer(
    name="export",
    help="Give content to those without Slack: documents, postings, a website.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command(epilog=exports__role.EXAMPLE)(exports__role.role)
app.command(epilog=exports__site.EXAMPLE)(exports__site.site)
app.command(epilog=exports__table.EXAMPLE)(exports__table.table)
