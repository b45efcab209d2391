"""Encryption of tokens and of unfinished deliveries in the database."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from faqbot.errors import SettingsError
from faqbot.storage.models import StoreError

# HKDF's label: whatever else is derived from the same secret gets another key.
_PURPOSE: Final = b"faqbot: deliveries that are not finished"


class WrongKeyError(StoreError):
    """Stored data was encrypted with a key that isn't set."""


class TokenCipher:
    """Fernet encryption with several keys: the first encrypts, any of them decrypts.

    Args:
        keys: Fernet keys (32 bytes in URL-safe base64), the newest first.

    Raises:
        SettingsError: there is no key, or one isn't a Fernet key.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            fernets = [Fernet(key.encode()) for key in keys]
            self._newest, self._fernet = fernets[0], MultiFernet(fernets)
        except (ValueError, IndexError):
            raise SettingsError(
                "FAQBOT_SECRET_KEYS must be one key or several, the newest first, separated by "
                "commas; create one by: faqbot new key"
            ) from None

    @classmethod
    def from_setting(cls, keys: str) -> Self:
        """Create a cipher from keys separated by commas, the newest first."""
        return cls([key.strip() for key in keys.split(",") if key.strip()])

    @classmethod
    def from_secret(cls, secret: str) -> Self:
        """Derive a cipher that every process with the same secret has (HKDF, RFC 5869)."""
        # Without a salt: the secret is all that the processes have in common.
        derived = HKDF(SHA256(), 32, None, _PURPOSE).derive(secret.encode())
        return cls([base64.urlsafe_b64encode(derived).decode()])

    @staticmethod
    def new_key() -> str:
        """Return a new random key."""
        return Fernet.generate_key().decode()

    def encrypt(self, text: str) -> bytes:
        """Encrypt a text with the newest key."""
        # Slack's JSON may contain half of a surrogate pair; losing the delivery would be worse.
        return self._fernet.encrypt(text.encode("utf-8", "surrogatepass"))

    def decrypt(self, encrypted: bytes) -> str:
        """Decrypt a text.

        Raises:
            WrongKeyError: it was encrypted with none of the keys.
        """
        try:
            return self._fernet.decrypt(encrypted).decode("utf-8", "surrogatepass")
        except InvalidToken:
            raise WrongKeyError(
                "The stored data was encrypted with another key: add the old key behind the new "
                "one in FAQBOT_SECRET_KEYS."
            ) from None

    def is_old(self, encrypted: bytes) -> bool:
        """Whether a text was encrypted with another key than the newest."""
        try:
            self._newest.decrypt(encrypted)
        except InvalidToken:
            return True
        return False

    def reencrypt(self, encrypted: bytes) -> bytes:
        """Encrypt a text again with the newest key.

        Raises:
            WrongKeyError: it was encrypted with none of the keys.
        """
        return self.encrypt(self.decrypt(encrypted))
