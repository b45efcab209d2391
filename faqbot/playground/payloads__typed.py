"""What a person typed, as Slack's clients send it: escaped text and its block."""

from __future__ import annotations

import re
from collections.abc import Iterator

from faqbot.playground.models import Payload

_SPECIAL = re.compile(r"<(?:@[UW]\w+|#C\w+(?:\|[^<>|]*)?|!(?:here|channel|everyone))>")


def escaped(text: str) -> str:
    """Escape what a person typed as Slack's clients do; mentions stay as they are."""
    parts: list[str] = []
    end = 0
    for match in _SPECIAL.finditer(text):
        parts += (_escaped(text[end : match.start()]), match.group())
        end = match.end()
    return "".join((*parts, _escaped(text[end:])))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rich_text(text: str) -> Payload:
    """The block that Slack makes of what a person typed (not escaped)."""
    section = {"type": "rich_text_section", "elements": list(_rich_parts(text))}
    return {"type": "rich_text", "elements": [section]}


def _rich_parts(text: str) -> Iterator[Payload]:
    end = 0
    for match in _SPECIAL.finditer(text):
        if match.start() > end:
            yield {"type": "text", "text": text[end : match.start()]}
        inner = match.group()[1:-1]
        if inner.startswith("@"):
            yield {"type": "user", "user_id": inner[1:]}
        elif inner.startswith("#"):
            yield {"type": "channel", "channel_id": inner[1:].partition("|")[0]}
        else:
            yield {"type": "broadcast", "range": inner[1:]}
        end = match.end()
    if text[end:]:
        yield {"type": "text", "text": text[end:]}
