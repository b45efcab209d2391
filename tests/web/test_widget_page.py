"""The widget in Chromium, on a page of another origin with a strict Content-Security-Policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from faqbot.runtime.web import Server, background_server, listen
from faqbot.storage.recorder import QuestionRecorder
from tests.support.accessibility import sound
from tests.support.waiting import DEADLINE
from tests.web.conftest import Site, serving_web

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Careers</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<script src="{server}/widget/faqbot-ask.js" defer></script></head>
<body><main><h1>Jobs</h1><faqbot-ask label="Ask about a job" {attributes}></faqbot-ask></main>
</body></html>
"""


class Careers:
    """A careers page on an address of its own, and the service that it asks."""

    def __init__(self, site: Site, address: str) -> None:
        self.site = site
        self.address = address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def careers(memory: QuestionRecorder) -> AsyncIterator[Careers]:
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async with serving_web(
        memory, "C0HIRING1", faqbot_widget_origins=address, faqbot_widget_handoffs="on"
    ) as site:

        async def page(request: Request) -> Response:
            # No inline script or style, and nothing from elsewhere but the script and its answers.
            policy = (
                f"default-src 'none'; script-src {site.address}; connect-src {site.address}; "
                "require-trusted-types-for 'script'"
            )
            mail = request.query_params.get("mail", "")
            attributes = f'mail="{mail}"' if mail else ""
            return HTMLResponse(
                PAGE.format(server=site.address, attributes=attributes),
                headers={
                    "Content-Security-Policy": policy + "; require-trusted-types-for 'script'"
                },
            )

        app = Starlette(routes=[Route("/", page)])
        async with background_server(Server(app), listener):
            yield Careers(site, address)
    listener.close()


@asynccontextmanager
async def opened(chrome: Browser, careers: Careers, query: str = "") -> AsyncIterator[Page]:
    """The page, on which no script fails and nothing breaks the policy."""
    problems: list[str] = []
    context = await chrome.new_context(viewport={"width": 1280, "height": 844})
    page = await context.new_page()
    page.set_default_timeout(1000 * DEADLINE)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda said: problems.append(said.text) if "Security Policy" in said.text else None,
    )
    await page.goto(f"{careers.address}/{query}")
    await page.get_by_role("button", name="Ask", exact=True).wait_for()
    try:
        yield page
    finally:
        await context.close()
    assert problems == []


async def asked(page: Page, question: str) -> Locator:
    """Ask by keyboard; what is shown then."""
    turns = page.locator(".turn")
    count = await turns.count()
    await page.get_by_label("Ask about a job").fill(question)
    await page.keyboard.press("Enter")
    turn = turns.nth(count)
    await turn.wait_for()
    return turn


async def test_answer_has_its_source_and_stands_in_a_live_region(
    chrome: Browser, careers: Careers
) -> None:
    async with opened(chrome, careers) as page:
        turn = await asked(page, "Which skills does a Data Analyst need?")
        text = await turn.inner_text()
        assert "Data Analyst · Skills" in text
        assert "Source: Data Analyst · Skills" in text
        assert await turn.get_by_role("listitem").all_inner_texts() == [
            "SQL",
            "spreadsheets",
            "charts",
        ]
        log = page.get_by_role("log", name="Answers")
        assert await log.get_attribute("aria-live") == "polite"
        assert await log.locator(".turn").count() == 1
        assert await log.get_attribute("aria-busy") == "false"


async def test_keyboard_alone_asks_chooses_and_asks_on(chrome: Browser, careers: Careers) -> None:
    async with opened(chrome, careers) as page:
        await page.keyboard.press("Tab")
        await page.keyboard.type("skills")
        await page.keyboard.press("Enter")
        turns = page.locator(".turn")
        await turns.nth(0).wait_for()
        await page.keyboard.press("Tab")  # the button "Ask"
        await page.keyboard.press("Tab")  # the first choice
        assert await focused(page) == "Python Back End Developer"
        await page.keyboard.press("Enter")
        await turns.nth(1).wait_for()
        assert "REST APIs" in await turns.nth(1).inner_text()
        assert await focused(page) == "Python Back End Developer"
        turn = await asked(page, "and the education?")
        assert "A degree in computer science." in await turn.inner_text()


async def focused(page: Page) -> Any:
    """The text of the element that has the focus."""
    return await page.evaluate(
        "() => document.querySelector('faqbot-ask').shadowRoot.activeElement.textContent"
    )


async def test_whole_description_and_all_roles_are_one_click_away(
    chrome: Browser, careers: Careers
) -> None:
    async with opened(chrome, careers) as page:
        turn = await asked(page, "What does a UX Designer do all day?")
        await turn.get_by_text("More about this").click()
        await turn.get_by_role("button", name="Full description").click()
        whole = page.locator(".turn").nth(1)
        await whole.get_by_text("A UX Designer needs a degree or experience.").wait_for()
        declined = await asked(page, "Will it rain tomorrow?")
        await declined.get_by_role("button", name="All roles").click()
        await page.locator(".turn").nth(3).get_by_role("button", name="Archivist").wait_for()


async def test_comparison_is_a_table_with_headings(chrome: Browser, careers: Careers) -> None:
    async with opened(chrome, careers) as page:
        turn = await asked(page, "compare a ux designer and a qa engineer")
        table = turn.get_by_role("table").first
        assert await table.get_by_role("columnheader").all_inner_texts() == [
            "UX Designer",
            "QA Engineer",
        ]
        assert await table.get_by_role("rowheader").count() > 0


async def test_words_of_a_visitor_are_shown_as_text(chrome: Browser, careers: Careers) -> None:
    async with opened(chrome, careers) as page:
        for words in (
            "<img src=x onerror=alert(1)>",
            "<script>alert(1)</script> skills",
            "](javascript:1)",
        ):
            turn = await asked(page, words)
            assert await turn.locator(".asked").inner_text() == words
            assert await turn.locator("img, script, a[href^=javascript]").count() == 0


async def test_visitor_passes_a_question_on_to_a_person(chrome: Browser, careers: Careers) -> None:
    async with opened(chrome, careers) as page:
        turn = await asked(page, "Is there a kindergarten?")
        await turn.get_by_text("Ask a person").click()
        await turn.get_by_label("Your mail address").fill("anna@example.com")
        assert await turn.get_by_label("Your question").input_value() == "Is there a kindergarten?"
        await turn.get_by_role("button", name="Send to a person").click()
        status = turn.get_by_role("status")
        await status.get_by_text("Your question is with a person now.").wait_for()
        assert "with a person" in await focused(page)
        (card,) = careers.site.workspace.answers("#hiring")
        assert "anna@example.com" in str(card.blocks)


async def test_mail_address_of_the_page_takes_the_place_of_the_form(
    chrome: Browser, careers: Careers
) -> None:
    async with opened(chrome, careers, "?mail=jobs@example.com") as page:
        turn = await asked(page, "Is there a garden & pool?")
        link = turn.get_by_role("link", name="Ask a person")
        assert await link.get_attribute("href") == (
            "mailto:jobs@example.com?subject=Is%20there%20a%20garden%20%26%20pool%3F"
        )
        assert await turn.get_by_label("Your mail address").count() == 0


async def test_service_that_is_down_is_told_and_the_question_stays(
    chrome: Browser, careers: Careers
) -> None:
    async with opened(chrome, careers) as page:
        await page.route("**/widget/ask", lambda route: route.abort())
        turn = await asked(page, "Which skills does a Data Analyst need?")
        assert "That didn't work. Please try again." in await turn.inner_text()
        question = await page.get_by_label("Ask about a job").input_value()
        assert question == "Which skills does a Data Analyst need?"
        await page.unroute("**/widget/ask")
        assert "SQL" in await (await asked(page, question)).inner_text()


async def test_widget_takes_the_colours_and_the_font_of_its_page(
    chrome: Browser, careers: Careers
) -> None:
    async with opened(chrome, careers) as page:
        found = await page.evaluate(
            """() => {
              const element = document.querySelector('faqbot-ask');
              const sheet = new CSSStyleSheet();
              sheet.replaceSync(`body { color: rgb(1, 2, 3); font-family: serif; }
                faqbot-ask { --faqbot-accent: rgb(9, 8, 7); --faqbot-radius: 17px; }`);
              document.adoptedStyleSheets = [sheet];
              const button = getComputedStyle(element.shadowRoot.querySelector('button'));
              const input = getComputedStyle(element.shadowRoot.querySelector('input'));
              return [input.color, input.fontFamily, button.backgroundColor, button.borderRadius];
            }"""
        )
        assert found == ["rgb(1, 2, 3)", "serif", "rgb(9, 8, 7)", "17px"]


async def test_axe_finds_nothing_to_mend(chrome: Browser, careers: Careers) -> None:
    # Not under the policy, which keeps axe's own script out too.
    context = await chrome.new_context(bypass_csp=True)
    page = await context.new_page()
    page.set_default_timeout(1000 * DEADLINE)
    await page.goto(careers.address)
    turn = await asked(page, "compare a ux designer and a qa engineer")
    await turn.get_by_text("More about this").click()
    await asked(page, "Which technologies should a Python Back End Developer know?")
    await (await asked(page, "Is there a canteen?")).get_by_text("Ask a person").click()
    await asked(page, "skills")
    await sound(page, "widget")
    await context.close()
