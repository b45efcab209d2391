"""Block Kit of MCP tool results: what Slackbot shows of a reply, with buttons that call tools.

Slackbot drops all blocks of a result if one breaks its rules: some types of blocks only, at most
50, links to public https addresses only, and an `action_id` that is `tool:` with the name of a
tool, once in a block.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from faqbot.replies.reply import ALL_ROLES, Button, Reply
from faqbot.slack.blockkit.blocks import (
    OPTIONS,
    actions,
    groups,
    option,
    plain,
    render,
    shorten,
    with_roles_that_fit,
)
from faqbot.slack.blockkit.rich_text import JsonObject

BLOCKS: Final = 50
"""Blocks that a result may have."""

_OPTION_VALUE: Final = 150
"""Characters of the value of an option in a menu."""

_PUBLIC_NAME: Final = re.compile(
    r"(?:[a-z0-9-]+\.)+(?!(?:local|localhost|internal|lan|home|corp|test|invalid)$)[a-z][a-z0-9-]+"
)

ToolCall = tuple[str, JsonObject]
"""The name of a tool, and its arguments."""

CallOf = Callable[[Button, bool], ToolCall]
"""Returns the call that a button makes: the button, and whether a role is shown as a whole."""


def tool_result_blocks(reply: Reply, call: CallOf) -> list[JsonObject]:
    """Return the blocks of a reply.

    Args:
        reply: what is shown; a long one by its first page, since the text has all of it.
        call: returns the call that a button makes.
    """
    reply = with_roles_that_fit(reply)
    shown = render(replace(reply, choices=(), roles=(), more=())).blocks
    more = [one for one in reply.more if one.entry != ALL_ROLES]
    ways = [
        *([_button(one.label, call(one, False))] for one in reply.choices),
        *_ways("Choose a role", ((one.label, call(one, False)) for one in reply.roles)),
        *_ways("More about this", ((one.label, call(one, True)) for one in more)),
    ]
    # The source stands last, as in faqbot's own messages.
    foot = shown[-1:] if shown and shown[-1]["type"] == "context" else ()
    body = shown[: len(shown) - len(foot)]
    blocks = [*body[: BLOCKS - len(ways) - len(foot)], *map(actions, ways), *foot]
    return [_with_public_links(block) for block in blocks]


def _with_public_links(value: Any) -> Any:
    """Return a block in which links that Slackbot refuses are text, with their address."""
    if isinstance(value, list):
        return [_with_public_links(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") != "link" or _is_public(value["url"]):
        return {key: _with_public_links(one) for key, one in value.items()}
    address = value["url"].removeprefix("mailto:")
    text = (value.get("text") or address).removeprefix("mailto:")
    shown = text if text == address else f"{text} ({address})"
    return {**{key: value[key] for key in value if key == "style"}, "type": "text", "text": shown}


def _is_public(url: str) -> bool:
    """Whether an address is by https, at a name that others can resolve."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    return parts.scheme == "https" and bool(_PUBLIC_NAME.fullmatch(name))


def _button(label: str, call: ToolCall) -> JsonObject:
    tool, arguments = call
    return {
        "type": "button",
        "action_id": f"tool:{tool}",
        "text": plain(shorten(label)),
        "value": json.dumps(arguments),
    }


def _ways(hint: str, calls: Iterable[tuple[str, ToolCall]]) -> Iterator[list[JsonObject]]:
    """Yield rows of elements: a menu for the calls of each tool, a button where it is one call."""
    by_tool: dict[str, list[tuple[str, ToolCall]]] = {}
    for label, call in calls:
        if len(json.dumps(call[1])) <= _OPTION_VALUE:
            by_tool.setdefault(call[0], []).append((label, call))
    rows: list[list[JsonObject]] = []
    for tool, found in by_tool.items():
        for number, group in enumerate(groups(found, OPTIONS)):
            # An `action_id` may stand once in a row, so further menus of a tool get rows of theirs.
            if number == len(rows):
                rows.append([])
            element = _button(*group[0]) if len(group) == 1 else _menu(tool, hint, group)
            rows[number].append(element)
    yield from rows


def _menu(tool: str, hint: str, calls: Sequence[tuple[str, ToolCall]]) -> JsonObject:
    return {
        "type": "static_select",
        "action_id": f"tool:{tool}",
        "placeholder": plain(hint),
        "options": [option(label, json.dumps(arguments)) for label, (_, arguments) in calls],
    }
