"""Keys of the HTTP API: which audience each stands for, kept as digests only."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

from faqbot.errors import SettingsError, did_you_mean
from faqbot.model import Audience

MIN_LENGTH: Final = 32
"""Characters of a key: one that nobody guesses."""

_HASHED: Final = "sha256:"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SETTING: Final = "FAQBOT_API_KEYS"
_FORM: Final = "AUDIENCE:KEY, separated by commas"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key: its audience, and its digest, which tells nobody the key."""

    audience: Audience
    digest: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What tells keys apart in limits."""
        return self.digest.hex()[:12]


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The keys that are set."""

    keys: tuple[ApiKey, ...] = ()

    @classmethod
    def from_setting(cls, text: str) -> ApiKeys:
        """Read the setting: `AUDIENCE:KEY` or `AUDIENCE:sha256:DIGEST`, separated by commas.

        Raises:
            SettingsError: a key is malformed; the message doesn't contain it.
        """
        parts = [part.strip() for part in text.split(",")]
        return cls(tuple(_key(part) for part in parts if part))

    def find(self, given: str) -> ApiKey | None:
        """Return the key that somebody gives, if it is one of these."""
        digest = hashlib.sha256(given.encode(errors="surrogatepass")).digest()
        found = None
        # All are compared, each in constant time, so that the time says nothing about any.
        for key in self.keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found


def _key(text: str) -> ApiKey:
    name, separator, key = text.partition(":")
    if not separator:
        raise SettingsError(f"{_SETTING} must be {_FORM}.")
    known = tuple(audience.value for audience in Audience)
    if name.strip().lower() not in known:
        # The name may be a key that somebody wrote without its audience, so it isn't quoted.
        near = did_you_mean("", known)
        raise SettingsError(f"{_SETTING} must be {_FORM}: an audience is missing{near}.")
    if key.startswith(_HASHED):
        hashed = key.removeprefix(_HASHED).lower()
        if not _DIGEST.fullmatch(hashed):
            raise SettingsError(f"{_SETTING}: after {_HASHED} stand 64 digits, 0 to 9 and a to f.")
        digest = bytes.fromhex(hashed)
    elif len(key) < MIN_LENGTH:
        raise SettingsError(
            f"{_SETTING}: a key must have {MIN_LENGTH} characters or more; `faqbot new key` makes "
            "one."
        )
    else:
        digest = hashlib.sha256(key.encode()).digest()
    return ApiKey(Audience(name.strip().lower()), digest)
