"""The tables. Every change to them is a migration in `migrations/versions`.

A column whose name in the database is an old word has a `key`, by which the code calls it: renaming
the column itself would cost every installation a migration and gain nobody anything.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

from faqbot.storage.database import SafeText, UtcDateTime

metadata: Final = MetaData()

questions: Final = Table(
    "receipts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("asker", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("place", String(16), key="surface", nullable=False),
    Column("role", String(200)),
    Column("text", SafeText),
    Column("text_hash", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("why", String(32), key="reason", nullable=False),
    Column("entries", JSON, nullable=False),
    Column("content_version", String(64), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("thread", String(32), nullable=False, server_default=""),
    Index("receipts_by_time", "at"),
    Index("receipts_by_thread", "channel", "thread"),
    Index("receipts_by_asker", "asker"),
)

ratings: Final = Table(
    "ratings",
    metadata,
    Column(
        "receipt",
        ForeignKey("receipts.id", ondelete="CASCADE"),
        key="question_id",
        primary_key=True,
    ),
    Column("rater", String(32), primary_key=True),
    Column("helpful", Boolean, nullable=False),
    Column("comment", SafeText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

picks: Final = Table(
    "picks",
    metadata,
    Column(
        "receipt",
        ForeignKey("receipts.id", ondelete="CASCADE"),
        key="question_id",
        primary_key=True,
    ),
    Column("picker", String(32), primary_key=True),
    Column("entry", String(300), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

handoffs: Final = Table(
    "handovers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("receipt", String(32), key="question_id", nullable=False),
    Column("question", SafeText, nullable=False),
    Column("asker", String(320), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("thread", String(32), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("taken_by", String(32), key="claimed_by", nullable=False),
    Column("answer", SafeText, nullable=False),
    Column("notice_channel", String(32), nullable=False),
    Column("notice_ts", String(32), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Index("handovers_by_state", "team", "state"),
)

proposals: Final = Table(
    "proposals",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("role", String(200)),
    Column("entry", String(300)),
    Column("question", SafeText, nullable=False),
    Column("answer", SafeText, nullable=False),
    Column("audience", String(16), nullable=False),
    Column("owner", String(200), nullable=False, server_default=""),
    Column("proposed_by", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_by", String(32), nullable=False),
    Column("notice_channel", String(32), nullable=False),
    Column("notice_ts", String(32), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("file", String(1000), nullable=False, server_default=""),
    Column("version", String(64), nullable=False, server_default=""),
    Column("text", SafeText),
    Index("proposals_by_state", "team", "state"),
)

policies: Final = Table(
    "policies",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("speaks", String(16), key="mode", nullable=False),
    Column("private", Boolean, nullable=False),
    Column("owner", String(200), nullable=False),
    Column("changed_by", String(32), nullable=False),
    Column("changed", UtcDateTime, nullable=False),
)

claims: Final = Table(
    "claims",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("holder", String(32), nullable=False, server_default=""),
    Column("payload", LargeBinary),
    Column("tries", Integer, key="attempts", nullable=False, server_default="1"),
    Index("claims_by_time", "at"),
    Index("claims_by_lease", "until"),
)

installations: Final = Table(
    "installations",
    metadata,
    Column("enterprise", String(32), primary_key=True),
    Column("team", String(32), primary_key=True),
    Column("enterprise_name", SafeText, nullable=False),
    Column("team_name", SafeText, nullable=False),
    Column("app", SafeText, key="app_id", nullable=False),
    Column("bot", SafeText, key="bot_id", nullable=False),
    Column("bot_user", SafeText, key="bot_user_id", nullable=False),
    Column("scopes", SafeText, nullable=False),
    Column("installer", SafeText, nullable=False),
    Column("installed", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime),
    Column("sealed", LargeBinary, key="encrypted_tokens", nullable=False),
    Column("sealed_before", LargeBinary, key="encrypted_previous"),
    Column("version", String(32), nullable=False),
    Column("refreshing", UtcDateTime, key="refresh_until"),
    Index(
        "installations_by_team",
        "team",
        unique=True,
        sqlite_where=text("team <> ''"),
        postgresql_where=text("team <> ''"),
    ),
)

workspaces: Final = Table(
    "workspaces",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("enterprise", String(32), nullable=False),
    Column("removed", UtcDateTime),
    Index("workspaces_by_removal", "removed"),
)

oauth_states: Final = Table(
    "oauth_states",
    metadata,
    Column("state_hash", String(64), primary_key=True),
    Column("browser_hash", String(64), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Index("oauth_states_by_time", "until"),
)
