"""`faqbot new`: what to begin with."""

from __future__ import annotations

import typer

from faqbot.cli.new import faq, key, role

app = typer.Typer(
    name="new",
    help="Start a role or an FAQ, or make a key.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command(epilog=role.EXAMPLE)(role.role)
app.command(epilog=faq.EXAMPLE)(faq.faq)
app.command(epilog=key.EXAMPLE)(key.key)
