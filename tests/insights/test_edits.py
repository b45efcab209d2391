"""The editor of the insights pages: owners propose changes, owners decide in Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from faqbot.content.loader import load_knowledge_base
from faqbot.insights.auth import OWNER_CHECK_INTERVAL
from faqbot.playground.blocks import elements
from faqbot.playground.models import SlackMessage
from faqbot.storage.recorder import QuestionRecorder
from tests.editor.conftest import ROLE
from tests.insights.owners_pages import OWNERS, ROLES, bot, content_in, insights
from tests.insights.test_signing_in import Clock, browser, shown, sign_in
from tests.slack.conftest import Slack
from tests.support.waiting import DEADLINE

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return content_in(tmp_path_factory.mktemp("knowledge"))


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _as_at_first(folder: Path) -> None:
    (folder / ROLES).write_text(ROLE, encoding="utf-8")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def memory(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[QuestionRecorder]:
    store = tmp_path_factory.mktemp("store")
    async with QuestionRecorder(f"sqlite:///{store}/faqbot.db").running() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack(memory: QuestionRecorder, folder: Path) -> AsyncIterator[Slack]:
    async with bot(memory, folder) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(
    slack: Slack, memory: QuestionRecorder, folder: Path, clock: Clock
) -> AsyncIterator[str]:
    async with insights(slack, memory, folder, clock) as served:
        yield served


class Editor:
    """A tab of the editor in which an owner has signed in."""

    def __init__(self, window: aiohttp.ClientSession, address: str) -> None:
        self.window, self.address = window, address

    async def call(self, name: str, /, status: int = 200, **asked: Any) -> Any:
        async with self.window.post(f"{self.address}/edit/calls/{name}", json=asked) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def save(self, change: Callable[[Any], None], status: int = 200) -> Any:
        """Change the form of the role, and save it."""
        opened = await self.call("document", file=ROLES, number=0)
        form = (await self.call("document", file=ROLES, number=0))["form"]
        change(form)
        base = {"form": opened["form"], "version": opened["version"]}
        return await self.call("save", status, file=ROLES, number=0, form=form, base=base)


@asynccontextmanager
async def editing(address: str, name: str) -> AsyncIterator[Editor]:
    async with browser() as window:
        status, page = await sign_in(window, address, name)
        assert status == 200, page
        yield Editor(window, address)


def renamed(form: Any) -> None:
    form["title"] = "Chef"


async def card(slack: Slack, editor: Editor, change: Callable[[Any], None]) -> SlackMessage:
    """The owners' message about a change that somebody saves."""
    before = len(slack.workspace.answers("#owners"))
    saved = await editor.save(change)
    assert saved["pending"]
    assert saved["note"].startswith("Proposed: the owners decide in Slack")
    return slack.workspace.answers("#owners")[before]


async def told(slack: Slack, person: str, message: SlackMessage, label: str) -> str:
    """What a person is told privately who clicks on a card."""
    before = len(slack.workspace.private_messages(person))
    await slack.workspace.person(person).click(message, label=label)
    replies = await slack.workspace.until(
        lambda: slack.workspace.private_messages(person)[before:], within=DEADLINE
    )
    return replies[0].text


async def test_a_save_is_proposed_and_written_as_its_author_writes(
    slack: Slack, address: str, folder: Path
) -> None:
    async with editing(address, "Jonas") as jonas:
        assert (await jonas.call("content"))["proposes"]
        message = await card(slack, jonas, renamed)

        assert (folder / ROLES).read_text() == ROLE
        said = str(message.blocks)
        assert "<@U0JONAS01> proposes" in said
        assert "Title: “Office Cook” becomes “Chef”" in said
        assert ROLES in said
        page = await shown(jonas.window, f"{address}/proposals")
    assert "becomes “Chef”" in page
    assert "+title: &#34;Chef&#34;" in page

    refused = await told(slack, "jonas", message, "Approve")
    assert "You proposed this yourself" in refused
    await slack.maya.click(message, label="Approve")
    await slack.workspace.until(
        lambda: any(
            "is in the content now" in m.text for m in slack.workspace.answers("@jonas")[-1:]
        ),
        within=DEADLINE,
    )
    assert (folder / ROLES).read_text() == ROLE.replace("Office Cook", "Chef")
    card_now = slack.workspace.message("#owners", message.ts)
    assert card_now is not None
    assert not list(elements(card_now.blocks))
    assert "Chef" in [role.title for role in slack.engine.knowledge_base.roles]


async def test_a_change_of_a_file_that_changed_meanwhile_says_what_to_do(
    slack: Slack, address: str, folder: Path
) -> None:
    async with editing(address, "Jonas") as jonas:
        message = await card(slack, jonas, renamed)
        changed = ROLE.replace("Cook\n", "Bake\n")
        (folder / ROLES).write_text(changed, encoding="utf-8")

        said = await told(slack, "maya", message, "Approve")

        assert "has changed since this was proposed" in said
        assert "make the change again in the editor" in said
        assert (folder / ROLES).read_text() == changed
        assert "can't be approved any more" in await shown(jonas.window, f"{address}/proposals")
        second = await jonas.save(renamed)
        assert "Another change of this file waits too" in second["note"]
    await slack.maya.click(message, label="Reject")
    await slack.listeners.drain()


async def test_something_new_becomes_a_file_when_it_is_approved(
    slack: Slack, address: str, folder: Path
) -> None:
    async with editing(address, "Maya") as maya:
        form = (await maya.call("new", kind="faqs", title="Is there a canteen"))["form"]
        form["about"] = "office-cook"
        saved = await maya.call("create", form=form)
    assert not (folder / saved["file"]).exists()

    message = slack.workspace.answers("#owners")[-1]
    assert "New: FAQs about office-cook" in message.text
    await slack.workspace.person("jonas").click(message, label="Approve")
    await slack.workspace.until((folder / saved["file"]).exists, within=DEADLINE)
    await slack.listeners.drain()
    assert load_knowledge_base(folder).entry("office-cook/faq/is-there-a-canteen")


async def test_a_card_of_many_changes_says_where_all_of_them_stand(
    slack: Slack, address: str
) -> None:
    def many(form: Any) -> None:
        points = [f"Point {number} of a *long* list that goes on" for number in range(80)]
        form["sections"][1]["items"] += points
        form["sections"][0]["text"] += " word" * 2_000

    async with editing(address, "Jonas") as jonas:
        message = await card(slack, jonas, many)
        page = await shown(jonas.window, f"{address}/proposals")

    said = str(message.blocks)
    assert "Point 10 of a *long* list" in said
    assert "Point 79" not in said
    assert " more" in said
    assert "all of it stands on the insights pages" in said
    assert "Point 79 of a *long* list" in page
    await slack.maya.click(message, label="Reject")
    await slack.listeners.drain()


async def test_what_does_not_load_is_not_proposed(slack: Slack, address: str) -> None:
    before = len(slack.workspace.answers("#owners"))
    async with editing(address, "Jonas") as jonas:
        refused = await jonas.save(lambda form: form.pop("title"), status=422)
    assert refused["error"].startswith("Mend what is marked first: this role needs `title`")
    assert len(slack.workspace.answers("#owners")) == before


async def test_only_owners_edit_and_never_from_another_site(
    slack: Slack, address: str, folder: Path, clock: Clock
) -> None:
    async with browser() as window:
        async with window.post(f"{address}/edit/calls/content", json={}) as answer:
            assert answer.status == 401
            assert "Sign in again" in (await answer.json())["error"]
        assert "Sign in with Slack" in await shown(window, f"{address}/edit/")
        assert (await sign_in(window, address, "Gil"))[0] == 403
    # An admin who owns nothing reads the figures, and edits nothing.
    slack.workspace.state.set_membership(OWNERS, "U0MAYA001", member=False)
    clock.ahead = OWNER_CHECK_INTERVAL + 1
    try:
        async with browser() as window:
            assert (await sign_in(window, address, "Maya"))[0] == 200
            async with window.get(f"{address}/edit/") as answer:
                assert answer.status == 403
                assert "Only owners of content" in await answer.text()
    finally:
        slack.workspace.state.set_membership(OWNERS, "U0MAYA001", member=True)
    async with editing(address, "Jonas") as jonas:
        foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        place = f"{address}/edit/calls/remove"
        asked = {"file": ROLES, "number": 0}
        async with jonas.window.post(place, json=asked, headers=foreign) as answer:
            assert answer.status == 403
        async with jonas.window.get(f"{address}/edit/") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
    assert (folder / ROLES).read_text() == ROLE
