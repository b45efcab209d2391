"""Alembic's environment: runs on the connection that opens the store."""

from __future__ import annotations

from alembic import context

from faqbot.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
