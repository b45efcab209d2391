"""Interactive elements of blocks: how to find one, and the payload of its use."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from faqbot.playground.models import Payload, text_of

_OPTION_KINDS: Final = frozenset({"static_select", "radio_buttons", "overflow"})
_OPTIONS_KINDS: Final = frozenset({"multi_static_select", "checkboxes"})


@dataclass(frozen=True, slots=True)
class Element:
    """An interactive element of a block; `feedback_buttons` count as two elements."""

    block_id: str
    payload: Payload
    label: str = ""
    value: str = ""
    optional: bool = False
    is_input: bool = False

    @property
    def kind(self) -> str:
        """The element's `type`."""
        return str(self.payload.get("type"))

    @property
    def action_id(self) -> str:
        """The element's `action_id`."""
        return str(self.payload.get("action_id") or "")

    @property
    def options(self) -> tuple[Payload, ...]:
        """All options, those of groups included."""
        groups = self.payload.get("option_groups") or ()
        grouped = (option for group in groups for option in group.get("options") or ())
        return (*(self.payload.get("options") or ()), *grouped)

    def click(self) -> Payload:
        """Return the action of a click."""
        action: Payload = {
            "type": self.kind,
            "action_id": self.action_id,
            "block_id": self.block_id,
        }
        if self.payload.get("text"):
            action["text"] = self.payload["text"]
        if self.kind == "feedback_buttons":
            action["text"] = {"type": "plain_text", "text": self.label, "emoji": True}
        if self.value or "value" in self.payload:
            action["value"] = self.value
        return action

    def pick(self, option: Payload) -> Payload:
        """Return the action of selecting an option."""
        several = self.kind in _OPTIONS_KINDS
        chosen: Payload = {"selected_options": [option]} if several else {"selected_option": option}
        return {
            "type": self.kind,
            "action_id": self.action_id,
            "block_id": self.block_id,
            **chosen,
        }

    def option(self, value: str) -> Payload:
        """Return an option by value or label; raises LookupError that lists the options."""
        for option in self.options:
            if value in {option.get("value"), text_of(option.get("text"))}:
                return option
        known = ", ".join(text_of(option.get("text")) for option in self.options)
        raise LookupError(f"no option {value!r} in {self.action_id!r}; there are {known}")

    def state_value(self, given: Any) -> Payload:
        """Return the element's entry in a view's state; `given` is a text, option value or None."""
        if self.kind in _OPTION_KINDS:
            chosen = self.option(given) if given else self.payload.get("initial_option")
            return {"type": self.kind, "selected_option": chosen}
        if self.kind in _OPTIONS_KINDS:
            options = [self.option(value) for value in given or ()]
            return {
                "type": self.kind,
                "selected_options": options or self.payload.get("initial_options") or [],
            }
        if self.kind == "datepicker":
            return {"type": self.kind, "selected_date": given or self.payload.get("initial_date")}
        if self.kind in {"users_select", "conversations_select", "channels_select"}:
            name = "selected_" + self.kind.removesuffix("s_select")
            initial = self.payload.get(name.replace("selected", "initial"))
            return {"type": self.kind, name: given or initial}
        return {"type": self.kind, "value": given or self.payload.get("initial_value")}


def elements(blocks: Iterable[Mapping[str, Any]]) -> Iterator[Element]:
    """Yield the interactive elements of a message or view, in order."""
    for block in blocks:
        block_id = str(block.get("block_id") or "")
        match block.get("type"):
            case "section" if block.get("accessory"):
                yield from _element(block_id, block["accessory"])
            case "actions" | "context_actions":
                for node in block.get("elements") or ():
                    yield from _element(block_id, node)
            case "input":
                yield Element(
                    block_id,
                    block["element"],
                    label=text_of(block.get("label")),
                    optional=bool(block.get("optional")),
                    is_input=not block.get("dispatch_action"),
                )


def _element(block_id: str, node: Payload) -> Iterator[Element]:
    if node.get("type") == "image":
        return
    if node.get("type") == "feedback_buttons":
        for name in ("positive_button", "negative_button"):
            button = node.get(name) or {}
            label = text_of(button.get("text"))
            yield Element(block_id, node, label=label, value=str(button.get("value") or ""))
        return
    label = text_of(node.get("text")) or text_of(node.get("placeholder"))
    # Payloads contain &amp; where people read &, and tests search for what people read.
    yield Element(block_id, node, label=html.unescape(label), value=str(node.get("value") or ""))


def find(
    blocks: Iterable[Mapping[str, Any]],
    *,
    action_id: str | None = None,
    value: str | None = None,
    label: str | None = None,
) -> Element:
    """Return the one element that matches; raises LookupError that lists the elements."""
    there = list(elements(blocks))
    fitting = [
        element
        for element in there
        if (action_id is None or element.action_id == action_id)
        and (value is None or element.value == value)
        and (label is None or element.label == label)
    ]
    if len(fitting) == 1:
        return fitting[0]
    wanted = f"action_id={action_id!r}, value={value!r}, label={label!r}"
    known = "; ".join(f"{e.label!r} ({e.action_id}={e.value})" for e in there) or "nothing to click"
    raise LookupError(f"{len(fitting)} elements fit {wanted}; there are: {known}")


def state_values(
    blocks: Iterable[Mapping[str, Any]], given: Mapping[str, Any] | None = None
) -> Payload:
    """Return a view's state: the values by block_id and action_id; `given` is by action_id."""
    values: Payload = {}
    for element in elements(blocks):
        # Slack leaves elements without a value of their own out of the state.
        if element.kind in {"button", "feedback_buttons", "overflow", "icon_button"}:
            continue
        filled = element.state_value((given or {}).get(element.action_id))
        values.setdefault(element.block_id, {})[element.action_id] = filled
    return values


def missing(blocks: Iterable[Mapping[str, Any]], values: Payload) -> dict[str, str]:
    """Return Slack's message for each required input that is empty, by block_id."""
    empty: tuple[Any, ...] = (None, "", [])
    return {
        element.block_id: "Please complete this required field."
        for element in elements(blocks)
        if element.is_input
        and not element.optional
        and all(
            entry in empty
            for key, entry in values[element.block_id][element.action_id].items()
            if key != "type"
        )
    }
