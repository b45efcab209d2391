"""Rate limits of callers outside Slack: by address, and by key or for all without one."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.types import Scope

from faqbot.runtime.rate_limit import TokenBuckets

REQUESTS_PER_QUESTION: Final = 6
"""Requests that an address may send for each question: a client makes some around it."""

TOO_MANY: Final = "Too many questions at once: please try again in a minute."


@dataclass(frozen=True, slots=True)
class WebLimits:
    """Counts requests and questions.

    Args:
        per_address: the questions of each address without a key.
        per_key: the questions of each key, and those of all callers without a key together.
        requests: all requests of each address, questions or not.
        on_rejected: called for each refused question with "address" or "key".
    """

    per_address: TokenBuckets = field(default_factory=TokenBuckets)
    per_key: TokenBuckets = field(default_factory=TokenBuckets)
    requests: TokenBuckets = field(default_factory=TokenBuckets)
    on_rejected: Callable[[str], None] = lambda _: None

    @classmethod
    def of(
        cls, per_address: int, per_key: int, on_rejected: Callable[[str], None] = lambda _: None
    ) -> WebLimits:
        """Return limits for a number of questions a minute; 0 for no limit."""
        return cls(
            TokenBuckets(per_address),
            TokenBuckets(per_key),
            TokenBuckets(per_address * REQUESTS_PER_QUESTION),
            on_rejected,
        )

    def admits_request(self, address: str) -> bool:
        """Count a request of an address."""
        return self.requests.take(address)

    def refusal(self, surface: str, address: str, key: str = "") -> str:
        """Count a question. Returns why it is refused, else an empty string.

        Args:
            surface: by which way it is asked.
            address: who asks; not counted where there is a key, since a server asks for many.
            key: the name of the caller's key, if any.
        """
        if not key and not self.per_address.take(surface, address):
            self.on_rejected("address")
            return TOO_MANY
        # Second: one address above its own limit must not use up what all others share.
        if not self.per_key.take(surface, key):
            self.on_rejected("key")
            return TOO_MANY
        return ""


def address_of(scope: Scope) -> str:
    """Return whose requests are counted together: an address, or the /64 network of an IPv6 one."""
    host = str((scope.get("client") or ("",))[0])
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        # One customer has a whole /64, and so any number of addresses.
        return str(mapped or ipaddress.ip_network((found, 64), strict=False))
    return host
