"""The text of a message: whom it names, what it quotes, and the message that it forwards.

Slack's clients send a message as rich text and as markup; some send the markup alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

BY_PERSONS: Final = frozenset({"", "file_share", "thread_broadcast"})
"""Subtypes of messages that a person wrote; the others are edits, joins and the like."""

_MENTION: Final = r"<(?:@|!subteam\^|!(?=here|channel|everyone))([A-Za-z0-9]+)(?:\|[^>]*)?>"
_NAMED: Final = re.compile(_MENTION)
_LEADING: Final = re.compile(rf"\s*(?:{_MENTION}[\s,:]*)+")
_CODE: Final = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
# Three marks quote all that follows; one quotes its line.
_QUOTE: Final = re.compile(r"^(?:&gt;|>)(?:(?:&gt;|>){2}[\s\S]*|[^\n]*)", re.MULTILINE)
_QUOTE_MARKS: Final = re.compile(r"^(?:&gt;|>)+ ?", re.MULTILINE)
_SET_APART: Final = frozenset({"rich_text_quote", "rich_text_preformatted"})
_ID_FIELDS: Final[Mapping[str, str]] = {
    "user": "user_id",
    "usergroup": "usergroup_id",
    "broadcast": "range",
}
"""The elements of rich text that name somebody, with the field that holds the id."""


@dataclass(frozen=True, slots=True)
class MessageText:
    """Whom a message names, and what it points to. `here`, `channel` and `everyone` are ids too.

    Args:
        called: who is named in its own words, which are neither code nor a quote.
        named: who is named anywhere.
        addressed: whom its first words name.
        quoted: what it quotes.
        forwarded: the text of the message that it forwards.
    """

    called: frozenset[str]
    named: frozenset[str]
    addressed: frozenset[str]
    quoted: str
    forwarded: str


def read_text(message: Mapping[str, Any]) -> MessageText:
    """Read the markup, the rich text and the forwarded messages of a message."""
    text = _string(message.get("text"))
    rich = _rich_text(message.get("blocks"))
    mentions = [found for block in rich for found in _mentions(block)]
    leading = _LEADING.match(text)
    quotes = (_QUOTE_MARKS.sub("", found[0]) for found in _QUOTE.finditer(text))
    if rich:
        called = frozenset(name for name, is_apart in mentions if not is_apart)
    else:
        called = _names(_CODE.sub(" ", without_quotes(text)))
    return MessageText(
        called=called,
        named=_names(text) | {name for name, _ in mentions},
        addressed=_names(leading[0]) if leading else frozenset(),
        quoted="\n".join(quotes).strip(),
        forwarded="\n".join(filter(None, map(_forwarded, _objects(message.get("attachments"))))),
    )


def without_quotes(text: str) -> str:
    """Return the own words of a text in Slack's markup."""
    return _QUOTE.sub(" ", text).strip()


def without_mention(text: str, user: str) -> str:
    """Return a text in Slack's markup without the mentions of a user."""
    return re.sub(rf"<@{re.escape(user)}(?:\|[^>]*)?>", " ", text) if user else text


def _names(markup: str) -> frozenset[str]:
    return frozenset(_NAMED.findall(markup))


def _rich_text(blocks: Any) -> list[Mapping[str, Any]]:
    return [block for block in _objects(blocks) if block.get("type") == "rich_text"]


def _mentions(element: Mapping[str, Any], *, apart: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield whom rich text names, and whether in code or a quote."""
    kind, style = element.get("type"), element.get("style")
    is_apart = apart or kind in _SET_APART or (isinstance(style, Mapping) and style.get("code"))
    name = _string(element.get(_ID_FIELDS.get(str(kind), "")))
    if name:
        yield name, bool(is_apart)
    for inner in _objects(element.get("elements")):
        yield from _mentions(inner, apart=bool(is_apart))


def _forwarded(attachment: Mapping[str, Any]) -> str:
    """Return the text of a forwarded message; "" for any other attachment."""
    if not (attachment.get("is_share") or attachment.get("is_msg_unfurl")):
        return ""
    inner = (_object(block.get("message")) for block in _objects(attachment.get("message_blocks")))
    blocks = [block for message in inner for block in _rich_text(message.get("blocks"))]
    return _string(attachment.get("text")).strip() or " ".join(map(_words, blocks)).strip()


def _words(element: Mapping[str, Any]) -> str:
    """Return the text of rich text, without its mentions."""
    inner = "".join(map(_words, _objects(element.get("elements"))))
    is_line = str(element.get("type")).startswith("rich_text_")
    return _string(element.get("text")) + inner + ("\n" if is_line else "")


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: Any) -> str:
    # Half a surrogate pair can't be written anywhere.
    return value.encode(errors="ignore").decode() if isinstance(value, str) else ""
