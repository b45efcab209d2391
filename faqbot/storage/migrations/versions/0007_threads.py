"""The thread that a question was answered in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("receipts", sa.Column("thread", sa.String(32), nullable=False, server_default=""))
    op.create_index("receipts_by_thread", "receipts", ["channel", "thread"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("receipts_by_thread", "receipts")
    op.drop_column("receipts", "thread")
