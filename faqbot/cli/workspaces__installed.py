"""Commands about the workspaces in which people installed faqbot."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from faqbot.cli.report__memories import with_store
from faqbot.errors import UsageError
from faqbot.slack.manifest import OPTIONAL_SCOPES, SCOPES
from faqbot.storage.encryption import Seal
from faqbot.storage.installations import Installation
from faqbot.storage.store import Store


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation, and the scopes that it lacks: those faqbot needs, and those it can spare."""

    installation: Installation
    missing: tuple[str, ...]
    missing_optional: tuple[str, ...]

    @classmethod
    def of(cls, installation: Installation) -> Installed:
        """What the manifest makes of an installation."""
        missing, optional = (
            tuple(scope for scope in scopes if scope not in installation.scopes)
            for scopes in (SCOPES, OPTIONAL_SCOPES)
        )
        return cls(installation, missing, optional)

    @property
    def id(self) -> str:
        """What names it: the workspace, or the organisation that installed it as a whole."""
        return self.installation.workspace.team or self.installation.workspace.enterprise


def installed(database: str | None) -> tuple[Installed, ...]:
    """All installations, by organisation and workspace.

    Raises:
        UsageError: nothing is remembered.
        StoreError: the database can't be used.
    """
    return asyncio.run(with_store(database, _all))


def remove_installation(database: str | None, wanted: str) -> Installed:
    """Forget the installation of a workspace or of a whole organisation, and say what it was.

    Raises:
        UsageError: nothing is remembered, or there is no such installation.
        StoreError: the database can't be used.
    """

    async def forget(store: Store) -> Installed:
        for one in await _all(store):
            if one.id == wanted and await store.installations.remove(one.installation.workspace):
                return one
        raise UsageError(
            f"faqbot is not installed in {wanted}: `faqbot workspaces` lists where it is."
        )

    return asyncio.run(with_store(database, forget))


def reencrypt_tokens(database: str | None, keys: str) -> int:
    """Encrypt all tokens with the newest key; returns how many installations had an older one.

    Raises:
        SettingsError: the keys are none.
        UsageError: nothing is remembered.
        StoreError: the database can't be used, or none of the keys encrypted some tokens.
    """
    seal = Seal.of(keys)
    return asyncio.run(with_store(database, lambda store: store.installations.reseal(), seal))


async def _all(store: Store) -> tuple[Installed, ...]:
    return tuple(Installed.of(one) for one in await store.installations.all())
