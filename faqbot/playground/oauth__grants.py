"""Which tokens the app was given by OAuth: codes and refresh tokens that are good once."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

HOURS_12: Final = 43_200
"""Seconds for which a token that is rotated is good."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody allowed: `teams` are those that the token is good in."""

    teams: tuple[str, ...]
    scopes: tuple[str, ...]
    person: str
    org_wide: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """A token of a grant, good until a time; `error` is why it isn't any more."""

    token: str
    grant: Grant
    refresh: str = ""
    until: float = float("inf")
    error: str = ""


class Grants:
    """Keeps codes, tokens and refresh tokens; `lifetime` is 0 where tokens aren't rotated."""

    def __init__(self, lifetime: float = 0.0, clock: Callable[[], float] = time.time) -> None:
        self.lifetime = lifetime
        self.refreshes = 0
        self._clock = clock
        self._codes: dict[str, tuple[Grant, str] | None] = {}
        self._tokens: dict[str, Issued] = {}
        self._refresh: dict[str, Issued] = {}

    def code(self, grant: Grant, back: str) -> str:
        """A code for a grant, to be redeemed with the same redirect."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = (grant, back)
        return code

    def redeem(self, code: str, back: str) -> Issued:
        """Tokens for a code; raises LookupError with Slack's error."""
        if code not in self._codes:
            raise LookupError("invalid_code")
        kept = self._codes[code]
        self._codes[code] = None
        if kept is None:
            raise LookupError("code_already_used")
        grant, expected = kept
        if back != expected:
            raise LookupError("bad_redirect_uri")
        return self._issue(grant)

    def refresh(self, token: str) -> Issued:
        """Fresh tokens for a refresh token; raises LookupError with Slack's error."""
        old = self._refresh.pop(token, None)
        if old is None or self._tokens[old.token].error:
            raise LookupError("invalid_refresh_token")
        self.refreshes += 1
        return self._issue(old.grant)

    def find(self, token: str) -> Issued:
        """What a token stands for; raises LookupError with Slack's error."""
        issued = self._tokens.get(token)
        if issued is None:
            raise LookupError("invalid_auth")
        if issued.error:
            raise LookupError(issued.error)
        if self._clock() >= issued.until:
            raise LookupError("token_expired")
        return issued

    def end(self, team: str, error: str) -> None:
        """End all tokens that are good in a workspace."""
        for token, issued in self._tokens.items():
            if team in issued.grant.teams and not issued.error:
                self._tokens[token] = replace(issued, error=error)

    def _issue(self, grant: Grant) -> Issued:
        made = secrets.token_urlsafe(16)
        if not self.lifetime:
            issued = Issued(f"xoxb-local-{made}", grant)
        else:
            until = self._clock() + self.lifetime
            issued = Issued(f"xoxe.xoxb-local-{made}", grant, f"xoxe-local-{made}-r", until)
            self._refresh[issued.refresh] = issued
        self._tokens[issued.token] = issued
        return issued
