"""The Web API over HTTP: tokens, scopes, request bodies, faults, response URLs, uploads."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from faqbot.playground import api_messages, api_workspace
from faqbot.playground.api import Call, Endpoint, Refusal
from faqbot.playground.api_messages import checked_blocks
from faqbot.playground.delivery import EventDelivery, SocketConnections
from faqbot.playground.models import (
    TOO_MANY_REQUESTS,
    FaultInjector,
    Payload,
    SentPayload,
    SlackMessage,
    fault_response,
)
from faqbot.playground.state import WorkspaceState
from faqbot.playground.validation import MAX_TEXT_CHARACTERS

MAX_USES: Final = 5


@dataclass(frozen=True, slots=True)
class _ResponseUrl:
    channel: str
    user: str
    message_ts: str
    until: float
    uses: int = 0


class ResponseUrls:
    """Issues response URLs and applies what the app posts to them."""

    def __init__(self, state: WorkspaceState, delivery: EventDelivery) -> None:
        self.base = ""
        self._state = state
        self._delivery = delivery
        self._urls: dict[str, _ResponseUrl] = {}

    def make(self, channel: str, user: str, message: SlackMessage | None = None) -> str:
        """Return a response URL for a user's command or interaction in a channel."""
        token = secrets.token_urlsafe(12)
        until = time.monotonic() + self._state.timing.response_url_lifetime
        self._urls[token] = _ResponseUrl(channel, user, message.ts if message else "", until)
        return f"{self.base}{token}"

    def use(self, token: str, body: Any) -> None:
        """Apply a post to a response URL; raises Refusal if it is expired, used up or malformed."""
        # The app may post five times within half an hour, as Slack documents.
        place = self._urls.get(token)
        if place is None or time.monotonic() > place.until:
            raise Refusal("expired_url", status=404)
        if place.uses >= MAX_USES:
            raise Refusal("used_url", status=404)
        if not isinstance(body, Mapping):
            raise Refusal("invalid_payload", status=400)
        self._urls[token] = replace(place, uses=place.uses + 1)
        original = self._state.message(place.channel, place.message_ts)
        if body.get("delete_original"):
            if original is not None:
                self._state.remove(original)
            return
        text, blocks = parse_response(body)
        if body.get("replace_original") and original is not None:
            self._state.put(
                replace(original, text=text, blocks=blocks, edited=self._state.new_ts())
            )
        else:
            self._post(place.channel, place.user, body, text, blocks)

    def show_ack(self, channel: str, user: str, body: Mapping[str, Any]) -> None:
        """Show the message in a command's acknowledgement; raises Refusal if it is malformed."""
        text, blocks = parse_response(body)
        self._post(channel, user, body, text, blocks)

    def _post(
        self,
        channel: str,
        user: str,
        body: Mapping[str, Any],
        text: str,
        blocks: tuple[Payload, ...],
    ) -> None:
        state = self._state
        public = body.get("response_type") == "in_channel"
        message = state.put(
            SlackMessage(
                ts=state.new_ts(),
                channel=channel,
                user=state.setup.bot_user_id,
                text=text,
                blocks=blocks,
                thread_ts=str(body.get("thread_ts") or ""),
                bot=True,
                visible_to="" if public else user,
            )
        )
        if public:
            self._delivery.message_posted(message)


def parse_response(body: Mapping[str, Any]) -> tuple[str, tuple[Payload, ...]]:
    """Return text and blocks of a response; raises Refusal if Slack would reject them."""
    text = str(body.get("text") or "")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise Refusal("msg_too_long", status=400)
    try:
        blocks = checked_blocks(body.get("blocks"))
    except Refusal as refusal:
        raise Refusal(refusal.error, **{**refusal.more, "status": 400}) from None
    if not text.strip() and not blocks:
        raise Refusal("no_text", status=400)
    return text, blocks


_MALFORMED_INPUT: Final = (TypeError, AttributeError, ValueError, LookupError, RecursionError)
"""Exceptions that arguments of unexpected types cause."""

_log = logging.getLogger(__name__)


class WebApi:
    """Serves the app's Web API calls, uploads and response_url posts."""

    def __init__(
        self,
        state: WorkspaceState,
        faults: FaultInjector,
        delivery: EventDelivery,
        sockets: SocketConnections,
        responses: ResponseUrls,
    ) -> None:
        self._state = state
        self._faults = faults
        self._delivery = delivery
        self._sockets = sockets
        self._responses = responses
        self._endpoints: Mapping[str, Endpoint] = {
            **api_messages.MESSAGE_ENDPOINTS,
            **api_workspace.VIEW_ENDPOINTS,
            **api_workspace.WORKSPACE_ENDPOINTS,
            **api_messages.ASSISTANT_ENDPOINTS,
            **api_messages.FILE_ENDPOINTS,
            "apps.connections.open": Endpoint(self._open_connection, app_token=True),
        }

    async def call(self, request: Request) -> Response:
        """Respond to a Web API call."""
        method = request.path_params["method"]
        self._state.started()
        try:
            await asyncio.sleep(self._faults.delay(method))
            arguments = await _arguments(request)
            if self._faults.call_fails(method):
                return self._failure(method, arguments)
            return await self._answer(request, method, arguments)
        except Refusal as refusal:  # a body that can't be read
            return _AsciiJSONResponse({"ok": False, "error": refusal.error, **refusal.more})
        finally:
            self._state.finished()

    async def _answer(self, request: Request, method: str, arguments: Payload) -> Response:
        token = _token(request, arguments)
        try:
            endpoint = self._endpoint(method, token)
            base = {"_base": str(request.base_url)}
            call = Call(self._state, self._delivery, {**arguments, **base})
            body = {"ok": True, **await endpoint.method(call)}
            for lost in self._faults.current.lost_fields:
                body.pop(lost, None)
            self._state.record(SentPayload(method, arguments))
        except Refusal as refusal:
            body = {"ok": False, "error": refusal.error, **refusal.more}
            self._state.record(SentPayload(method, arguments, refusal.error))
        except _MALFORMED_INPUT as error:
            _log.warning("%s can't read its arguments: %s", method, error)
            body = {"ok": False, "error": "invalid_arguments"}
            self._state.record(SentPayload(method, arguments, "invalid_arguments"))
        scopes = ",".join(sorted(self._state.setup.scopes))
        return _AsciiJSONResponse(body, headers={"x-oauth-scopes": scopes})

    def _endpoint(self, method: str, token: str) -> Endpoint:
        app = self._state.setup
        endpoint = self._endpoints.get(method)
        if endpoint is None:
            raise Refusal("unknown_method", req_method=method)
        if not token:
            raise Refusal("not_authed")
        if token not in {app.bot_token, app.app_token}:
            raise Refusal("invalid_auth")
        if token in self._faults.current.revoked_tokens:
            raise Refusal("token_revoked")
        # auth.test accepts either kind of token.
        if (token == app.app_token) is not endpoint.app_token and method != "auth.test":
            raise Refusal("not_allowed_token_type")
        if endpoint.scopes and not app.scopes.intersection(endpoint.scopes):
            provided = ",".join(sorted(app.scopes))
            raise Refusal("missing_scope", needed=endpoint.scopes[0], provided=provided)
        return endpoint

    def _failure(self, method: str, arguments: Payload) -> Response:
        status = self._faults.current.fail_status
        error = "ratelimited" if status == TOO_MANY_REQUESTS else f"http_{status}"
        self._state.record(SentPayload(method, arguments, error))
        return fault_response(self._faults.current)

    async def _open_connection(self, call: Call) -> Payload:
        if self._faults.connection_refused():
            raise Refusal("internal_error")
        base = call.text("_base").replace("http", "ws", 1)
        return {"url": f"{base}link/?ticket={self._sockets.new_ticket()}&app_id=local"}

    async def respond(self, request: Request) -> Response:
        """Respond to a post to a response_url."""
        self._state.started()
        body: Any = None
        try:
            body = await request.json()
            self._respond(request.path_params["token"], body)
        except (ValueError, RecursionError):
            return _AsciiJSONResponse({"ok": False, "error": "invalid_payload"}, 400)
        except Refusal as refusal:
            self._state.record(SentPayload("response_url", body or {}, refusal.error))
            status = refusal.more.pop("status", 400)
            return _AsciiJSONResponse({"ok": False, "error": refusal.error, **refusal.more}, status)
        finally:
            self._state.finished()
        self._state.record(SentPayload("response_url", body))
        return PlainTextResponse("ok")

    def _respond(self, token: str, body: Any) -> None:
        if self._faults.response_refused():
            raise Refusal("internal_error", status=500)
        self._responses.use(token, body)

    async def upload(self, request: Request) -> Response:
        """Respond to the upload of a file."""
        kept = self._state.files.get(request.path_params["file"])
        if kept is None:
            return PlainTextResponse("no such upload", 404)
        content = await request.body()
        if len(content) != kept["size"]:
            return PlainTextResponse(f"{kept['size']} bytes were announced", 400)
        kept["content"] = content
        return PlainTextResponse(f"OK - {len(content)}")


class _AsciiJSONResponse(JSONResponse):
    """JSON in ASCII, as Slack sends it: lone surrogates, which UTF-8 can't encode, survive."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content).encode()


def _token(request: Request, arguments: Payload) -> str:
    given = arguments.pop("token", None)
    header = request.headers.get("authorization", "")
    return header.removeprefix("Bearer ").strip() or str(given or "")


async def _arguments(request: Request) -> Payload:
    arguments: Payload = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        try:
            body = json.loads(await request.body() or b"{}")
        except (ValueError, RecursionError):
            raise Refusal("invalid_json") from None
        if not isinstance(body, dict):
            raise Refusal("json_not_object")
        return arguments | body
    if kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        async with request.form() as form:
            # Files of a multipart body are left out: uploads have an address of their own.
            arguments |= {key: value for key, value in form.items() if isinstance(value, str)}
    return arguments
