"""Slack's limits for payloads: the models of slack_sdk for each node, and checks they lack.

`problems(payload)` takes the arguments of a Web API call, an acknowledgement, a response_url post
or a view, and returns a line for each problem that Slack would refuse it for.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import Block, BlockElement, ConfirmObject, Option, OptionGroup
from slack_sdk.models.blocks.basic_components import FeedbackButtonObject
from slack_sdk.models.views import View

MAX_MESSAGE_BLOCKS: Final = 50
MAX_MESSAGE_CHARACTERS: Final = 13_200
MAX_TEXT_CHARACTERS: Final = 40_000
MAX_UPDATE_BYTES: Final = 4_000
MAX_FIELD_CHARACTERS: Final = 2_000
MAX_CONTEXT_CHARACTERS: Final = 3_000
MAX_MARKDOWN_CHARACTERS: Final = 12_000
MAX_PROMPTS: Final = 4

_SELECTS: Final = frozenset(
    {"static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow"}
)
_MESSAGE_BLOCKS_ONLY: Final = frozenset({"markdown", "context_actions", "table", "task_card"})
_TEXTS: Final = frozenset({"plain_text", "mrkdwn"})


def problems(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what Slack would refuse in a payload that the app sends."""
    found: list[str] = []
    view = payload.get("view")
    if isinstance(view, Mapping):
        found += view_problems(view)
    if payload.get("type") in {"modal", "home"}:
        found += view_problems(payload)
    elif payload.get("blocks"):
        found += message_problems(payload["blocks"])
    text = payload.get("text")
    if isinstance(text, str) and len(text) > MAX_TEXT_CHARACTERS:
        found.append(f"text: {len(text)} characters, {MAX_TEXT_CHARACTERS} are allowed")
    return tuple(found)


def message_problems(blocks: Any) -> tuple[str, ...]:
    """Return what Slack would refuse in the blocks of a message."""
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        return ("blocks: must be a list",)
    found: list[str] = []
    if len(blocks) > MAX_MESSAGE_BLOCKS:
        found.append(f"blocks: {len(blocks)} blocks, {MAX_MESSAGE_BLOCKS} are allowed in a message")
    size = characters(blocks)
    if size > MAX_MESSAGE_CHARACTERS:
        found.append(
            f"blocks: {size} characters, {MAX_MESSAGE_CHARACTERS} are allowed in a message"
        )
    return (*found, *_blocks_problems(blocks, "blocks"))


def view_problems(view: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what Slack would refuse in a modal or App Home."""
    found = list(_model_problems(View, view, "view"))
    blocks = view.get("blocks") or ()
    if view.get("type") == "modal":
        if not view.get("title"):
            found.append("view.title: a modal needs a title")
        if any(block.get("type") == "input" for block in blocks) and not view.get("submit"):
            found.append("view.submit: a modal with an input needs a submit text")
    for name in ("title", "submit", "close"):
        if name in view and view[name] is not None:
            found += _text_problems(view[name], f"view.{name}", plain=True)
    found += [
        f"view.blocks[{index}]: a {block['type']} block is for messages only"
        for index, block in enumerate(blocks)
        if block.get("type") in _MESSAGE_BLOCKS_ONLY
    ]
    return (*found, *_blocks_problems(blocks, "view.blocks"))


def characters(node: Any) -> int:
    """Count the characters of all texts below a node."""
    if isinstance(node, str):
        return len(node)
    if isinstance(node, Mapping):
        return sum(
            characters(value)
            for key, value in node.items()
            if key in {"text", "alt_text", "label", "hint", "title", "description", "placeholder"}
            or isinstance(value, Mapping | list | tuple)
        )
    if isinstance(node, Sequence):
        return sum(characters(value) for value in node if not isinstance(value, str))
    return 0


def _blocks_problems(blocks: Any, where: str) -> Iterator[str]:
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        yield f"{where}: must be a list"
        return
    ids = Counter(
        str(block["block_id"])
        for block in blocks
        if isinstance(block, Mapping) and block.get("block_id")
    )
    yield from (f"{where}: block_id {name!r} stands twice" for name, n in ids.items() if n > 1)
    for index, block in enumerate(blocks):
        if isinstance(block, Mapping):
            yield from _block_problems(block, f"{where}[{index}]")
        else:
            yield f"{where}[{index}]: must be an object"


def _block_problems(block: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from _parsed_problems(Block, block, where)
    match block.get("type"):
        case "section":
            yield from _section_problems(block, where)
        case "context":
            yield from _context_problems(block, where)
        case "header":
            yield from _text_problems(block.get("text"), f"{where}.text", plain=True)
        case "markdown" if not str(block.get("text") or "").strip():
            yield f"{where}.text: must not be empty"
        case "actions" | "context_actions":
            yield from _actions_problems(block, where)
        case "input":
            yield from _text_problems(block.get("label"), f"{where}.label", plain=True)
            yield from _element_problems(block.get("element"), f"{where}.element")
        case "image" if not block.get("alt_text"):
            yield f"{where}.alt_text: must not be empty"
        case "rich_text" if not block.get("elements"):
            yield f"{where}.elements: must not be empty"


def _section_problems(block: Mapping[str, Any], where: str) -> Iterator[str]:
    if "text" in block:
        yield from _text_problems(block["text"], f"{where}.text")
    fields = block.get("fields")
    if fields is not None and not fields:
        yield f"{where}.fields: must not be empty"
    for index, field in enumerate(fields or ()):
        yield from _text_problems(field, f"{where}.fields[{index}]", limit=MAX_FIELD_CHARACTERS)
    if block.get("accessory") is not None:
        yield from _element_problems(block["accessory"], f"{where}.accessory")


def _context_problems(block: Mapping[str, Any], where: str) -> Iterator[str]:
    if not block.get("elements"):
        yield f"{where}.elements: must not be empty"
    for index, element in enumerate(block.get("elements") or ()):
        place = f"{where}.elements[{index}]"
        if element.get("type") in _TEXTS:
            yield from _text_problems(element, place, limit=MAX_CONTEXT_CHARACTERS)
        elif element.get("type") == "image":
            yield from _parsed_problems(BlockElement, element, place)
        else:
            yield f"{place}: a context block holds texts and images only"


def _actions_problems(block: Mapping[str, Any], where: str) -> Iterator[str]:
    elements = block.get("elements") or ()
    if not elements:
        yield f"{where}.elements: must not be empty"
    ids = Counter(element["action_id"] for element in elements if element.get("action_id"))
    yield from (f"{where}: action_id {name!r} stands twice" for name, n in ids.items() if n > 1)
    for index, element in enumerate(elements):
        yield from _element_problems(element, f"{where}.elements[{index}]")


def _element_problems(element: Any, where: str) -> Iterator[str]:
    if not isinstance(element, Mapping):
        yield f"{where}: must be an object"
        return
    yield from _parsed_problems(BlockElement, element, where)
    kind = element.get("type")
    if kind == "button":
        yield from _text_problems(element.get("text"), f"{where}.text", plain=True)
    if kind == "feedback_buttons":
        for name in ("positive_button", "negative_button"):
            yield from _model_problems(FeedbackButtonObject, element.get(name), f"{where}.{name}")
    if kind in _SELECTS:
        yield from _choices_problems(element, where)
    if element.get("placeholder") is not None:
        yield from _text_problems(element["placeholder"], f"{where}.placeholder", plain=True)
    if element.get("confirm") is not None:
        yield from _model_problems(ConfirmObject, element["confirm"], f"{where}.confirm")


def _choices_problems(element: Mapping[str, Any], where: str) -> Iterator[str]:
    groups = element.get("option_groups") or ()
    if not element.get("options") and not groups:
        yield f"{where}: has neither options nor option_groups"
    for index, group in enumerate(groups):
        place = f"{where}.option_groups[{index}]"
        if not group.get("options"):
            yield f"{place}: has no options"
        yield from _model_problems(OptionGroup, group, place, skip=("options",))
        yield from _options_problems(group.get("options") or (), place)
    yield from _options_problems(element.get("options") or (), where)


def _options_problems(options: Sequence[Mapping[str, Any]], where: str) -> Iterator[str]:
    values = Counter(str(option.get("value")) for option in options)
    yield from (f"{where}: value {name!r} stands twice" for name, n in values.items() if n > 1)
    for index, option in enumerate(options):
        place = f"{where}.options[{index}]"
        yield from _model_problems(Option, option, place)
        yield from _text_problems(option.get("text"), f"{place}.text")
        if "description" in option and len(str(option["description"].get("text", ""))) > 75:  # noqa: PLR2004
            yield f"{place}.description: more than 75 characters"


def _text_problems(
    node: Any, where: str, *, limit: int | None = None, plain: bool = False
) -> Iterator[str]:
    if not isinstance(node, Mapping) or node.get("type") not in _TEXTS:
        yield f"{where}: must be a text object"
        return
    if plain and node["type"] != "plain_text":
        yield f"{where}: must be plain_text"
    text = node.get("text")
    if not isinstance(text, str) or not text.strip():
        yield f"{where}: must not be empty"
    elif limit is not None and len(text) > limit:
        yield f"{where}: {len(text)} characters, {limit} are allowed"


def _parsed_problems(
    family: type[Block | BlockElement], node: Mapping[str, Any], where: str
) -> Iterator[str]:
    """Check one node by the model of its own type; its children are checked by the callers."""
    try:
        model = family.parse(copy.deepcopy(dict(node)))
    except (SlackObjectFormationError, TypeError, ValueError, KeyError, AttributeError) as error:
        yield f"{where}: {error}"
        return
    if not isinstance(model, JsonObject):
        yield f"{where}: unknown type {node.get('type')!r}"
        return
    yield from _validation(model, where)
    # slack_sdk drops keys that it doesn't know, where Slack refuses the block.
    known = set(model.attributes) | {"type", "block_id", "action_id", "dispatch_action"}
    yield from (f"{where}: unknown key {key!r}" for key in node if key not in known)


def _model_problems(
    model: type[JsonObject], node: Any, where: str, skip: Sequence[str] = ()
) -> Iterator[str]:
    if not isinstance(node, Mapping):
        yield f"{where}: must be an object"
        return
    values = {key: value for key, value in copy.deepcopy(dict(node)).items() if key not in skip}
    values.update({key: [] for key in skip if key in node})
    try:
        parsed = model(**values)
    except (SlackObjectFormationError, TypeError, ValueError, KeyError, AttributeError) as error:
        yield f"{where}: {error}"
        return
    yield from _validation(parsed, where)


def _validation(model: JsonObject, where: str) -> Iterator[str]:
    """Run every validator: `validate_json` stops at the first."""
    for name in dir(type(model)):
        method = getattr(type(model), name, None)
        if callable(method) and hasattr(method, "validator"):
            try:
                method(model)
            except SlackObjectFormationError as error:
                yield f"{where}: {error}"
            except (TypeError, AttributeError) as error:
                yield f"{where}: malformed ({error})"
