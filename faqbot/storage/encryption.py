"""What is kept so that only faqbot can read it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from faqbot.errors import SettingsError
from faqbot.storage.models import StoreError

_PURPOSE: Final = b"faqbot: deliveries that are not finished"


class TokenCipher:
    """Encrypts with the first key, and reads what any of the keys encrypted.

    Args:
        keys: Fernet keys (32 bytes in URL-safe base64), the newest first.

    Raises:
        SettingsError: a key is none.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            made = [Fernet(key.encode()) for key in keys]
            self._newest, self._fernet = made[0], MultiFernet(made)
            self.has_old_keys = len(made) > 1
        except (ValueError, IndexError):
            raise SettingsError(
                "FAQBOT_SECRET_KEYS must be one key or several, the newest first, separated by "
                "commas; make one by: faqbot new key"
            ) from None

    @classmethod
    def from_setting(cls, keys: str) -> Self:
        """A seal of keys as a setting names them: the newest first, separated by commas."""
        return cls([key.strip() for key in keys.split(",") if key.strip()])

    @classmethod
    def from_secret(cls, secret: str) -> Self:
        """A seal that every process with the same secret has (HKDF, RFC 5869)."""
        derived = HKDF(SHA256(), 32, None, _PURPOSE).derive(secret.encode())
        return cls([base64.urlsafe_b64encode(derived).decode()])

    @staticmethod
    def new_key() -> str:
        """A key that nobody has."""
        return Fernet.generate_key().decode()

    def encrypt(self, text: str) -> bytes:
        """Encrypt a text."""
        return self._fernet.encrypt(text.encode("utf-8", "surrogatepass"))

    def decrypt(self, encrypted: bytes) -> str:
        """Decrypt a text.

        Raises:
            StoreError: it was encrypted with none of the keys.
        """
        try:
            return self._fernet.decrypt(encrypted).decode("utf-8", "surrogatepass")
        except InvalidToken:
            raise StoreError(
                "What is kept was encrypted with another key: put the old key behind the new one "
                "in FAQBOT_SECRET_KEYS."
            ) from None

    def is_old(self, encrypted: bytes) -> bool:
        """Whether it was encrypted with another key than the first."""
        try:
            self._newest.decrypt(encrypted)
        except InvalidToken:
            return True
        return False

    def reencrypt(self, encrypted: bytes) -> bytes:
        """The same under the first key.

        Raises:
            StoreError: it was encrypted with none of the keys.
        """
        return self.encrypt(self.decrypt(encrypted))
