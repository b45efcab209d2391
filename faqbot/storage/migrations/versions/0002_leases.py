"""Claims with a lease, so that another process takes over what one has not finished."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from faqbot.storage.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("claims", sa.Column("until", UtcDateTime))
    op.add_column("claims", sa.Column("holder", sa.String(32), nullable=False, server_default=""))
    op.add_column("claims", sa.Column("payload", sa.LargeBinary))
    op.add_column("claims", sa.Column("tries", sa.Integer, nullable=False, server_default="1"))
    op.create_index("claims_by_lease", "claims", ["until"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("claims_by_lease", "claims")
    for column in ("tries", "payload", "holder", "until"):
        op.drop_column("claims", column)
