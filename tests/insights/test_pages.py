"""The insights pages: figures, what lies behind them, and drafts."""

from __future__ import annotations

import asyncio
import datetime as dt
import html
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import yaml

from faqbot.insights.views import InsightsPages
from faqbot.matching.encoders import StaticEncoder
from faqbot.matching.similarity import group_by_meaning
from faqbot.model import Faq, KnowledgeBase, Role, Section
from faqbot.runtime.web import Server, listen
from faqbot.storage.models import QuestionRecord
from faqbot.storage.store import Store, open_store
from tests.support.waiting import DEADLINE

NOW = dt.datetime.now(dt.UTC)
FLAGS = ["--no-sandbox", "--disable-gpu"]
LIBRARY = KnowledgeBase(
    roles=(
        Role(
            "data-analyst",
            "Data Analyst",
            owner="@people-data",
            reviewed=dt.date(2020, 1, 1),
            review_every=dt.timedelta(days=10),
            sections=(Section("data-analyst", "skills", "Skills", required=("SQL",)),),
        ),
        Role("qa-engineer", "QA Engineer"),
    ),
    faqs=(Faq(None, "how-to-apply", "How do I apply?", "By form."),),
)


def _record(number: int, text: str | None, outcome: str, entry: str = "") -> QuestionRecord:
    role = entry.partition("/")[0] or None
    return QuestionRecord(
        id=f"r{number}",
        team="T1",
        at=NOW - dt.timedelta(days=number),
        asker=f"U0SECRET{number}",
        channel="C1",
        surface="direct" if number == 2 else "channel",
        role=None if role == "faq" else role,
        text=text,
        text_hash=text or str(number),
        outcome=outcome,
        reason="clear",
        entries=((entry, 0.9),) if entry else (),
        content_version="v1",
        seconds=0.001,
    )


RECORDS = (
    _record(1, "skills of an <b>analyst</b>", "answer", "data-analyst/skills"),
    _record(2, "skills of an <b>analyst</b>", "answer", "data-analyst/skills"),
    _record(3, "how do i apply", "answer", "faq/how-to-apply"),
    _record(4, "is there a canteen in the office", "decline"),
    _record(5, "does the office have a canteen?", "decline"),
    _record(6, "who mended my chair", "decline"),
    _record(60, "long ago", "answer", "data-analyst/skills"),
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(f"sqlite:///{tmp_path}/faqbot.db")
    await opened.questions.add(RECORDS)
    await opened.questions.rate("T1", "r1", "U0RATER01", helpful=False)
    yield opened
    await opened.close()


@pytest.fixture
async def address(store: Store) -> AsyncIterator[str]:
    encoder = StaticEncoder()
    pages = InsightsPages(store, lambda: LIBRARY, lambda texts: group_by_meaning(texts, encoder))
    listener = listen("127.0.0.1", 0)
    server = Server(pages.app())
    task = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await task
    listener.close()


async def _get(url: str, **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_overview_shows_questions_and_misses(address: str) -> None:
    status, page = await _get(address)
    assert status == 200
    assert "<b>6</b> questions" in page
    assert "Data Analyst: Skills</a> <span>2</span>" in page
    assert "does the office have a canteen? / is there a canteen in the office" in page
    assert "who mended my chair" not in page
    assert "@people-data, reviewed 2020-01-01" in page
    assert "U0" not in page


async def test_figures_are_filtered_by_days_role_and_surface(address: str) -> None:
    assert "<b>7</b> questions" in (await _get(f"{address}/?days=90"))[1]
    assert "<b>2</b> questions" in (await _get(f"{address}/?role=data-analyst"))[1]
    assert "<b>1</b> questions" in (await _get(f"{address}/?place=direct"))[1]
    assert "<b>6</b> questions" in (await _get(f"{address}/?days=-1&place=moon"))[1]


async def test_each_figure_links_to_its_questions(address: str) -> None:
    _, page = await _get(f"{address}/questions?entry=data-analyst/skills")
    assert "skills of an &lt;b&gt;analyst&lt;/b&gt;" in page
    assert "how do i apply" not in page
    _, page = await _get(f"{address}/questions?outcome=decline")
    assert "3 questions" in page
    assert "(words not shown)" in page
    assert "who mended my chair" not in page
    assert "canteen" not in page  # each of the two was asked by one person only
    _, page = await _get(f"{address}/questions?role=data-analyst&part=skills")
    assert "2 questions" in page


async def test_an_unanswered_question_becomes_a_draft(address: str) -> None:
    _, page = await _get(f"{address}/draft?question=is+there+a+canteen%3F&role=data-analyst")
    text = page.partition('aria-label="The draft">')[2].partition("</textarea>")[0]
    draft = yaml.safe_load(text)
    assert draft["about"] == "data-analyst"
    assert draft["faqs"][0]["id"] == "is-there-a-canteen"


async def test_charts_contain_figures_and_links(address: str) -> None:
    _, page = await _get(f"{address}/?days=7")
    over_time, ratings = (
        json.loads(html.unescape(part.partition('"')[0])) for part in page.split('data-chart="')[1:]
    )
    yesterday = (NOW - dt.timedelta(days=1)).date()
    assert over_time["labels"][-2] == f"{yesterday:%-d %b}"
    assert over_time["series"][0]["data"][-2] == 1
    assert over_time["links"][-2] == f"/questions?days=7&day={yesterday}"
    assert ratings["labels"] == ["Data Analyst: Skills"]
    assert [row["data"] for row in ratings["series"]] == [[0], [1]]
    _, page = await _get(f"{address}{over_time['links'][-2]}")
    assert "<h1>1 question</h1>" in page


async def test_pages_load_nothing_from_other_hosts(address: str) -> None:
    _, page = await _get(address)
    assert "http:" not in page
    assert "https:" not in page
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_unknown_host_name_is_refused(address: str) -> None:
    status, _ = await _get(address, Host="evil.example.org")
    assert status == 400


async def test_unknown_pages_and_unusual_drafts_are_handled(address: str) -> None:
    assert (await _get(f"{address}/nothing"))[0] == 404
    assert (await _get(f"{address}/draft"))[0] == 200
    assert (await _get(f"{address}/draft?question={'x' * 5000}&role=gone"))[0] == 200


@pytest.mark.browser
async def test_pages_work_in_a_browser(address: str, chromium: str) -> None:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page()
        page.set_default_timeout(1000 * DEADLINE)
        problems: list[str] = []
        page.on(
            "console", lambda said: problems.append(said.text) if said.type == "error" else None
        )
        await page.goto(address)
        charts = page.locator("canvas")
        assert await charts.count() == 2
        box = await charts.first.bounding_box()
        assert box is not None
        assert box["height"] > 100
        await page.get_by_label("Role").select_option("data-analyst")
        await page.get_by_role("button", name="Show").click()
        await page.get_by_text("2 questions").wait_for()
        await page.locator(".heat").get_by_role("link", name="2").click()
        await page.get_by_text("skills of an <b>analyst</b>").first.wait_for()
        await page.get_by_role("link", name="Back to the figures").click()
        await page.get_by_label("Role").select_option("")
        await page.get_by_role("button", name="Show").click()
        await page.get_by_role("link", name="Draft an FAQ").first.click()
        await page.get_by_role("heading", name="Draft of an FAQ").wait_for()
        await browser.close()
        assert not problems
