"""Every setting: its name, type, default and meaning.

`docs/reference/settings.md` is written from these by `tools/generate.py`; how the values are
checked is in `faqbot.settings.models`.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field, SecretStr

from faqbot.settings.sources import SettingsReader

DEFAULT_SLACK_API_URL: Final = "https://slack.com/api/"


def _setting(
    default: Any, meaning: str, *, unset: str = "", ge: int | None = None, le: int | None = None
) -> Any:
    """Return a field.

    Args:
        default: its value where it isn't set.
        meaning: what it is, in Markdown.
        unset: what holds where it isn't set, if `default` doesn't say it.
        ge: the least that it can be.
        le: the most that it can be.
    """
    return Field(
        default=default, description=meaning, json_schema_extra={"unset": unset}, ge=ge, le=le
    )


class SettingFields(SettingsReader):
    """The settings, in the order of their groups."""

    # Slack
    slack_bot_token: SecretStr | None = _setting(
        None,
        "The bot's token (`xoxb-`), for one workspace. Without it faqbot serves many workspaces, "
        "or a local one in the browser.",
    )
    slack_app_token: SecretStr | None = _setting(
        None, "An app-level token (`xapp-`) with `connections:write`. It selects Socket Mode."
    )
    slack_signing_secret: SecretStr | None = _setting(
        None, "The secret that signs Slack's requests. It selects HTTP, at `/slack/events`."
    )
    slack_client_id: str = _setting(
        "",
        "The app's client id, for many workspaces and for the sign-in to insights. The redirect "
        "address of the sign-in is `FAQBOT_INSIGHTS_URL` with `/sign-in/done`.",
    )
    slack_client_secret: SecretStr | None = _setting(
        None, "The app's client secret, which goes with `SLACK_CLIENT_ID`."
    )
    slack_api_url: str = _setting(
        DEFAULT_SLACK_API_URL, "The address of another Web API, such as a proxy."
    )

    # Content and answers
    faqbot_knowledge: str | None = _setting(
        None,
        "The content: a folder, or a git repository, as "
        "`git+https://host/team/content.git#branch:folder`.",
        unset="`./knowledge`; if it doesn't exist, the examples that ship with faqbot",
    )
    faqbot_pull_interval: int | None = _setting(
        None,
        "Seconds between two fetches of content from git; 0 turns fetching off.",
        unset="300 for a `git+` address, 0 for a folder",
        ge=0,
        le=86_400,
    )
    faqbot_channel_mode: str = _setting(
        "mentions",
        "When faqbot answers in a channel that has no `/faq settings` of its own: `off`; "
        "`only-mentions`; `mentions`, and in threads where it has answered also without one; "
        "`questions`, each that it can answer; `all`, each message that may be one.",
    )
    faqbot_default_owner: str = _setting(
        "",
        "Who gets questions without an owner, and may act for every owner: ids of people, channels "
        "and user groups (or `@handle`), separated by commas.",
    )
    faqbot_rate_limit_user: int = _setting(
        20,
        "Questions a minute for each user, and for each address that asks by MCP or "
        "HTTP without an identity or key; 0 means no limit.",
        ge=0,
        le=1_000_000,
    )
    faqbot_rate_limit_workspace: int = _setting(
        600,
        "Questions a minute for each workspace, for each key, and for all without one "
        "together; 0 means no limit.",
        ge=0,
        le=1_000_000,
    )
    faqbot_encoder: str | None = _setting(
        None,
        "The folder of a sentence-transformers model; needs `pip install sentence-transformers`.",
        unset="the encoder that ships with faqbot",
    )
    faqbot_cache: str | None = _setting(
        None,
        "The folder for built indexes of large content, which make the next start fast; `off` "
        "keeps none.",
        unset="the user's cache folder",
    )
    faqbot_editor_git: str = _setting(
        "off",
        "What a save in the editor does in git: `off`, `commit`, or `branch` for a commit on a "
        "branch of its own, for review.",
    )

    # Question log and insights
    faqbot_database_url: str | None = _setting(
        None,
        "The database: `postgresql://user:password@host/faqbot` or `sqlite:////path/faqbot.db`; "
        "`off` stores nothing.",
        unset="a SQLite file in the user's data folder",
    )
    faqbot_database_pool_size: int = _setting(
        5,
        "PostgreSQL connections of each process. The sum of all processes has to stay below "
        "`max_connections`.",
        ge=1,
        le=100,
    )
    faqbot_question_privacy: str = _setting(
        "full",
        "What is stored of a question's text: `full`; `redacted`, without addresses, people and "
        "long numbers; or `hash`, nothing.",
    )
    faqbot_retention_days: int = _setting(
        180, "Days until stored questions are deleted.", ge=1, le=3650
    )
    faqbot_uninstalled_days: int = _setting(
        30,
        "Many workspaces: days until everything is deleted that a workspace left which removed "
        "faqbot. Who installs it again before finds everything as it was.",
        ge=0,
        le=3650,
    )
    faqbot_insights_url: str = _setting(
        "",
        "The public https address of `faqbot insights --host`, where owners sign in with Slack.",
    )

    # MCP, HTTP API and widget
    faqbot_mcp: str = _setting(
        "off",
        "Whether Slackbot and other MCP clients may ask, at `/mcp`: `off` or `on`. It needs "
        "`faqbot[mcp]`, and a port.",
    )

    faqbot_api: str = _setting(
        "off",
        "Whether programs may ask over HTTP, at `/api/`: `off` or `on`. It needs a port.",
    )
    faqbot_api_keys: SecretStr | None = _setting(
        None,
        "Keys of callers who may read more than what is for everyone: `AUDIENCE:KEY`, separated by "
        "commas. A key has 32 characters or more (`faqbot new key` prints one); in its place may "
        "stand `sha256:` and its digest in hexadecimal.",
    )
    faqbot_api_origins: str = _setting(
        "",
        "Origins of web pages that may call the API from a browser, such as "
        "`https://intranet.example.com`, separated by commas.",
        unset="none",
    )

    faqbot_widget_origins: str = _setting(
        "",
        "Origins of careers pages that show the widget, such as `https://www.example.com`, "
        "separated by commas. It needs a port.",
        unset="no widget",
    )
    faqbot_widget_handoffs: str = _setting(
        "off",
        "Whether visitors may pass a question on to a person, in Slack: `off` or `on`. It "
        "needs the database.",
    )

    # Service
    port: int | None = _setting(
        None,
        "The port to listen on. In Socket Mode health and metrics are served only if it is set.",
        unset="3000 for HTTP, 8765 for the local workspace",
        ge=1,
        le=65535,
    )
    faqbot_host: str = _setting(
        "0.0.0.0",  # noqa: S104 - a container must be reachable from outside
        "The address to listen on.",
    )
    faqbot_workers: int = _setting(
        1,
        "The number of HTTP processes; more than 1 requires PostgreSQL. "
        "Also `faqbot run --workers`.",
        ge=1,
        le=64,
    )
    faqbot_trusted_proxies: str = _setting(
        "",
        "Addresses or networks of proxies whose `X-Forwarded-` headers are trusted, separated by "
        "commas.",
        unset="none",
    )
    faqbot_max_connections: int = _setting(
        500,
        "Open HTTP connections of each process. Above it, the one that has waited longest for a "
        "request is closed. The process needs some 300 open files more (`ulimit -n`).",
        ge=10,
        le=100_000,
    )
    faqbot_shutdown_timeout: int = _setting(
        20,
        "Seconds to finish running answers at shutdown. The process manager has to wait 10 seconds "
        "longer before it kills.",
        ge=1,
        le=600,
    )
    faqbot_log_level: str = _setting("info", "`debug`, `info`, `warning` or `error`.")
    faqbot_log_format: str = _setting("text", "`text` for people, `json` for machines.")

    # Many workspaces
    faqbot_public_url: str = _setting(
        "",
        "The public https address of the install pages; people install faqbot at `/slack/install`.",
    )
    faqbot_secret_keys: SecretStr | None = _setting(
        None,
        "Keys that encrypt tokens in the database, the newest first, separated by commas. "
        "`faqbot new key` prints one.",
    )
    faqbot_workspaces: str | None = _setting(
        None,
        "A YAML file with the content of single workspaces.",
        unset="all workspaces have the content of `FAQBOT_KNOWLEDGE`",
    )
    faqbot_workspaces_memory_mb: int = _setting(
        1024,
        "Megabytes for the content of all workspaces of a process. The least recently used content "
        "is evicted.",
        ge=64,
        le=1_000_000,
    )


GROUPS: Final = {
    "slack_bot_token": "Slack",
    "faqbot_knowledge": "Content and answers",
    "faqbot_database_url": "Question log and insights",
    "faqbot_mcp": "MCP, HTTP API and widget",
    "port": "Service",
    "faqbot_public_url": "Many workspaces",
}
"""The first setting of each group, with the group's heading."""
