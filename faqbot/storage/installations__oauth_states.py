"""The states of installations that are under way: unguessable, for a while, each good once."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Final

from sqlalchemy import delete, insert

from faqbot.storage.database import Database
from faqbot.storage.models__times import now
from faqbot.storage.tables import oauth_states as table

LIFETIME: Final = dt.timedelta(minutes=10)
"""How long somebody may take to decide at Slack."""


class OAuthStates:
    """Keeps only hashes: who reads the table can't go on with somebody else's installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, browser: str, lifetime: dt.timedelta = LIFETIME) -> str:
        """A state for a browser, which its cookie names; what has expired goes meanwhile.

        Raises:
            StoreError: the database can't be used.
        """
        state, at = secrets.token_urlsafe(32), now()
        row = {"state_hash": _hash(state), "browser_hash": _hash(browser), "until": at + lifetime}
        async with self._database.writing() as connection:
            await connection.execute(delete(table).where(table.c.until <= at))
            await connection.execute(insert(table).values(row))
        return state

    async def consume(self, state: str, browser: str) -> bool:
        """Use a state up: true once, in the browser that it was issued to, in its time.

        Raises:
            StoreError: the database can't be used.
        """
        mine = (table.c.state_hash == _hash(state)) & (table.c.browser_hash == _hash(browser))
        statement = delete(table).where(mine, table.c.until > now()).returning(table.c.until)
        async with self._database.writing() as connection:
            return (await connection.execute(statement)).one_or_none() is not None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
