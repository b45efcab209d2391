from __future__ import annotations

import asyncio
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.playground.workspace import LocalWorkspace


def _echo(workspace: LocalWorkspace) -> AsyncApp:
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    app = AsyncApp(client=client, signing_secret=workspace.signing_secret)

    @app.event("app_mention")
    async def mention(event: dict[str, Any], say: Any) -> None:
        button = {
            "type": "button",
            "action_id": "more",
            "value": "x",
            "text": {"type": "plain_text", "text": "More"},
        }
        blocks = [
            {"type": "section", "text": {"type": "mrkdwn", "text": event["text"]}},
            {"type": "actions", "elements": [button]},
        ]
        await say(text="echo", blocks=blocks, thread_ts=event["ts"])

    @app.event("message")
    async def message() -> None:
        pass

    @app.action("more")
    async def more(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        view = {
            "type": "modal",
            "callback_id": "name",
            "title": {"type": "plain_text", "text": "Name"},
            "submit": {"type": "plain_text", "text": "Go"},
            "blocks": [
                {
                    "type": "input",
                    "label": {"type": "plain_text", "text": "Name"},
                    "element": {"type": "plain_text_input", "action_id": "name"},
                }
            ],
        }
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("name")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        (entry,) = view["state"]["values"].values()
        if entry["name"]["value"] == "bad":
            block_id = view["blocks"][0]["block_id"]
            await ack(response_action="errors", errors={block_id: "Not this one"})
        else:
            await ack()

    @app.command("/role")
    async def role(ack: Any, respond: Any, command: dict[str, Any]) -> None:
        await ack(f"you asked for {command['text']}")
        await respond("and later this")

    return app


async def test_a_bolt_app_works_over_socket_mode(workspace: LocalWorkspace) -> None:
    app = _echo(workspace)
    handler = AsyncSocketModeHandler(app, workspace.app_token, web_client=app.client)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        maya = workspace.person("maya")
        ts = await maya.say("#general", f"<@{workspace.bot_user_id}> a < b")
        answer = (await workspace.until(lambda: workspace.answers("#general", ts)))[0]
        assert answer.blocks[0]["text"]["text"].endswith("a &lt; b")
        assert (await maya.click(answer, action_id="more")).ok
        modal = await workspace.until(lambda: workspace.modal("maya"))
        assert not (await maya.submit(modal, {})).ok
        refused = await maya.submit(modal, {"name": "bad"})
        assert list(refused.errors.values()) == ["Not this one"]
        assert (await maya.submit(modal, {"name": "Mara"})).ok
        assert workspace.modal("maya") is None
        reaction = await maya.command("/role", "python", channel="#general")
        await workspace.until(lambda: len(reaction.messages) == 2)
        assert {m.text for m in workspace.private_messages("maya")} == {
            "you asked for python",
            "and later this",
        }
        assert workspace.problems() == ()
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
        await asyncio.sleep(0)
