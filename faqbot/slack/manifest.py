"""The app manifest: one list of commands, events and scopes, for Socket Mode and for HTTP.

`python -m faqbot.slack.manifest` writes `manifest.json`, `docs/manifest.http.json` and
`docs/manifest.mcp.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SOCKET_FILE: Final = Path("manifest.json")
HTTP_FILE: Final = Path("docs/manifest.http.json")
MCP_FILE: Final = Path("docs/manifest.mcp.json")
EXAMPLE_URL: Final = "https://faqbot.example.com/slack/events"
EXAMPLE_MCP_URL: Final = "https://faqbot.example.com/mcp"


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command as people see it."""

    name: str
    description: str
    usage: str


FAQ: Final = Command(
    "/faq", "Ask about a job role; only you see the answer", "[question], help, settings or report"
)
ROLE: Final = Command(
    "/role", "Show the description of a role", "[role] [section], compare A, B or advert [role]"
)
ROLES: Final = Command("/roles", "List every role", "")
COMMANDS: Final = (FAQ, ROLE, ROLES)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut of messages as people see it."""

    callback_id: str
    name: str
    description: str


SHORTCUTS: Final = (
    Shortcut("save-faq", "Save as FAQ", "Propose what this message says as an FAQ"),
)

SCOPES: Final = ("app_mentions:read", "assistant:write", "chat:write", "commands", "im:history")
OPTIONAL_SCOPES: Final = (
    "channels:history",
    "channels:read",
    "files:write",
    "groups:history",
    "usergroups:read",
    "users:read",
)
"""Channels: follow-ups without a mention, who made a channel and who shares it.
Files: advertisements to keep.

User groups: which of them own content, and where they are reached.
Users: who is a guest, who a colleague and who an admin.
"""

MCP_SCOPE: Final = "mcp:connect"
"""What an app needs whose MCP server Slackbot asks (FAQBOT_MCP)."""

PURPOSES: Final[Mapping[str, str]] = {
    "app_mentions:read": "Read messages that mention faqbot, to answer them.",
    "assistant:write": "Suggest questions in the conversation with faqbot, and show that it works.",
    "chat:write": "Answer, as faqbot.",
    "commands": "Offer /faq, /role and /roles, and the shortcut to save a message as an FAQ.",
    "im:history": "Read what people write to faqbot in direct messages, to answer it.",
    MCP_SCOPE: "Let people ask faqbot by way of Slackbot.",
    "channels:history": (
        "Read public channels that faqbot was invited to, to answer follow-ups without a mention."
    ),
    "channels:read": (
        "See who made a channel, to let them change how faqbot behaves there, and whether another "
        "company shares it, to say there only what everyone may read."
    ),
    "files:write": "Upload job advertisements as files when somebody asks for one.",
    "groups:history": (
        "Read private channels that faqbot was invited to, to answer follow-ups without a mention."
    ),
    "usergroups:read": "See which groups own content, to pass questions on to them.",
    "users:read": "See who is a guest, a colleague or an admin, to show each what they may see.",
}
"""What each scope is for, as people read it before they install."""

EVENTS: Final = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "tokens_revoked",
)
PROMPTS: Final = (
    ("What can you do?", "help"),
    ("Skills of a role", "What skills does a Data Analyst need?"),
    ("A day at work", "What does a UX Designer do all day?"),
    ("How to apply", "How do I apply?"),
)
_DESCRIPTION: Final = (
    "Answers questions about job roles, exactly, and says so when it doesn't know."
)


def socket_manifest() -> dict[str, Any]:
    """The manifest of an app that connects by Socket Mode."""
    return _manifest(None)


def http_manifest(url: str = EXAMPLE_URL) -> dict[str, Any]:
    """The manifest of an app that Slack calls at a public address."""
    return _manifest(url)


def mcp_manifest(url: str = EXAMPLE_URL, mcp_url: str = EXAMPLE_MCP_URL) -> dict[str, Any]:
    """The manifest of an app that Slackbot asks by MCP, besides what the one for HTTP has."""
    manifest = _manifest(url)
    scopes = manifest["oauth_config"]["scopes"]
    scopes["bot"] = sorted((*scopes["bot"], MCP_SCOPE))
    # Signed by Slack with who asks, so that people need no sign-in and read what is for them.
    server = {"url": mcp_url, "auth_type": "slack_identity_auth"}
    return {**manifest, "mcp_servers": {"faqbot": server}}


def as_json(manifest: dict[str, Any]) -> str:
    """The manifest as its file holds it."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _manifest(url: str | None) -> dict[str, Any]:
    address = {"request_url": url} if url else {}
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": "faqbot",
            "description": _DESCRIPTION,
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "faqbot", "always_online": True},
            "shortcuts": [
                {
                    "name": shortcut.name,
                    "type": "message",
                    "callback_id": shortcut.callback_id,
                    "description": shortcut.description,
                }
                for shortcut in SHORTCUTS
            ],
            "slash_commands": [_command(command, url) for command in COMMANDS],
            "agent_view": {
                "agent_description": _DESCRIPTION,
                "suggested_prompts": [
                    {"title": title, "message": message} for title, message in PROMPTS
                ],
            },
        },
        "oauth_config": {
            "scopes": {
                "bot": sorted((*SCOPES, *OPTIONAL_SCOPES)),
                "bot_optional": list(OPTIONAL_SCOPES),
            }
        },
        "settings": {
            "event_subscriptions": {**address, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def _command(command: Command, url: str | None) -> dict[str, Any]:
    return {
        "command": command.name,
        **({"url": url} if url else {}),
        "description": command.description,
        **({"usage_hint": command.usage} if command.usage else {}),
        "should_escape": False,
    }


def write(folder: Path) -> None:
    """Write all manifests below a folder."""
    (folder / SOCKET_FILE).write_text(as_json(socket_manifest()), encoding="utf-8")
    (folder / HTTP_FILE).write_text(as_json(http_manifest()), encoding="utf-8")
    (folder / MCP_FILE).write_text(as_json(mcp_manifest()), encoding="utf-8")


if __name__ == "__main__":
    write(Path())
