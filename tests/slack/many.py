"""Two workspaces in one process, with a Web API that notes what each bot's token was used for."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from slack_bolt.response import BoltResponse

from faqbot.content.loader import load_knowledge_base
from faqbot.index.builder import build_index
from faqbot.index.cache import SizedIndex, read_snapshot, snapshot_size, write_snapshot
from faqbot.matching.training_data import SharedResources
from faqbot.slack.client import web_client
from faqbot.slack.context import Services
from faqbot.slack.payload_parser import make_request
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.installations import Installation, Installations, Workspace
from faqbot.storage.models import QuestionPrivacy
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.store import open_store
from faqbot.workspaces.app_pool import MAX_OPEN_APPS, AppFactory
from faqbot.workspaces.config import WorkspacesFile
from faqbot.workspaces.content_pool import ContentPool
from faqbot.workspaces.oauth import OAuthClient
from faqbot.workspaces.router import INSTALLATION_CHECK_INTERVAL, WorkspaceRouter
from faqbot.workspaces.tokens import TokenProvider, uninstall

A, B, C = "T0AAAAAA", "T0BBBBBB", "T0CCCCCC"
WORD = {A: "amaranth", B: "borage", C: "chicory"}
CHANNEL, PERSON, OWNER = "C0SAME000", "U0SAME000", "U0OWNER00"
LOOKUPS = frozenset(
    {"users.info", "usergroups.list", "conversations.info", "conversations.members"}
)

_ROLE = """\
role: pilot
title: Pilot
owner: {owner}
sections:
  overview: A {{role}} at {word} flies.
  skills: {{required: [{word} navigation, Patience]}}
faqs:
  - id: sleep
    question: Where does a {{role}} sleep?
    answer: In the {word} inn.
    phrasings: [is there an inn]
"""


@cache
def resources() -> SharedResources:
    return SharedResources()


@cache
def kept_in() -> Path:
    """Where the same content is kept for all tests, as long as they run."""
    place = Path(tempfile.mkdtemp(prefix="faqbot-tests-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def write_content(folder: Path, word: str) -> None:
    folder.mkdir(parents=True)
    (folder / "pilot.yaml").write_text(_ROLE.format(word=word, owner=OWNER), encoding="utf-8")


@dataclass(frozen=True)
class Call:
    """What a token was used for."""

    token: str
    method: str
    sent: Mapping[str, Any]

    @property
    def text(self) -> str:
        return json.dumps(self.sent, ensure_ascii=False)


@dataclass
class WebApi:
    """Answers every method, and notes it."""

    calls: list[Call] = field(default_factory=list)
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def answer(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        raw = await request.text()
        sent = json.loads(raw) if request.content_type == "application/json" else {}
        if not sent:
            sent = {name: _read(str(value)) for name, value in (await request.post()).items()}
        method = request.match_info["method"]
        self.calls.append(Call(token, method, sent))
        team = token.removeprefix("xoxb-")
        found: dict[str, Any] = {"ok": True}
        if method == "users.info":
            found["user"] = {"id": sent.get("user"), "team_id": team, "is_admin": True}
        elif method.startswith("chat."):
            # The same place in each workspace: nothing but the team tells them apart.
            found |= {"channel": CHANNEL, "ts": "1700000000.000100"}
        elif method == "conversations.info":
            found["channel"] = {"id": sent.get("channel"), "is_ext_shared": False}
        elif method == "conversations.members":
            found["members"] = [OWNER, PERSON]
        elif method == "usergroups.list":
            found["usergroups"] = []
        elif method in ("conversations.replies", "conversations.history"):
            found["messages"] = []
        return web.json_response(found)

    def of(self, team: str) -> list[Call]:
        return [call for call in self.calls if call.token == f"xoxb-{team}"]

    def said(self, team: str) -> list[Call]:
        return [call for call in self.of(team) if call.method not in LOOKUPS]


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


@dataclass
class Many:
    """A process that serves several workspaces."""

    api: WebApi
    workspaces: WorkspaceRouter
    shelf: ContentPool
    memory: QuestionRecorder
    installations: Installations
    services: Services
    file: WorkspacesFile
    folder: Path
    loads: list[str]
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def send(self, body: Mapping[str, Any]) -> BoltResponse:
        response = await self.workspaces.dispatch(make_request(body))
        await asyncio.sleep(0)
        await self.finished()
        return response

    async def finished(self) -> None:
        """All that is under way is done, and written."""
        await self.workspaces.wait_for_background()
        await self.services.listeners.drain()
        await self.memory.flush()

    def event(self, team: str, event: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "type": "event_callback",
            "team_id": team,
            "api_app_id": "A1",
            "event_id": f"Ev{next(self.numbers)}",
            "authorizations": [
                {"team_id": team, "enterprise_id": None, "user_id": "U0BOT", "is_bot": True}
            ],
            "event": dict(event),
        }

    async def mention(
        self,
        team: str,
        text: str,
        ts: str = "1700000001.000000",
        thread: str = "",
        *,
        user: str = PERSON,
    ) -> list[Call]:
        before = len(self.api.calls)
        event = {"type": "app_mention", "user": user, "channel": CHANNEL, "ts": ts, "text": text}
        if thread:
            event["thread_ts"] = thread
        await self.send(self.event(team, {**event, "team": team}))
        return [call for call in self.api.calls[before:] if call.method == "chat.postMessage"]

    async def click(
        self, team: str, action: str, value: str, *, user: str = OWNER, **more: Any
    ) -> list[Call]:
        """Click a button of a message at the place that messages have in every workspace."""
        before = len(self.api.calls)
        await self.send(
            {
                "type": "block_actions",
                "team": {"id": team, "domain": "x"},
                "user": {"id": user, "team_id": team},
                "api_app_id": "A1",
                "trigger_id": f"trigger{next(self.numbers)}",
                "channel": {"id": CHANNEL},
                "container": {
                    "type": "message",
                    "channel_id": CHANNEL,
                    "message_ts": "1700000000.000100",
                },
                "message": {"ts": "1700000000.000100"},
                "actions": [
                    {
                        "action_id": action,
                        "block_id": "b",
                        "type": "button",
                        "value": value,
                        **more,
                    }
                ],
            }
        )
        return self.api.calls[before:]

    async def submit(
        self, team: str, callback: str, metadata: str, values: Mapping[str, Any], user: str = OWNER
    ) -> BoltResponse:
        return await self.send(
            {
                "type": "view_submission",
                "team": {"id": team, "domain": "x"},
                "user": {"id": user, "team_id": team},
                "api_app_id": "A1",
                "trigger_id": f"trigger{next(self.numbers)}",
                "view": {
                    "id": "V1",
                    "type": "modal",
                    "callback_id": callback,
                    "private_metadata": metadata,
                    "state": {"values": dict(values)},
                },
            }
        )


@asynccontextmanager
async def many(
    folder: Path,
    memory_limit: int = 1 << 30,
    most: int = MAX_OPEN_APPS,
    look: float = INSTALLATION_CHECK_INTERVAL,
) -> AsyncIterator[Many]:
    """Two workspaces with content of their own, and a third with the default content."""
    for team in (A, B, C):
        write_content(folder / WORD[team], WORD[team])
    named = folder / "workspaces.yaml"
    named.write_text(
        f"workspaces:\n  {A}: {{knowledge: {WORD[A]}}}\n  {B}: {{knowledge: {WORD[B]}}}\n",
        encoding="utf-8",
    )
    file, loads = WorkspacesFile(named), list[str]()

    def load(place: Path) -> SizedIndex:
        loads.append(place.name)
        knowledge_base = load_knowledge_base(place)
        kept = kept_in() / knowledge_base.version
        if not kept.is_dir():
            index = build_index(knowledge_base, resources())
            kept.mkdir()
            write_snapshot(kept, index, resources())
        return SizedIndex(read_snapshot(kept, resources()), snapshot_size(kept))

    for team in (A, B, C):  # so that no test waits for it
        await asyncio.to_thread(load, folder / WORD[team])
    loads.clear()
    api = WebApi()
    site = web.Application()
    site.router.add_route("*", "/api/{method}", api.answer)
    runner = web.AppRunner(site)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    url = f"sqlite+aiosqlite:///{folder / 'faqbot.db'}"
    store = await open_store(url, cipher=TokenCipher([TokenCipher.new_key()]))
    memory = QuestionRecorder(url, QuestionPrivacy.FULL, 30)
    async with web_client("", address) as client, memory.running():
        default = folder / WORD[C]
        shelf = ContentPool(load, memory_limit, folder / "clones")
        services = Services(recorder=memory)
        tokens = TokenProvider(
            store.installations, OAuthClient(client, "1", "2", "https://x.example.com")
        )
        opener = AppFactory(
            shelf,
            file.config_of,
            lambda team: file.owns(team, default),
            str(default),
            client,
            tokens,
            services,
            "C0COMMON0",
        )

        async def left(body: Mapping[str, Any], gone: Any) -> None:
            await uninstall(body, store.installations, tokens, gone)

        workspaces = WorkspaceRouter(
            store.installations,
            opener,
            left,
            max_open=most,
            on_dropped=services.claims.complete,
            check_interval=look,
        )
        for team in (A, B, C):
            await store.installations.save(
                Installation(Workspace("", team), "A1", "B0BOT", "U0BOT", ("chat:write",)),
                f"xoxb-{team}",
            )
        try:
            yield Many(
                api, workspaces, shelf, memory, store.installations, services, file, folder, loads
            )
        finally:
            await services.listeners.drain()
            await workspaces.close()
            await shelf.close()
            await store.close()
            await runner.cleanup()
