"""`faqbot new key`: a key that encrypts tokens."""

from __future__ import annotations

import typer

KEY_EXAMPLE = "Example: faqbot new key"


def key() -> None:
    """Print a new key for FAQBOT_SECRET_KEYS, which encrypts the tokens of workspaces.

    Keep it as you keep passwords: what it encrypted can't be read without it. A key that replaces
    another goes in front of it, and a comma between them.
    """
    from faqbot.storage.encryption import Seal

    typer.echo(Seal.new_key())
