"""Who shall own an FAQ that is proposed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column(
        "proposals", sa.Column("owner", sa.String(200), nullable=False, server_default="")
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("proposals", "owner")
