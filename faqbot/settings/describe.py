"""The settings in effect, in lines for operators; secrets are masked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import SecretStr

from faqbot.errors import counted
from faqbot.settings.models import Mode, Settings, reveal
from faqbot.settings.sources import OFF, mask

_REASONS: Final = {
    Mode.SOCKET: "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are set",
    Mode.HTTP: "SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET are set",
    Mode.MANY_WORKSPACES: (
        "SLACK_SIGNING_SECRET and SLACK_CLIENT_ID are set, SLACK_BOT_TOKEN is not"
    ),
    Mode.LOCAL_WORKSPACE: "no Slack variable is set",
}


def describe(settings: Settings) -> tuple[str, ...]:
    """Return a line for each setting in effect; secrets are masked."""
    return (
        *_slack(settings),
        *_content(settings),
        *_memory(settings),
        *_web(settings),
        *_widget(settings),
        *_service(settings),
    )


def _slack(settings: Settings) -> Iterator[str]:
    mode = settings.mode
    yield f"mode: {mode.value} ({_REASONS[mode]})"
    if mode is Mode.LOCAL_WORKSPACE:
        yield f"page: http://127.0.0.1:{settings.listen_port}/"
        return
    if settings.slack_bot_token:
        yield f"SLACK_BOT_TOKEN: {_token_prefix(settings.slack_bot_token)}"
    yield f"Web API: {mask(settings.slack_api_url)}"
    if mode is Mode.SOCKET:
        yield f"SLACK_APP_TOKEN: {_token_prefix(settings.slack_app_token)}"
        if settings.slack_signing_secret:
            yield "SLACK_SIGNING_SECRET: set, not needed in Socket Mode"
        if settings.port:
            yield f"health and metrics: {settings.faqbot_host}:{settings.port}"
    else:
        yield "SLACK_SIGNING_SECRET: set"
        yield f"listens on: {settings.faqbot_host}:{settings.listen_port}/slack/events"
        yield f"workers: {settings.faqbot_workers}"
        yield f"connections: at most {settings.faqbot_max_connections} for each worker"
        yield f"trusted proxies: {settings.faqbot_trusted_proxies or 'none'}"
    if settings.slack_client_id:
        yield f"SLACK_CLIENT_ID: {settings.slack_client_id}"
        yield f"SLACK_CLIENT_SECRET: {'set' if settings.slack_client_secret else 'missing'}"
    if mode is Mode.MANY_WORKSPACES:
        yield f"installs at: {settings.faqbot_public_url}/slack/install"
        yield f"content for single workspaces: {settings.faqbot_workspaces or 'the same for all'}"
        days = settings.faqbot_uninstalled_days
        yield f"what a workspace without faqbot left: deleted after {days} days"
        yield f"memory for content: {settings.faqbot_workspaces_memory_mb} MB"


def _content(settings: Settings) -> Iterator[str]:
    yield f"knowledge: {mask(settings.faqbot_knowledge or 'default')}"
    if settings.pull_interval:
        yield f"fetches content: every {settings.pull_interval:g} seconds"
    yield f"encoder: {settings.faqbot_encoder or 'bundled'}"
    yield f"cache: {settings.cache or OFF}"


def _memory(settings: Settings) -> Iterator[str]:
    yield f"database: {mask(settings.database or OFF)}"
    days = settings.faqbot_retention_days
    yield f"stores questions: text {settings.faqbot_question_privacy}, {days} days"
    if settings.faqbot_secret_keys:
        count = len(reveal(settings.faqbot_secret_keys).split(","))
        yield f"FAQBOT_SECRET_KEYS: {count} set"


def _web(settings: Settings) -> Iterator[str]:
    if settings.serves_mcp:
        signed = settings.mode is Mode.LOCAL_WORKSPACE or settings.slack_signing_secret
        known = "Slackbot says who asks" if signed else "nobody has an identity"
        yield f"MCP: /mcp ({known})"
    if settings.serves_api:
        keys = counted(len(settings.api_keys.keys), "key")
        origins = ", ".join(settings.api_origins) or "none"
        yield f"HTTP API: /api/ ({keys}; pages that may call it: {origins})"


def _widget(settings: Settings) -> Iterator[str]:
    if settings.widget_origins:
        person = "questions go to people" if settings.widget_handoffs else "no questions to people"
        yield f"widget: /widget/ for {', '.join(settings.widget_origins)} ({person})"


def _service(settings: Settings) -> Iterator[str]:
    yield f"channel mode: {settings.faqbot_channel_mode}"
    yield (
        f"questions a minute: {settings.faqbot_rate_limit_user or 'any number'} for each user, "
        f"{settings.faqbot_rate_limit_workspace or 'any number'} for each workspace"
    )
    if settings.faqbot_insights_url:
        yield f"insights: {settings.faqbot_insights_url}"
    yield f"shutdown timeout: {settings.faqbot_shutdown_timeout} seconds"
    yield f"log: {settings.faqbot_log_level}, as {settings.faqbot_log_format}"


def _token_prefix(secret: SecretStr | None) -> str:
    return f"{reveal(secret)[:5]}…"
