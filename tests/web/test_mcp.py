"""MCP: the official client over streamable HTTP, with and without an identity from Slack."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import jsonschema
import pytest
import pytest_asyncio
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from faqbot.engine import Engine
from faqbot.model import Question, Surface
from faqbot.playground.models import Setup
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.recorder import QuestionRecorder
from faqbot.web.contract import CONTRACT
from tests.slack.conftest import make_engine
from tests.support.published_types import type_problems
from tests.web.conftest import Site, posted, serving_web

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEAM = Setup().team_id
UX = "Which skills does a UX Designer need?"
SKILLS = "Which skills does a Data Analyst need?"
REFERRAL = "How do I refer a friend?"
SALARIES = "What are the salary bands here?"
SLACKBOT_SHOWS = frozenset(
    "context divider header markdown rich_text section file image video actions carousel input"
    " data_table data_visualization table card container".split()
)
"""The types of blocks that Slack's documentation names for results of tools."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(memory: QuestionRecorder) -> AsyncIterator[Site]:
    async with serving_web(memory, faqbot_mcp="on") as started:
        yield started


@pytest.fixture(scope="module")
def engine() -> Engine:
    return make_engine()


@asynccontextmanager
async def client_of(
    site: Site, mode: str = "auto", *, signed: bool = False
) -> AsyncIterator[Client]:
    """The official client, whose requests are signed as Slack signs them, or not."""

    async def sign(request: httpx2.Request) -> None:
        if signed:
            request.headers.update(site.signed(request.content))

    async with (
        httpx2.AsyncClient(event_hooks={"request": [sign]}) as http,
        Client(
            streamable_http_client(f"{site.address}/mcp", http_client=http), mode=mode
        ) as client,
    ):
        yield client


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def blocks_of(result: CallToolResult) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (result.meta or {})["slack"]["blocks"]
    return found


def calls_of(result: CallToolResult) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tool calls that Slack makes when somebody clicks what a result shows."""
    for block in blocks_of(result):
        for element in block.get("elements", ()) if block["type"] == "actions" else ():
            kind, _, name = element["action_id"].partition(":")
            assert kind == "tool"
            for one in element.get("options", (element,)):
                yield name, json.loads(one["value"])


async def ask(site: Site, question: str, user: str = "", *, signed: bool = True) -> CallToolResult:
    """Ask as a person in Slack, or as nobody."""
    slack = {"user_id": user, "team_id": TEAM}
    meta: Any = {"slack": slack} if user else None
    async with client_of(site, signed=signed and bool(user)) as client:
        return await client.call_tool("ask", {"question": question}, meta=meta)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        (SKILLS, "answer"),
        ("skills", "choices"),
        ("Will it rain?", "decline"),
        (REFERRAL, "decline"),
    ],
)
async def test_official_client_gets_the_json_contract_and_the_text(
    site: Site, engine: Engine, mode: str, question: str, outcome: str
) -> None:
    async with client_of(site, mode) as client:
        result = await client.call_tool("ask", {"question": question})
    expected = engine.ask(Question(question, surface=Surface.MCP)).to_dict()
    assert result.structured_content == expected
    assert (expected["outcome"], result.is_error) == (outcome, False)
    assert text_of(result) == expected["text"]
    jsonschema.validate(result.structured_content, CONTRACT)


async def test_tools_say_that_they_only_read_and_show_block_kit(site: Site) -> None:
    async with client_of(site) as client:
        tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == ["ask", "list_roles", "describe_role", "compare"]
    for tool in tools:
        assert tool.meta == {"slack": {"supportsBlockKit": True}}
        assert tool.annotations
        assert tool.annotations.read_only_hint
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert tool.output_schema
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)


async def test_roles_are_listed_described_and_compared(site: Site) -> None:
    async with client_of(site) as client:
        listed = await client.call_tool("list_roles")
        whole = await client.call_tool("describe_role", {"role": "ux-designer"})
        part = await client.call_tool("describe_role", {"role": "skills of a ux designer"})
        compared = await client.call_tool(
            "compare", {"roles": ["UX Designer", "qa-engineer"], "part": "Skills"}
        )
    assert "UX Designer (ux-designer)" in text_of(listed)
    assert listed.structured_content["roles"][0]["id"] == "python-back-end-developer"
    assert {"Overview", "Day to day", "Education"} <= set(text_of(whole).splitlines())
    assert whole.structured_content["role"] == "ux-designer"
    assert text_of(part).startswith("UX Designer · Skills")
    assert compared.structured_content["fact"]["roles"] == ["ux-designer", "qa-engineer"]
    assert "- UX Designer: sketching; interviews" in text_of(compared)


@pytest.mark.parametrize(
    ("tool", "arguments", "advice"),
    [
        ("ask", {}, "ask needs question as a text."),
        ("ask", {"question": 7}, "ask needs question as a text."),
        ("ask", {"question": "x" * 2_001}, "question may have 2000 characters; this has 2001."),
        ("ask", {"question": "skills", "role": "pirate"}, "There is no role `pirate`"),
        ("compare", {"roles": "ux"}, "compare needs roles as a list of texts."),
        ("compare", {"roles": ["ux-designer"]}, "Name 2 or 3 different roles to compare."),
        (
            "compare",
            {"roles": ["ux-designer", "qa-engineer"], "part": "hats"},
            "they have overview",
        ),
        ("describe", {"role": "ux"}, "There is no tool `describe`; did you mean `describe_role`?"),
    ],
)
async def test_wrong_arguments_are_advice_for_the_assistant(
    site: Site, tool: str, arguments: dict[str, Any], advice: str
) -> None:
    async with client_of(site) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert advice in text_of(result)


async def test_unknown_role_of_a_comparison_is_named(site: Site) -> None:
    async with client_of(site) as client:
        result = await client.call_tool("compare", {"roles": ["ux-designer", "java developer"]})
    assert result.structured_content["reason"] == "unknown_role"
    assert "java developer" in text_of(result)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ask", {"question": SKILLS}),
        ("ask", {"question": "skills"}),
        ("ask", {"question": "what about the java developer?"}),
        ("describe_role", {"role": "archivist"}),
        ("describe_role", {"role": "python-back-end-developer"}),
        ("compare", {"roles": ["ux-designer", "qa-engineer", "data-analyst"]}),
        ("list_roles", {}),
    ],
)
async def test_blocks_keep_slackbots_rules_and_each_button_leads_to_an_answer(
    site: Site, tool: str, arguments: dict[str, Any]
) -> None:
    async with client_of(site) as client:
        result = await client.call_tool(tool, arguments)
        blocks = blocks_of(result)
        assert 0 < len(blocks) <= 50
        assert {block["type"] for block in blocks} <= SLACKBOT_SHOWS
        for block in blocks:
            ids = [element.get("action_id") for element in block.get("elements", ())]
            named = [one for one in ids if one]
            assert len(named) == len(set(named))
        assert list(type_problems({"blocks": blocks})) == []
        calls = list(calls_of(result))
        assert calls or tool != "list_roles"
        schemas = {one.name: one.input_schema for one in (await client.list_tools()).tools}
        for name, given in calls[:4] + calls[-2:]:
            jsonschema.validate(given, schemas[name])
            shown = await client.call_tool(name, given)
            assert shown.structured_content["outcome"] == "answer", (name, given)


@pytest.mark.parametrize(
    ("person", "question", "outcome"),
    [
        ("maya", REFERRAL, "answer"),
        ("guest", REFERRAL, "decline"),
        ("guest", SALARIES, "answer"),
        ("maya", SALARIES, "answer"),
    ],
)
async def test_identity_that_slack_signed_decides_what_is_read(
    site: Site, person: str, question: str, outcome: str
) -> None:
    user = site.workspace.state.user(person).id
    result = await ask(site, question, user)
    assert result.structured_content["outcome"] == outcome


@pytest.mark.parametrize("question", [REFERRAL, SALARIES])
async def test_without_a_signature_only_what_is_for_everyone_is_read(
    site: Site, question: str
) -> None:
    maya = site.workspace.state.user("maya").id
    assert (await ask(site, question)).structured_content["outcome"] == "decline"
    pretended = await ask(site, question, maya, signed=False)
    assert pretended.structured_content["outcome"] == "decline"
    assert "52,000" not in str(pretended)
    async with client_of(site) as client:
        for entry in ("faq/referrals", "faq/salary-bands"):
            shown = await client.call_tool("ask", {"question": "x", "entry": entry})
            assert shown.structured_content["outcome"] == "decline"


async def test_unknown_person_reads_what_is_for_everyone(site: Site) -> None:
    assert (await ask(site, REFERRAL, "U0STRANGER")).structured_content["outcome"] == "decline"


async def test_owners_are_named_to_colleagues_only(site: Site) -> None:
    maya = site.workspace.state.user("maya").id
    inside, outside = await ask(site, SKILLS, maya), await ask(site, SKILLS)
    assert "@people" in text_of(inside)
    assert "@people" not in str(outside)
    who = "Who owns the description of the Data Analyst?"
    assert "@people" in text_of(await ask(site, who, maya))
    asked = await ask(site, who)
    assert asked.structured_content["outcome"] == "decline"
    assert "@people" not in str(asked)


CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "ask", "arguments": {"question": SKILLS}},
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Slack-Signature": "v0=" + "0" * 64}, 401),
        ({"X-Slack-Request-Timestamp": "1"}, 401),
        ({"X-Slack-Signature": "v0=" + "0" * 64, "X-Slack-Request-Timestamp": "now"}, 401),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_wrong_signature_and_other_sites_pages_are_refused(
    site: Site, headers: dict[str, str], status: int
) -> None:
    async with site.http.post("/mcp", json=CALL, headers={**ACCEPT, **headers}) as response:
        assert response.status == status


async def test_signature_over_another_body_and_an_old_one_are_refused(site: Site) -> None:
    other = site.signed(b"{}")
    assert (await posted(site, "/mcp", CALL, {**ACCEPT, **other}))[0] == 401
    body = json.dumps(CALL).encode()
    old = site.signed(body, at=1_700_000_000)
    assert (await posted(site, "/mcp", body, {**ACCEPT, **old}))[0] == 401
    new = site.signed(body)
    assert (await posted(site, "/mcp", body, {**ACCEPT, **new}))[0] == 200


async def test_only_post_is_served(site: Site) -> None:
    async with site.http.get("/mcp", headers=ACCEPT) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")


def hostile(seed: int) -> tuple[bytes, dict[str, str]]:
    """A request as a stranger may send it: the body and the headers."""
    pick = random.Random(seed)
    value: Any = pick.choice(
        [
            None,
            True,
            -1,
            1e400,
            "",
            "\ud800",
            "<!channel>",
            [],
            {},
            [[]],
            {"a": {"b": []}},
            "x" * 9_000,
        ]
    )
    call = json.loads(json.dumps(CALL))
    place = pick.choice(["jsonrpc", "id", "method", "params"])
    inner = pick.choice(["name", "arguments", "_meta"])
    method = pick.choice(
        ["initialize", "tools/list", "tools/call", "ping", "resources/read", "server/discover",
         "notifications/cancelled", "logging/setLevel", "../../etc/passwd"]
    )  # fmt: skip
    body: Any = pick.choice(
        [
            value,
            {**call, place: value},
            {**call, "params": {**call["params"], inner: value}},
            {**call, "params": {"name": "ask", "arguments": {"question": value, "entry": value}}},
            {**call, "params": {"name": "compare", "arguments": {"roles": [value, value]}}},
            {**call, "method": method, "params": value},
            {**call, "method": method},
            [call, call],
            {**call, "params": {**call["params"], "_meta": {"slack": {"user_id": value}}}},
        ]
    )
    data = json.dumps(body).encode()
    data = pick.choice(
        [data, data, data, data[: len(data) // 2], data + b"\xff\xfe", b"[" * 50_000, b"\x00",
         data.decode().encode("utf-16"), b"{" + b'"a":{' * 3_000, b"9" * 20_000]
    )  # fmt: skip
    headers = dict(ACCEPT, **{"Content-Type": "application/json"})
    name, content = pick.choice(
        [
            ("MCP-Protocol-Version", pick.choice(["2026-07-28", "1999-01-01", "x" * 2_000, "é"])),
            ("Mcp-Session-Id", "x" * 500),
            ("Content-Type", "text/plain"),
            ("Accept", pick.choice(["*/*", "text/html", ""])),
            ("Mcp-Method", "tools/call"),
            ("Last-Event-ID", "7"),
            ("X-Forwarded-For", "1.2.3.4"),
        ]
    )
    headers[name] = content
    return data, headers


async def test_thousand_hostile_requests_get_no_server_error(site: Site) -> None:
    seen: dict[int, int] = {}

    async def send(numbers: range) -> None:
        for number in numbers:
            data, headers = hostile(number)
            async with site.http.post("/mcp", data=data, headers=headers) as response:
                await response.read()
                seen[response.status] = seen.get(response.status, 0) + 1

    await asyncio.gather(*(send(range(start, 1_000, 10)) for start in range(10)))
    assert sum(seen.values()) == 1_000
    assert max(seen) < 500, seen
    assert {200, 400} <= set(seen)
    assert (await ask(site, SKILLS)).structured_content["outcome"] == "answer"


async def test_questions_are_logged_with_their_surface_and_counted(
    site: Site, memory: QuestionRecorder
) -> None:
    maya = site.workspace.state.user("maya").id
    before = site.metric('faqbot_questions_total{outcome="answer",place="mcp"}')
    await ask(site, UX, maya)
    assert site.metric('faqbot_questions_total{outcome="answer",place="mcp"}') == before + 1
    assert site.metric('faqbot_web_requests_total{status="200",surface="mcp"}') > 0
    async with memory.store() as store:
        rows = await store.questions.all(QuestionFilter(team=TEAM, surface="mcp"))
    assert {row.asker for row in rows if row.text == UX} == {maya}


async def test_strangers_and_people_have_limits_of_their_own() -> None:
    async with serving_web(per_user=2, faqbot_mcp="on") as site:
        maya = site.workspace.state.user("maya").id
        strangers = [await ask(site, SKILLS) for _ in range(3)]
        assert [one.is_error for one in strangers] == [False, False, True]
        assert text_of(strangers[2]).startswith("Too many questions at once")
        people = [await ask(site, SKILLS, maya) for _ in range(3)]
        assert [one.is_error for one in people] == [False, False, True]
        assert "2 questions a minute" in text_of(people[2])
        assert site.metric('faqbot_limited_total{whose="address"}') == 1
        statuses = [(await posted(site, "/mcp", CALL, ACCEPT))[0] for _ in range(13)]
        assert statuses[-1] == 429
        async with site.http.post("/mcp", json=CALL, headers=ACCEPT) as response:
            assert response.headers["Retry-After"] == "60"


async def test_error_of_the_engine_is_a_reference_without_its_message(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret plan")

    monkeypatch.setattr(Engine, "ask", fail)
    result = await ask(site, SKILLS)
    assert result.is_error
    assert text_of(result).startswith("Something went wrong, reference ")
    assert "secret" not in str(result)


async def test_without_the_setting_there_is_no_mcp() -> None:
    async with serving_web() as site, site.http.post("/mcp", json=CALL, headers=ACCEPT) as response:
        assert response.status == 404
