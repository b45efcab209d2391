"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False)


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, _TIME, nullable=False)


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "receipts",
        sa.Column("id", sa.String(32), primary_key=True),
        _text("team", 32),
        _time("at"),
        _text("asker", 32),
        _text("channel", 32),
        _text("place", 16),
        sa.Column("role", sa.String(200)),
        sa.Column("text", sa.Text()),
        _text("text_hash", 64),
        _text("outcome", 16),
        _text("why", 32),
        sa.Column("entries", sa.JSON(), nullable=False),
        _text("content_version", 64),
        sa.Column("seconds", sa.Float(), nullable=False),
    )
    op.create_index("receipts_by_time", "receipts", ["at"])
    op.create_index("receipts_by_asker", "receipts", ["asker"])
    for table, person in (("ratings", "rater"), ("picks", "picker")):
        own = (
            [sa.Column("helpful", sa.Boolean(), nullable=False), _text("comment")]
            if table == "ratings"
            else [_text("entry", 300)]
        )
        op.create_table(
            table,
            sa.Column(
                "receipt",
                sa.String(32),
                sa.ForeignKey("receipts.id", ondelete="CASCADE"),
                primary_key=True,
            ),
            sa.Column(person, sa.String(32), primary_key=True),
            *own,
            _time("at"),
        )
    op.create_table(
        "handovers",
        sa.Column("id", sa.String(32), primary_key=True),
        _text("team", 32),
        _text("receipt", 32),
        _text("question"),
        _text("asker", 32),
        _text("channel", 32),
        _text("thread", 32),
        _text("owner", 200),
        _text("state", 16),
        _text("taken_by", 32),
        _text("answer"),
        _text("notice_channel", 32),
        _text("notice_ts", 32),
        _time("created"),
        _time("changed"),
    )
    op.create_index("handovers_by_state", "handovers", ["team", "state"])
    op.create_table(
        "proposals",
        sa.Column("id", sa.String(32), primary_key=True),
        _text("team", 32),
        _text("kind", 16),
        sa.Column("role", sa.String(200)),
        sa.Column("entry", sa.String(300)),
        _text("question"),
        _text("answer"),
        _text("audience", 16),
        _text("proposed_by", 32),
        _text("state", 16),
        _text("decided_by", 32),
        _text("notice_channel", 32),
        _text("notice_ts", 32),
        _time("created"),
        _time("changed"),
    )
    op.create_index("proposals_by_state", "proposals", ["team", "state"])
    op.create_table(
        "policies",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("channel", sa.String(32), primary_key=True),
        _text("speaks", 16),
        sa.Column("private", sa.Boolean(), nullable=False),
        _text("owner", 200),
        _text("changed_by", 32),
        _time("changed"),
    )
    op.create_table("claims", sa.Column("key", sa.String(300), primary_key=True), _time("at"))
    op.create_index("claims_by_time", "claims", ["at"])


def downgrade() -> None:
    """Take the change back."""
    for table in (
        "claims",
        "policies",
        "proposals",
        "handovers",
        "picks",
        "ratings",
        "receipts",
    ):
        op.drop_table(table)
