"""Workspaces that removed faqbot, and the refresh token before the newest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from faqbot.storage.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "workspaces",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("enterprise", sa.String(32), nullable=False),
        sa.Column("removed", UtcDateTime),
    )
    op.create_index("workspaces_by_removal", "workspaces", ["removed"])
    op.add_column("installations", sa.Column("sealed_before", sa.LargeBinary))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("installations", "sealed_before")
    op.drop_table("workspaces")
