"""Where faqbot is installed, and installations that are under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from faqbot.storage.database import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXTS = ("enterprise_name", "team_name", "app", "bot", "bot_user", "scopes", "installer")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "installations",
        sa.Column("enterprise", sa.String(32), primary_key=True),
        sa.Column("team", sa.String(32), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("installed", UtcDateTime, nullable=False),
        sa.Column("expires", UtcDateTime),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("refreshing", UtcDateTime),
    )
    workspaces = sa.text("team <> ''")
    op.create_index(
        "installations_by_team",
        "installations",
        ["team"],
        unique=True,
        sqlite_where=workspaces,
        postgresql_where=workspaces,
    )
    op.create_table(
        "oauth_states",
        sa.Column("state_hash", sa.String(64), primary_key=True),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
    )
    op.create_index("oauth_states_by_time", "oauth_states", ["until"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("oauth_states")
    op.drop_table("installations")
