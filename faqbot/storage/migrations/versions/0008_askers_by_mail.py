"""Askers of hand-offs who are reached by mail: an address is longer than a Slack id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    _resize(32, 320)


def downgrade() -> None:
    """Take the change back. Hand-offs of people outside don't fit any more."""
    op.execute("DELETE FROM handovers WHERE asker LIKE 'mailto:%'")
    _resize(320, 32)


def _resize(before: int, after: int) -> None:
    # SQLite can't change a column, so there the table is made anew.
    with op.batch_alter_table("handovers") as batch:
        batch.alter_column(
            "asker",
            existing_type=sa.String(before),
            type_=sa.String(after),
            existing_nullable=False,
        )
