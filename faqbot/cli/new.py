"""`faqbot new`: what to begin with."""

from __future__ import annotations

import typer

from faqbot.cli import new__faq, new__key, new__role

app = typer.Typer(
    name="new",
    help="Start a role or an FAQ, or make a key.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command(epilog=new__role.ROLE_EXAMPLE)(new__role.role)
app.command(epilog=new__faq.FAQ_EXAMPLE)(new__faq.faq)
app.command(epilog=new__key.KEY_EXAMPLE)(new__key.key)
