"""The widget's requests: candidates' answers, its pages only, and questions for a person."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from faqbot.playground.models import Channel, SlackMessage
from faqbot.storage.models import HandoffState
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.recorder import QuestionRecorder
from tests.web.conftest import Site, posted, serving_web

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGIN = "https://careers.example.com"
OWNERS, TEAM = "C0OWNERS1", "T0LOCAL01"
SKILLS = "Which skills does a Data Analyst need?"
REFERRAL = "How do I refer a friend?"
SALARIES = "What are the salary bands here?"
UNANSWERABLE = "Is there a kindergarten for the children of <!channel> at https://evil.example?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(memory: QuestionRecorder) -> AsyncIterator[Site]:
    async with serving_web(
        memory,
        OWNERS,
        faqbot_widget_origins=ORIGIN,
        faqbot_widget_handoffs="on",
    ) as started:
        state = started.workspace.state
        state.add_channel(Channel(OWNERS, "owners", members=frozenset(state.users)))
        yield started


async def sent(site: Site, path: str, /, address: str = "192.0.2.1", **body: Any) -> Any:
    """The status and the JSON of what the widget gets at an address, behind a trusted proxy."""
    return await posted(site, path, body, {"Origin": ORIGIN, "X-Forwarded-For": address})


async def asked(site: Site, question: str, **more: Any) -> Any:
    status, body = await sent(site, "/widget/ask", question=question, **more)
    assert status == 200
    return body


def cards(site: Site) -> tuple[SlackMessage, ...]:
    return site.workspace.answers("#owners")


async def test_script_is_small_cached_and_loads_on_any_page(site: Site) -> None:
    async with site.http.get("/widget/faqbot-ask.js") as response:
        source = await response.text()
        assert response.content_type == "text/javascript"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert response.headers["Cache-Control"] == "public, max-age=3600"
        assert response.headers["Content-Encoding"] == "gzip"
    assert len(gzip.compress(source.encode())) < 12_000
    # What a page with a strict policy refuses, and what would run an answer as HTML.
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|\beval\b|\.style\b|import\b", source)


async def test_answer_is_nodes_and_no_html(site: Site) -> None:
    body = await asked(site, "Which technologies should a Python Back End Developer know?")
    (part,) = body["reply"]["parts"]
    (block,) = part["blocks"]
    first, steps = block["nodes"]
    assert first == {"tag": "p", "nodes": ["Django or Flask."]}
    assert steps["tag"] == "ol"
    assert "<" not in json.dumps(body)


async def test_visitors_are_candidates_whatever_they_send(site: Site) -> None:
    assert (await asked(site, SALARIES))["outcome"] == "answer"
    assert (await asked(site, REFERRAL))["outcome"] == "decline"
    assert (await asked(site, "x", entry="faq/referrals"))["outcome"] == "decline"
    status, problem = await sent(site, "/widget/ask", question=REFERRAL, audience="employees")
    assert (status, "There is no key `audience`" in problem["detail"]) == (422, True)
    headers = {"Origin": ORIGIN, "Authorization": "Bearer x"}
    _, body = await posted(site, "/widget/ask", {"question": REFERRAL}, headers)
    assert body["outcome"] == "decline"


async def test_choices_more_and_all_roles_lead_on(site: Site) -> None:
    choices = await asked(site, "skills")
    first = choices["reply"]["choices"][0]
    shown = await asked(site, first["label"], entry=first["entry"])
    assert (shown["outcome"], shown["role"]) == ("answer", "python-back-end-developer")
    whole = shown["reply"]["more"][-1]
    assert whole["label"] == "Full description"
    described = await asked(site, whole["label"], entry=whole["entry"])
    assert len(described["reply"]["parts"]) > 4
    roles = await asked(site, "All roles", entry="*")
    assert "UX Designer" in [one["label"] for one in roles["reply"]["choices"]]
    followed = await asked(site, "and the education?", role="ux-designer")
    assert followed["reply"]["header"] == "UX Designer · Education"
    assert (await asked(site, SKILLS, role="gone"))["outcome"] == "answer"


async def test_owners_are_not_told_to_visitors(site: Site) -> None:
    for question in (
        SKILLS,
        "Who owns the description of the Data Analyst?",
        "hats of a UX designer",
    ):
        assert "@people" not in json.dumps(await asked(site, question))


@pytest.mark.parametrize("path", ["/widget/ask", "/widget/person"])
@pytest.mark.parametrize("origin", [None, "null", "https://careers.example.com.evil.example"])
async def test_other_pages_are_refused(site: Site, path: str, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else None
    status, problem = await posted(site, path, {"question": SKILLS}, headers)
    assert (status, "FAQBOT_WIDGET_ORIGINS" in problem["detail"]) == (403, True)


async def test_questions_are_logged_for_the_reports(site: Site, memory: QuestionRecorder) -> None:
    await asked(site, "Which skills does a QA Engineer need?")
    async with memory.store() as store:
        rows = await store.questions.all(QuestionFilter(team=TEAM, surface="widget"))
    assert ("", "Which skills does a QA Engineer need?") in [(row.asker, row.text) for row in rows]
    assert site.metric('faqbot_web_requests_total{status="200",surface="widget"}') > 0


async def test_question_for_a_person_goes_to_the_owners_once(
    site: Site, memory: QuestionRecorder
) -> None:
    before = len(cards(site))
    declined = await asked(site, UNANSWERABLE)
    assert declined["person"]
    person = {"mail": "anna@example.com", "question": UNANSWERABLE, "asked": declined["asked"]}
    for _ in range(2):
        status, body = await sent(site, "/widget/person", **person)
        assert (status, body["message"].split(":")[0]) == (
            202,
            "Your question is with a person now. They will answer you by mail.",
        )
    assert len(cards(site)) == before + 1
    card = cards(site)[-1]
    header, who, words, state, buttons = card.blocks
    assert header["text"]["text"] == "A question from a web page"
    assert who["text"]["text"] == "<mailto:anna@example.com|anna@example.com> asks:"
    # A stranger's words are text: they call nobody, and make no link.
    (quoted,) = words["elements"]
    assert quoted["elements"] == [{"type": "text", "text": UNANSWERABLE}]
    assert "<!channel>" not in card.text
    assert "Answer by mail, then close it here" in state["elements"][0]["text"]
    assert [one["text"]["text"] for one in buttons["elements"]] == ["Claim", "Close"]
    async with memory.store() as store:
        *_, handoff = await store.handoffs.all(TEAM, HandoffState)
    assert (handoff.mail, handoff.question_id) == ("anna@example.com", declined["asked"])


async def test_owner_claims_and_closes_it_and_nobody_else_is_told(site: Site) -> None:
    before = len(cards(site))
    person = {"mail": "ben@example.com", "question": "Where do I park at an interview?"}
    assert (await sent(site, "/widget/person", "192.0.2.2", **person))[0] == 202
    assert len(cards(site)) == before + 1
    calls = len(site.workspace.sent)
    maya = site.workspace.person("maya")
    for button, said in (("Claim", "Claimed by <@U0MAYA001>"), ("Close", "Closed by <@U0MAYA001>")):
        await maya.click(cards(site)[-1], label=button)
        await site.services.listeners.drain()
        assert said in json.dumps(cards(site)[-1].blocks)
    told = {one.by for one in site.workspace.sent[calls:] if one.by.startswith("chat.")}
    assert told == {"chat.update"}


@pytest.mark.parametrize(
    ("mail", "question", "advice"),
    [
        ("anna", "Where?", "Please write your mail address, such as anna@example.com."),
        ("a@b.c|<!here>", "Where?", "Please write your mail address, such as anna@example.com."),
        ("a@example.com\nbcc: b@c.de", "Where?", "Please write your mail address"),
        ("anna@example.com", "  ", "Please write your question."),
        ("anna@example.com", "x" * 1_001, "question may have 1000 characters; this has 1001."),
        ("a" * 255, "Where?", "mail may have 254 characters; this has 255."),
    ],
)
async def test_bad_form_gets_advice_and_posts_nothing(
    site: Site, mail: str, question: str, advice: str
) -> None:
    before = len(cards(site))
    status, problem = await sent(site, "/widget/person", mail=mail, question=question)
    assert (status, problem["detail"].startswith(advice)) == (422, True), problem
    assert len(cards(site)) == before


async def test_form_filled_in_by_a_program_posts_nothing(site: Site) -> None:
    before = len(cards(site))
    body = {"mail": "bot@example.com", "question": "Buy now", "website": "https://evil.example"}
    assert (await sent(site, "/widget/person", **body))[0] == 202
    assert len(cards(site)) == before


async def test_id_of_somebody_elses_question_links_to_nothing(
    site: Site, memory: QuestionRecorder
) -> None:
    body = {"mail": "eve@example.com", "question": "Is parking free?", "asked": "x' or 1=1"}
    assert (await sent(site, "/widget/person", "2001:db8::1", **body))[0] == 202
    async with memory.store() as store:
        *_, handoff = await store.handoffs.all(TEAM, HandoffState)
        record = await store.questions.get(TEAM, handoff.question_id)
    assert record is not None
    assert record.text == "Is parking free?"


async def test_few_questions_are_passed_on_in_an_hour(
    memory: QuestionRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faqbot.web.widget.HANDOFFS_OF_ALL", 5)
    async with serving_web(
        memory, "C0HIRING1", faqbot_widget_origins=ORIGIN, faqbot_widget_handoffs="on"
    ) as site:

        async def passed_on(number: int, address: str) -> int:
            body = {"mail": f"a{number}@example.com", "question": f"Is desk {number} free?"}
            status: int = (await sent(site, "/widget/person", address, **body))[0]
            return status

        # Of an IPv6 network all addresses belong to one visitor.
        statuses = [await passed_on(number, f"2001:db8:1:1::{number}") for number in range(4)]
        assert statuses == [202, 202, 202, 429]
        assert len(site.workspace.answers("#hiring")) == 3
        # All together have a limit too, whatever addresses they have.
        statuses = [await passed_on(number, f"192.0.2.{number}") for number in range(10, 14)]
        assert statuses == [202, 202, 429, 429]
        assert len(site.workspace.answers("#hiring")) == 5


async def test_visitors_have_a_limit() -> None:
    async with serving_web(per_user=1, faqbot_widget_origins=ORIGIN) as site:
        statuses = [(await sent(site, "/widget/ask", question=SKILLS))[0] for _ in range(2)]
        assert statuses == [200, 429]


async def test_without_the_settings_nobody_is_asked_and_nothing_served(tmp_path: Path) -> None:
    async with serving_web(faqbot_widget_origins=ORIGIN) as site:
        assert (await asked(site, UNANSWERABLE))["person"] is False
        status, _ = await sent(site, "/widget/person", mail="a@b.de", question="x")
        assert status == 404
    async with serving_web() as site, site.http.get("/widget/faqbot-ask.js") as response:
        assert response.status == 404
