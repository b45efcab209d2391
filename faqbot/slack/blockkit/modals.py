"""Modals and their inputs."""

from __future__ import annotations

from collections.abc import Sequence

from faqbot.slack.blockkit.blocks import plain
from faqbot.slack.blockkit.rich_text import JsonObject


def modal(
    title: str,
    blocks: Sequence[JsonObject],
    *,
    callback: str,
    submit: str = "",
    close: str = "Cancel",
    metadata: str = "",
) -> JsonObject:
    """Return a modal.

    Args:
        title: at most 24 characters.
        blocks: its content.
        callback: names the listener of its submission.
        submit: the label of the button that submits it; a modal without inputs has none.
        close: the label of the other button.
        metadata: comes back with the submission.
    """
    submission = {"submit": plain(submit)} if submit else {}
    carried = {"private_metadata": metadata} if metadata else {}
    return {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title),
        **submission,
        "close": plain(close),
        **carried,
        "blocks": list(blocks),
    }


def input_block(
    block: str, label: str, element: JsonObject, *, hint: str = "", optional: bool = False
) -> JsonObject:
    """Return a labelled input of a modal."""
    hinted = {"hint": plain(hint)} if hint else {}
    chosen = {"optional": True} if optional else {}
    return {
        "type": "input",
        "block_id": block,
        **chosen,
        "label": plain(label),
        **hinted,
        "element": element,
    }


def text_input(
    block: str,
    label: str,
    *,
    max_length: int,
    action: str = "",
    hint: str = "",
    placeholder: str = "",
    initial: str = "",
    multiline: bool = True,
    optional: bool = False,
) -> JsonObject:
    """Return a labelled text field of a modal; its action has the block's name unless given."""
    element: JsonObject = {
        "type": "plain_text_input",
        "action_id": action or block,
        "multiline": multiline,
        "max_length": max_length,
    }
    if placeholder:
        element["placeholder"] = plain(placeholder)
    if initial:
        element["initial_value"] = initial[:max_length]
    return input_block(block, label, element, hint=hint, optional=optional)
