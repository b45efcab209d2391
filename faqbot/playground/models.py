"""Values of the local Slack workspace: users, channels, messages, views, installation, faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from starlette.responses import JSONResponse, PlainTextResponse, Response

Payload = dict[str, Any]

DEFAULT_SCOPES: Final = frozenset(
    {"app_mentions:read", "chat:write", "commands", "im:history", "assistant:write"}
)
DEFAULT_EVENTS: Final = frozenset(
    {"app_home_opened", "app_mention", "message.im", "app_uninstalled", "tokens_revoked"}
)


@dataclass(frozen=True, slots=True)
class Setup:
    """The installation of the app in the local workspace, with made-up, recognisable tokens.

    `mark` is a suffix of user and channel ids, which makes them unique across workspaces;
    `org_wide` is an installation in the workspace's whole organisation.
    """

    team_id: str = "T0LOCAL01"
    team_name: str = "Local workspace"
    team_domain: str = "local-workspace"
    enterprise_id: str = ""
    enterprise_name: str = ""
    org_wide: bool = False
    mark: str = ""
    app_id: str = "A0LOCAL01"
    bot_id: str = "B0LOCAL01"
    bot_user_id: str = "U0FAQBOT1"
    bot_name: str = "faqbot"
    bot_token: str = "xoxb-local-0000-faqbot"  # noqa: S105
    app_token: str = "xapp-local-0000-faqbot"  # noqa: S105
    client_id: str = "0000.0001"
    client_secret: str = "local-client-secret-of-faqbot"  # noqa: S105
    signing_secret: str = "local-signing-secret-of-faqbot"  # noqa: S105
    scopes: frozenset[str] = DEFAULT_SCOPES
    events: frozenset[str] = DEFAULT_EVENTS
    commands: tuple[tuple[str, str], ...] = (
        ("/role", "Show a role, or one part of it: python backend skills"),
        ("/roles", "List all roles"),
        ("/faq", "Ask a question, privately: how do I apply?"),
    )
    shortcuts: tuple[tuple[str, str], ...] = ()  # of messages: callback_id and title
    pages: tuple[tuple[str, str], ...] = ()  # served beside the workspace: title and path


@dataclass(frozen=True, slots=True)
class Timing:
    """Slack's timeouts and delays in seconds; tests shorten them."""

    ack_deadline: float = 3.0
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    trigger_lifetime: float = 3.0
    response_url_lifetime: float = 1800.0
    socket_ticket_lifetime: float = 30.0


@dataclass(frozen=True, slots=True)
class User:
    """A member of the workspace: a person or the app's bot."""

    id: str
    name: str
    real_name: str
    guest: bool = False
    bot: bool = False
    admin: bool = False

    @property
    def email(self) -> str:
        """A made-up address in a domain that can't exist."""
        return f"{self.name}@local-workspace.invalid"


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A user group: `<!subteam^ID>` mentions it, `channels` are its default channels."""

    id: str
    handle: str
    name: str
    users: frozenset[str] = frozenset()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel (`name`), public or private, or a direct message between `members`.

    `shared` is a channel in which people of another company are too (Slack Connect), `archived` one
    in which nobody may post, `read_only` one in which only its admins may.
    """

    id: str
    name: str
    direct: bool = False
    topic: str = ""
    members: frozenset[str] = frozenset()
    shared: bool = False
    archived: bool = False
    read_only: bool = False
    private: bool = False

    @property
    def type(self) -> str:
        """The channel type as events name it."""
        if self.direct:
            return "im"
        return "group" if self.private else "channel"

    @property
    def command_name(self) -> str:
        """The channel's name as slash commands tell it."""
        return {"im": "directmessage", "group": "privategroup"}.get(self.type, self.name)


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """One message; `visible_to` names the only reader of a private ("ephemeral") one.

    `edited` is the timestamp of its last edit.
    """

    ts: str
    channel: str
    user: str
    text: str
    blocks: tuple[Payload, ...] = ()
    thread_ts: str = ""
    bot: bool = False
    visible_to: str = ""
    client_msg_id: str = ""
    edited: str = ""
    deleted: bool = False
    attachments: tuple[Payload, ...] = ()
    reactions: tuple[tuple[str, str], ...] = ()
    metadata: Payload | None = None

    @property
    def is_reply(self) -> bool:
        """True within a thread, false for its first message."""
        return bool(self.thread_ts) and self.thread_ts != self.ts


@dataclass(frozen=True, slots=True)
class ModalView:
    """A modal or an App Home as it is shown to `user`."""

    id: str
    hash: str
    user: str
    payload: Payload
    root_id: str = ""
    previous_id: str = ""

    @property
    def callback_id(self) -> str:
        """The app's name of the view, or an empty string."""
        return str(self.payload.get("callback_id") or "")

    @property
    def blocks(self) -> tuple[Payload, ...]:
        """The view's blocks."""
        return tuple(self.payload.get("blocks") or ())


@dataclass(frozen=True, slots=True)
class SentPayload:
    """A payload that the app sent: a Web API call, an acknowledgement, or a response_url post."""

    by: str  # the method, "ack" or "response_url"
    payload: Payload
    error: str = ""

    @property
    def ok(self) -> bool:
        """True if the workspace accepted it."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Suggested prompts of a direct message."""

    title: str = ""
    prompts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ack:
    """The acknowledgement of a delivery: in time or not, and its body."""

    ok: bool
    body: Payload = field(default_factory=dict)
    error: str = ""
    status: int = 0
    no_retry: bool = False


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults to inject; can be set while the workspace runs.

    `fail_calls` fails the next so many Web API calls (of `fail_methods`, or of all), `fail_share`
    that share of them, evenly spread; both respond with `fail_status`. `revoked_tokens` are
    refused, `lost_fields` are missing in responses, and `id_claims` replace claims of ID tokens.
    """

    deliver_times: int = 1
    lose_acks: int = 0
    refuse_connections: int = 0
    refuse_handshakes: int = 0
    fail_calls: int = 0
    fail_share: float = 0.0
    fail_status: int = 429
    fail_methods: frozenset[str] = frozenset()
    retry_after: int = 1
    slow_answers: float = 0.0
    slow_methods: frozenset[str] = frozenset()
    refuse_response_urls: int = 0
    revoked_tokens: frozenset[str] = frozenset()
    lost_fields: frozenset[str] = frozenset()
    id_claims: Mapping[str, Any] = field(default_factory=dict)


def text_of(node: Mapping[str, Any] | str | None) -> str:
    """Return the text of a text object or a plain string; an empty string for None."""
    if node is None:
        return ""
    if isinstance(node, str):
        return node
    return str(node.get("text") or "")


TOO_MANY_REQUESTS: Final = 429


def fault_response(faults: Faults) -> Response:
    """Return the response to a call that fails on purpose."""
    if faults.fail_status == TOO_MANY_REQUESTS:
        body = {"ok": False, "error": "ratelimited"}
        return JSONResponse(
            body, TOO_MANY_REQUESTS, headers={"Retry-After": str(faults.retry_after)}
        )
    return PlainTextResponse("upstream request failed", faults.fail_status)


class FaultInjector:
    """Keeps the faults in effect, and decreases their counts."""

    def __init__(self) -> None:
        self.current = Faults()
        self._owed_failures = 0.0

    def call_fails(self, method: str) -> bool:
        """Return whether this Web API call fails."""
        faults = self.current
        if faults.fail_methods and method not in faults.fail_methods:
            return False
        if faults.fail_calls:
            self.current = replace(faults, fail_calls=faults.fail_calls - 1)
            return True
        # Evenly spread, not at random: a test with faults passes or fails each time.
        self._owed_failures += faults.fail_share
        if self._owed_failures >= 1:
            self._owed_failures -= 1
            return True
        return False

    def delay(self, method: str) -> float:
        """Return the seconds by which the response to this call is delayed."""
        faults = self.current
        if faults.slow_methods and method not in faults.slow_methods:
            return 0.0
        return faults.slow_answers

    def connection_refused(self) -> bool:
        """Return whether this apps.connections.open fails."""
        count = self.current.refuse_connections
        self.current = replace(self.current, refuse_connections=max(0, count - 1))
        return count > 0

    def handshake_refused(self) -> bool:
        """Return whether this web socket handshake fails."""
        count = self.current.refuse_handshakes
        self.current = replace(self.current, refuse_handshakes=max(0, count - 1))
        return count > 0

    def ack_lost(self) -> bool:
        """Return whether this acknowledgement is lost."""
        count = self.current.lose_acks
        self.current = replace(self.current, lose_acks=max(0, count - 1))
        return count > 0

    def response_refused(self) -> bool:
        """Return whether this response_url post fails."""
        count = self.current.refuse_response_urls
        self.current = replace(self.current, refuse_response_urls=max(0, count - 1))
        return count > 0
