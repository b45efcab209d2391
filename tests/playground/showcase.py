"""A small Bolt app that shows every kind of block and surface, for the tests of the page."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.playground.workspace import LocalWorkspace


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def button(text: str, action_id: str, value: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": value, **more}


def option(text: str, value: str) -> dict[str, Any]:
    return {"text": plain(text), "value": value}


def _line(text: str, *, bold: bool = False) -> dict[str, Any]:
    style = {"style": {"bold": True}} if bold else {}
    return {"type": "rich_text_section", "elements": [{"type": "text", "text": text, **style}]}


def _list(*items: str) -> dict[str, Any]:
    return {"type": "rich_text_list", "style": "bullet", "elements": [_line(i) for i in items]}


ANSWER: list[dict[str, Any]] = [
    {"type": "header", "text": plain("Data Analyst: Skills")},
    {
        "type": "rich_text",
        "elements": [
            _line("Required", bold=True),
            _list("SQL, written by hand and read by others", "A reporting tool", "Statistics"),
            _line("Preferred", bold=True),
            _list("Python or R", "Experience with a data warehouse"),
        ],
    },
    {
        "type": "context",
        "elements": [mrkdwn("*Data Analyst* · Skills · @people-data · reviewed 1 November 2026")],
    },
    {"type": "divider"},
    {
        "type": "actions",
        "elements": [
            button("Education", "show:education", "education"),
            button("Day to day", "show:day", "day"),
            button("Full description", "show:full", "full", style="primary"),
            {
                "type": "static_select",
                "action_id": "other",
                "placeholder": plain("Another role"),
                "options": [option("Data Engineer", "de"), option("UX Designer", "ux")],
            },
            {
                "type": "overflow",
                "action_id": "menu",
                "options": [option("Share with everyone", "s"), option("Report", "r")],
            },
        ],
    },
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "rate",
                "positive_button": {"text": plain("Helpful"), "value": "up"},
                "negative_button": {"text": plain("Not helpful"), "value": "down"},
            }
        ],
    },
]

KINDS: list[dict[str, Any]] = [
    {
        "type": "section",
        "text": mrkdwn(
            "*bold* _italic_ ~gone~ `code` <https://example.com|a link> :wave:\n> quoted"
        ),
        "accessory": button("Open", "open"),
    },
    {"type": "section", "fields": [mrkdwn("*Years*\n2 to 5"), mrkdwn("*Degree*\nPreferred")]},
    {
        "type": "markdown",
        "text": "### Part\n\n1. **one**\n2. two\n   - inner\n\n`x` and [y](https://e.com)",
    },
    {"type": "image", "alt_text": "A chart", "image_url": "https://example.com/a.png"},
]

MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "search",
    "title": plain("Find a role"),
    "submit": plain("Search"),
    "close": plain("Cancel"),
    "blocks": [
        {
            "type": "input",
            "block_id": "words",
            "label": plain("Words"),
            "hint": plain("A title, or what someone does"),
            "element": {"type": "plain_text_input", "action_id": "words"},
        },
        {
            "type": "input",
            "block_id": "family",
            "optional": True,
            "label": plain("Family"),
            "element": {
                "type": "radio_buttons",
                "action_id": "family",
                "options": [option("Engineering", "e"), option("Design", "d")],
            },
        },
    ],
}

HOME: dict[str, Any] = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": plain("Roles")},
        {
            "type": "section",
            "text": mrkdwn("*Data Analyst*\nTurns numbers into decisions"),
            "accessory": button("Find a role", "open", style="primary"),
        },
    ],
}


def showcase(workspace: LocalWorkspace) -> AsyncApp:
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    app = AsyncApp(client=client, signing_secret=workspace.signing_secret)

    @app.event("app_mention")
    async def mention(event: dict[str, Any], client: AsyncWebClient) -> None:
        thread = event.get("thread_ts") or event["ts"]
        await client.chat_postMessage(
            channel=event["channel"], text="Skills", blocks=ANSWER, thread_ts=thread
        )

    @app.event("message")
    async def message(event: dict[str, Any], client: AsyncWebClient) -> None:
        if event["channel_type"] == "im" and "bot_id" not in event:
            blocks = KINDS if "kinds" in event["text"] else ANSWER
            await client.chat_postMessage(channel=event["channel"], text="Skills", blocks=blocks)

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        if event["tab"] == "home":
            await client.views_publish(user_id=event["user"], view=HOME)
            return
        await client.api_call(
            "assistant.threads.setSuggestedPrompts",
            json={
                "channel_id": event["channel"],
                "prompts": [{"title": "What does a data analyst do?", "message": "data analyst"}],
            },
        )

    _interactive(app)
    return app


def _interactive(app: AsyncApp) -> None:
    @app.command("/role")
    async def role(ack: Any, command: dict[str, Any]) -> None:
        if command["text"] != "silence":
            await ack(text=f"You asked for {command['text']}", blocks=ANSWER)

    @app.action("open")
    async def open_modal(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("search")
    async def search(ack: Any, view: dict[str, Any]) -> None:
        words = view["state"]["values"]["words"]["words"]["value"]
        if len(words) < 3:
            await ack(response_action="errors", errors={"words": "Three letters at least"})
        else:
            await ack()

    @app.action(re.compile(".+"))
    async def anything(ack: Any, action: dict[str, Any], respond: Any) -> None:
        await ack()
        await respond(text=f"Pressed {action.get('value')}", replace_original=False)


@contextlib.asynccontextmanager
async def connected(workspace: LocalWorkspace) -> AsyncIterator[None]:
    """Run the showcase against the workspace over Socket Mode."""
    app = showcase(workspace)
    handler = AsyncSocketModeHandler(app, workspace.app_token, web_client=app.client)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
