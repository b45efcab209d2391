"""The page of the workspace: document, static files, server-sent snapshots, actions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from faqbot import pages
from faqbot.playground.blocks import elements
from faqbot.playground.models import Channel, ModalView, Payload, SlackMessage, User
from faqbot.playground.person import ActionResult, SimulatedUser
from faqbot.playground.state import WorkspaceState
from faqbot.runtime.web import safe_headers

MAX_MESSAGES: Final = 300


def snapshot(state: WorkspaceState, user: User) -> Payload:
    """Return all that a user sees now."""
    # Opens the direct message: the page shows it before anybody has written.
    state.direct(user.id)
    mine = [c for c in state.channels.values() if user.id in c.members]
    modals = state.modals.get(user.id) or []
    home = state.homes.get(user.id)
    return {
        "me": user.id,
        "bot": state.setup.bot_user_id,
        "users": {u.id: _person(u) for u in state.users.values()},
        "channels": [_channel(state, channel, user) for channel in mine],
        "groups": {group.id: group.handle for group in state.groups.values()},
        "modal": _view(modals[-1]) if modals else None,
        "modals": len(modals),
        "home": _view(home) if home else None,
    }


def _person(user: User) -> Payload:
    return {
        "id": user.id,
        "name": user.name,
        "realName": user.real_name,
        "guest": user.guest,
        "bot": user.bot,
    }


def _channel(state: WorkspaceState, channel: Channel, user: User) -> Payload:
    suggestions = state.suggestions.get(channel.id)
    statuses = {
        thread: status for (place, thread), status in state.statuses.items() if place == channel.id
    }
    seen = [m for m in state.messages(channel.id) if m.visible_to in {"", user.id}]
    return {
        "id": channel.id,
        "name": channel.name,
        "direct": channel.direct,
        "topic": channel.topic,
        "hasBot": state.setup.bot_user_id in channel.members,
        "messages": [_message(m) for m in seen[-MAX_MESSAGES:]],
        "statuses": statuses,
        "prompts": {
            "title": suggestions.title,
            "prompts": [{"title": t, "message": m} for t, m in suggestions.prompts],
        }
        if suggestions
        else None,
    }


def _message(message: SlackMessage) -> Payload:
    return {
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": list(message.blocks),
        "attachments": [_attachment(one) for one in message.attachments],
        "threadTs": message.thread_ts if message.is_reply else "",
        "private": bool(message.visible_to),
        "edited": bool(message.edited),
        "reactions": [name for name, _ in message.reactions],
    }


def _attachment(attachment: Payload) -> Payload:
    return {
        "title": attachment.get("title") or attachment.get("fallback") or "",
        "files": [{"id": one["id"], "title": one["title"]} for one in attachment.get("files", ())],
    }


def _view(view: ModalView) -> Payload:
    return {"id": view.id, "hash": view.hash, **view.payload}


_FOLDER: Final = Path(__file__).parent
HEADERS: Final = safe_headers(
    {"script-src": "'self'", "style-src": "'self'", "connect-src": "'self'", "img-src": "'self'"}
)
_MAX_BODY: Final = 100_000
_COALESCE_SECONDS: Final = 0.02
_MALFORMED_INPUT: Final = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    RuntimeError,
    RecursionError,
)
"""Exceptions that a request causes if the page didn't make it."""


class PlaygroundPage:
    """Serves the page and performs the actions of the people who use it."""

    def __init__(self, state: WorkspaceState, person: Callable[[str], SimulatedUser]) -> None:
        self.closing = False
        self._state = state
        self._person = person
        self._templates = Jinja2Templates(directory=_FOLDER / "templates")
        self._actions: Mapping[
            str, Callable[[SimulatedUser, Payload], Awaitable[ActionResult | None]]
        ] = {
            "say": self._say,
            "command": self._command,
            "act": self._act,
            "submit": self._submit,
            "close": self._close,
            "shortcut": self._shortcut,
            "edit": self._edit,
            "invite": self._invite,
            "open_home": lambda person, _: person.open_home(),
            "open_dm": lambda person, _: person.open_dm(),
        }

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the page."""
        return [
            Route("/", self._document),
            Route("/page/news", self._events),
            Route("/page/do", self._act_as, methods=["POST"]),
            Route("/page/files/{file}", self._file),
            Mount("/static", StaticFiles(directory=_FOLDER / "static", packages=[pages.STATIC])),
        ]

    async def _document(self, request: Request) -> Response:
        people = [user for user in self._state.users.values() if not user.bot]
        context = {
            "setup": self._state.setup,
            "people": people,
            "commands": json.dumps(self._state.setup.commands),
            "shortcuts": json.dumps(self._state.setup.shortcuts),
        }
        return self._templates.TemplateResponse(request, "page.html", context)

    async def _events(self, request: Request) -> Response:
        try:
            user = self._state.user(request.query_params.get("as", ""))
        except LookupError as error:
            return JSONResponse({"error": str(error.args[0])}, 404)

        async def news() -> AsyncIterator[str]:
            while not self.closing:
                # Read before the snapshot: a change while it is sent leads to another one.
                count = self._state.changes.count
                yield f"data: {json.dumps(snapshot(self._state, user))}\n\n"
                await self._state.changes.wait_after(count)
                await asyncio.sleep(_COALESCE_SECONDS)

        return StreamingResponse(news(), media_type="text/event-stream")

    async def _act_as(self, request: Request) -> Response:
        # CSRF: another site's page can't send this header without a CORS preflight.
        if request.headers.get("x-faqbot-page") != "1":
            return JSONResponse({"error": "This request does not come from the page."}, 403)
        try:
            body = b""
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MAX_BODY:
                    return JSONResponse({"error": "That is too long for one message."}, 413)
            arguments = json.loads(body)
            action = self._actions[arguments["do"]]
            result = await action(self._person(arguments["as"]), arguments)
        except _MALFORMED_INPUT as error:
            return JSONResponse({"error": f"The page sent an unknown action: {error}"}, 400)
        if result is None:
            return JSONResponse({"error": "", "errors": {}})
        return JSONResponse({"error": result.error, "errors": dict(result.errors)})

    async def _file(self, request: Request) -> Response:
        """Show an uploaded file: text in the browser, anything else as a download."""
        kept = self._state.files.get(request.path_params["file"])
        if kept is None or "content" not in kept:
            return PlainTextResponse("There is no such file in the local workspace.", 404)
        content = bytes(kept["content"])
        try:
            # As plain text, whatever it is: what an app uploads must not run as this page.
            return PlainTextResponse(content.decode())
        except UnicodeDecodeError:
            name = quote(str(kept["name"]))
            headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
            return Response(content, media_type="application/octet-stream", headers=headers)

    async def _invite(self, person: SimulatedUser, arguments: Payload) -> None:
        await person.invite(arguments["channel"])

    async def _say(self, person: SimulatedUser, arguments: Payload) -> None:
        await person.say(arguments["channel"], arguments["text"], arguments.get("thread") or None)

    async def _edit(self, person: SimulatedUser, arguments: Payload) -> None:
        await person.edit(self._message(arguments), arguments["text"])

    async def _command(self, person: SimulatedUser, arguments: Payload) -> ActionResult:
        return await person.command(
            arguments["command"], arguments["text"], channel=arguments["channel"]
        )

    async def _act(self, person: SimulatedUser, arguments: Payload) -> ActionResult:
        shown = self._shown(arguments)
        wanted = (arguments["block"], arguments["action"])
        fitting = [e for e in elements(shown.blocks) if (e.block_id, e.action_id) == wanted]
        given = arguments.get("values") or {}
        if "option" in arguments:
            (element,) = fitting
            if not arguments["option"]:
                raise LookupError("no option was picked")
            return await person.act(shown, element.pick(element.option(arguments["option"])), given)
        element = next(e for e in fitting if e.value == arguments.get("value", ""))
        return await person.act(shown, element.click(), given)

    async def _submit(self, person: SimulatedUser, arguments: Payload) -> ActionResult:
        return await person.submit(self._view(arguments), arguments.get("values") or {})

    async def _close(self, person: SimulatedUser, arguments: Payload) -> None:
        await person.close(self._view(arguments), everything=bool(arguments.get("everything")))

    async def _shortcut(self, person: SimulatedUser, arguments: Payload) -> ActionResult:
        return await person.shortcut(arguments["shortcut"], self._message(arguments))

    def _shown(self, arguments: Payload) -> SlackMessage | ModalView:
        return self._view(arguments) if arguments.get("view") else self._message(arguments)

    def _view(self, arguments: Mapping[str, Any]) -> ModalView:
        view = self._state.view(str(arguments.get("view")))
        if view is None:
            raise LookupError("this view is no longer open")
        return view

    def _message(self, arguments: Mapping[str, Any]) -> SlackMessage:
        message = self._state.message(str(arguments.get("channel")), str(arguments.get("ts")))
        if message is None:
            raise LookupError("this message is gone")
        return message
