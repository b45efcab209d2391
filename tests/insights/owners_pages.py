"""A bot in a local workspace, and the insights pages on which its owners sign in and edit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from faqbot.app import build_index, insights_editor
from faqbot.content.loader import load_knowledge_base
from faqbot.content.publisher import ContentPublisher
from faqbot.engine import Engine
from faqbot.index.reloader import Reloader
from faqbot.insights.server import CurrentContent, insights_app
from faqbot.insights.views import InsightsPages
from faqbot.playground.models import Channel
from faqbot.runtime.web import Server, background_server, listen
from faqbot.settings.models import Settings
from faqbot.storage.recorder import QuestionRecorder
from tests.editor.conftest import FAQS, ROLE
from tests.slack.conftest import Slack, serving

OWNERS = "C0OWNERS1"
ROLES = "roles/office-cook.yaml"


def content_in(folder: Path) -> Path:
    """Write a role and FAQs into a folder."""
    for name, text in ((ROLES, ROLE), ("faqs/general.yaml", FAQS)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@asynccontextmanager
async def bot(memory: QuestionRecorder, folder: Path) -> AsyncIterator[Slack]:
    """The bot; its owners are Maya and Jonas, in the channel #owners."""

    def understood(place: Path) -> Any:
        return build_index(load_knowledge_base(place))

    made = await asyncio.to_thread(understood, folder)

    def publisher(engine: Engine) -> ContentPublisher:
        engine.swap(made)
        return ContentPublisher(engine, folder, Reloader(engine, folder, understood).reload)

    async with serving(memory=memory, owners=OWNERS, publisher=publisher) as started:
        members = frozenset({"U0MAYA001", "U0JONAS01", started.workspace.bot_user_id})
        started.workspace.state.add_channel(Channel(OWNERS, "owners", members=members))
        yield started


@asynccontextmanager
async def insights(
    slack: Slack, memory: QuestionRecorder, folder: Path, clock: Callable[[], float]
) -> AsyncIterator[str]:
    """The address of the insights pages."""
    listener = listen("127.0.0.1", 0)
    served = f"http://127.0.0.1:{listener.getsockname()[1]}"
    setup = slack.workspace.setup
    settings = Settings(
        slack_bot_token=SecretStr(slack.workspace.bot_token),
        slack_app_token=SecretStr(slack.workspace.app_token),
        slack_api_url=slack.workspace.api_url,
        slack_client_id=setup.client_id,
        slack_client_secret=SecretStr(setup.client_secret),
        faqbot_insights_url=served,
        faqbot_default_owner=OWNERS,
    )
    content = CurrentContent(folder)
    async with memory.store() as store:
        pages = partial(InsightsPages, store, lambda: content.knowledge_base, _alone)
        editor = insights_editor(folder, str(folder), settings)
        async with (
            insights_app(pages, content, store, settings, editor, clock=clock) as app,
            background_server(Server(app), listener),
        ):
            yield served


def _alone(texts: Sequence[str]) -> list[list[int]]:
    return [[at] for at in range(len(texts))]
