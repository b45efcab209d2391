"""Edited files as proposals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    for name, length in (("file", 1000), ("version", 64)):
        op.add_column(
            "proposals", sa.Column(name, sa.String(length), nullable=False, server_default="")
        )
    op.add_column("proposals", sa.Column("text", sa.Text))


def downgrade() -> None:
    """Take the change back."""
    for name in ("text", "version", "file"):
        op.drop_column("proposals", name)
