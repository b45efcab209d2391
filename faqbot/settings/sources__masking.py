"""What is printed or logged never shows a secret: tokens, passwords and codes are masked."""

from __future__ import annotations

import re
from typing import Any, Final

MASK: Final = "…"

_NAMES: Final = (
    r"[\w-]{0,40}(?:secret|passw(?:or)?d|passphrase|private_key|api_?key|signature)[\w-]{0,20}"
    r"|[\w-]{0,40}token|authorization|cookie"
)
"""Names whose values are secrets, wherever they stand; bounded, so that no text takes long."""

_SECRET: Final = re.compile(
    # Slack's tokens, of which one can contain another: xoxe.xoxb-..., xoxe-1-..., xapp-1-...
    r"\b(?P<kind>xox[a-z](?:\.xox[a-z])?(?:-\d(?=-))?-|xapp-(?:\d-)?|xwfp-)[\w.%+/=-]+"
    # The password of an address, also with an @ inside, or a token in the place of the name.
    r"|(?P<scheme>\b[a-z][\w+.-]{0,30}://[^\s:/?#@\"'<>]{0,255}:)[^\s/?#\"'<>]{0,1000}(?=@)"
    r"|(?P<user>\b(?:git\+)?https?://)[^\s:/?#@\"'<>]{1,1000}(?=@)"
    # Addresses to which whoever knows them may post.
    r"|(?P<hook>\bhooks\.slack(?:-gov)?\.com/\w{1,40}/)[\w/%-]+"
    r"|(?P<bearer>\b(?:bearer|basic)\s)[\w.~+/=-]{8,}"
    r"|(?P<keys>(?<![\w-])[\w-]{0,40}secret_keys\s{0,3}[=:]\s{0,3})[^\s&;\"'<>]+"
    rf"|(?P<name>(?<![\w-])(?:{_NAMES})[\"']?\s{{0,3}}[=:]\s{{0,3}})"
    r"(?:\"[^\"\n]*\"|'[^'\n]*'|(?:(?:bearer|basic)\s)?[^\s&,;\"'<>)\]}(]+)"
    # What an address carries back from signing in, or to a socket.
    r"|(?P<query>[?&](?:state|nonce|ticket)=|\bcode=|[\"'](?:code|state|nonce)[\"']:\s*[\"'])"
    r"[^\s&\"'<>]+"
    r"|(?P<signed>\bv0=)[0-9a-f]{64}\b",
    re.IGNORECASE,
)
_SUSPECT: Final = re.compile(r"[=:/]|xox|xapp|xwfp|bearer|basic", re.IGNORECASE)
"""Without any of these nothing in a text is a secret by its looks; most texts have none."""

_SECRET_NAME: Final = re.compile(rf"(?:{_NAMES})", re.IGNORECASE)

_DEEPEST: Final = 8


def masked(text: str) -> str:
    """A text in which tokens and passwords can't be read."""
    return _SECRET.sub(_start, text) if _SUSPECT.search(text) else text


def masked_value(value: Any, name: str = "", depth: int = 0) -> Any:
    """A value as it may be logged: masked by its name, and all texts inside it."""
    if value and _SECRET_NAME.fullmatch(name):
        return MASK
    if isinstance(value, str):
        return masked(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < _DEEPEST:
        if isinstance(value, dict):
            return {
                masked_value(key): masked_value(inner, str(key), depth + 1)
                for key, inner in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [masked_value(inner, name, depth + 1) for inner in value]
    return masked(str(value))


def _start(match: re.Match[str]) -> str:
    """What may be read of a secret: where it stood."""
    return next(str(group) for group in match.groupdict().values() if group) + MASK
