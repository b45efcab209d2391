"""`faqbot new`: content to begin with."""

from __future__ import annotations

import typer

from faqbot.cli.new import faq, role

app = typer.Typer(
    name="new",
    help="Start a role or an FAQ.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command(epilog=role.EXAMPLE)(role.role)
app.command(epilog=faq.EXAMPLE)(faq.faq)
