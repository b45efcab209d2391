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
app.command(epilog=exports__role.ROLE_EXAMPLE)(exports__role.role)
app.command(epilog=exports__site.SITE_EXAMPLE)(exports__site.site)
app.command(epilog=exports__table.TABLE_EXAMPLE)(exports__table.table)
