"""The HTTP API: the JSON contract, keys, origins, limits, and advice for bad requests."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import jsonschema
import pytest
import pytest_asyncio
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from faqbot.engine import Engine
from faqbot.model import Question, Surface
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import make_engine
from tests.web.conftest import Site, posted, serving_web

pytestmark = pytest.mark.asyncio(loop_scope="module")

SKILLS = "Which skills does a Data Analyst need?"
REFERRAL = "How do I refer a friend?"
SALARIES = "What are the salary bands here?"
STAFF, HASHED = "staff-key-" + "s" * 30, "applicants-key-" + "a" * 30
KEYS = f"employees:{STAFF}, candidates:sha256:{hashlib.sha256(HASHED.encode()).hexdigest()}"
ORIGIN = "https://careers.example.com"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(memory: QuestionRecorder) -> AsyncIterator[Site]:
    async with serving_web(
        memory, faqbot_api="on", faqbot_api_keys=KEYS, faqbot_api_origins=ORIGIN
    ) as started:
        yield started


@pytest.fixture(scope="module")
def engine() -> Engine:
    return make_engine()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def asked(site: Site, body: object, key: str = "") -> tuple[int, Any]:
    return await posted(site, "/api/ask", body, bearer(key) if key else None)


async def got(site: Site, path: str, key: str = "") -> tuple[int, Any]:
    async with site.http.get(path, headers=bearer(key) if key else None) as response:
        return response.status, await response.json(content_type=None)


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        (SKILLS, "answer"),
        ("skills", "choices"),
        ("Will it rain?", "decline"),
        ("compare a ux designer and a qa engineer", "answer"),
        ("<script>alert(1)</script> \ud800", "decline"),
    ],
)
async def test_answer_is_the_json_contract_with_the_reply_in_parts(
    site: Site, engine: Engine, question: str, outcome: str
) -> None:
    status, body = await asked(site, {"question": question})
    assert (status, body["outcome"]) == (200, outcome)
    reply = body.pop("reply")
    text = question.replace("\ud800", "\ufffd")
    assert body == engine.ask(Question(text, surface=Surface.API)).to_dict()
    await described_by_openapi(site, {**body, "reply": reply}, "Answer")


async def described_by_openapi(site: Site, body: Any, schema: str) -> None:
    """A body is what the description says."""
    _, description = await got(site, "/api/openapi.json")
    root = DRAFT202012.create_resource(description)
    registry: Any = Registry().with_resource("urn:api", root)
    jsonschema.Draft202012Validator(
        {"$ref": f"urn:api#/components/schemas/{schema}"}, registry=registry
    ).validate(body)


async def test_choice_is_shown_by_its_entry(site: Site) -> None:
    _, choices = await asked(site, {"question": "skills"})
    buttons = choices["reply"]["choices"]
    assert {"label": "UX Designer", "entry": "ux-designer/skills"} in buttons
    for button in buttons:
        _, shown = await asked(site, {"entry": button["entry"], "question": button["label"]})
        assert shown["entries"][0]["id"] == button["entry"]


async def test_role_of_the_conversation_is_passed_on(site: Site) -> None:
    _, first = await asked(site, {"question": SKILLS})
    _, second = await asked(site, {"question": "and the education?", "role": first["role"]})
    assert second["entries"][0]["id"] == "data-analyst/education"


async def test_roles_are_listed_and_described(site: Site) -> None:
    status, listed = await got(site, "/api/roles")
    assert status == 200
    await described_by_openapi(site, listed, "Roles")
    assert [role["id"] for role in listed["roles"]][:2] == [
        "python-back-end-developer",
        "data-analyst",
    ]
    status, role = await got(site, "/api/roles/ux-designer")
    assert (status, role["role"], role["outcome"]) == (200, "ux-designer", "answer")
    titles = [part["title"] for part in role["reply"]["parts"]]
    assert titles == ["Overview", "Day to day", "Skills", "Education"]
    await described_by_openapi(site, role, "Answer")
    status, problem = await got(site, "/api/roles/pirate")
    assert (status, problem["detail"]) == (
        404,
        "There is no role with this id: /api/roles lists them.",
    )
    await described_by_openapi(site, problem, "Problem")


@pytest.mark.parametrize(
    ("key", "question", "outcome"),
    [
        ("", REFERRAL, "decline"),
        ("", SALARIES, "decline"),
        (HASHED, REFERRAL, "decline"),
        (HASHED, SALARIES, "answer"),
        (STAFF, REFERRAL, "answer"),
        (STAFF, SALARIES, "answer"),
    ],
)
async def test_key_decides_the_audience(site: Site, key: str, question: str, outcome: str) -> None:
    status, body = await asked(site, {"question": question}, key)
    assert (status, body["outcome"]) == (200, outcome)


async def test_entry_above_the_audience_is_as_unknown_as_any(site: Site) -> None:
    _, hidden = await asked(site, {"entry": "faq/referrals", "question": "x"})
    _, unknown = await asked(site, {"entry": "faq/nothing", "question": "x"})
    assert hidden == unknown
    assert hidden["reason"] == "not_written"


async def test_owners_are_for_employees(site: Site) -> None:
    _, inside = await asked(site, {"question": SKILLS}, STAFF)
    assert inside["reply"]["sources"][0]["owner"] == "@people"
    for key in ("", HASHED):
        _, outside = await asked(site, {"question": SKILLS}, key)
        assert outside["reply"]["sources"][0]["owner"] == ""
        assert "@people" not in str(outside)


@pytest.mark.parametrize(
    "value", ["Bearer nobody-knows-this-key", "Bearer ", "Basic eDp5", f"Bearer {STAFF}x", "é"]
)
async def test_unknown_key_is_refused(site: Site, value: str) -> None:
    status, problem = await posted(site, "/api/ask", {"question": "x"}, {"Authorization": value})
    if value == "Bearer ":  # no key at all
        assert status == 200
        return
    assert status == 401
    assert "key" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "status", "advice"),
    [
        (b"{", 400, "The body is no JSON in UTF-8."),
        (b'"\xff"', 400, "The body is no JSON in UTF-8."),
        (b"[" * 9_000, 400, "The body is no JSON in UTF-8."),
        ([], 400, "The body must be a JSON object."),
        ({}, 422, "question must be a text."),
        ({"question": 7}, 422, "question must be a text."),
        ({"question": "x" * 2_001}, 422, "question may have 2000 characters; this has 2001."),
        ({"qestion": "x"}, 422, "There is no key `qestion`; did you mean `question`?"),
        ({"question": "x", "role": "pirate"}, 422, "There is no role `pirate`: list the roles"),
        ({"question": "x" * 21_000}, 413, "Too large."),
    ],
)
async def test_bad_body_gets_advice(site: Site, body: object, status: int, advice: str) -> None:
    found, problem = await asked(site, body)
    assert (found, problem["status"]) == (status, status)
    assert problem["detail"].startswith(advice)
    await described_by_openapi(site, problem, "Problem")


async def test_other_types_and_methods_get_advice(site: Site) -> None:
    async with site.http.post("/api/ask", data="question=x") as response:
        assert response.status == 415
        assert response.content_type == "application/problem+json"
    async with site.http.get("/api/ask") as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
    async with site.http.head("/api/roles") as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://evil.example", None), ("null", None)]
)
async def test_only_pages_of_named_origins_may_read(
    site: Site, origin: str, allowed: str | None
) -> None:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,authorization",
    }
    async with site.http.options("/api/ask", headers=headers) as response:
        assert response.headers.get("Access-Control-Allow-Origin") == allowed
        assert (response.status == 200) is bool(allowed)
    async with site.http.get("/api/roles", headers={"Origin": origin}) as response:
        assert response.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_requests_are_counted_and_questions_logged(
    site: Site, memory: QuestionRecorder
) -> None:
    question = "Which skills does a QA Engineer need?"
    await asked(site, {"question": question})
    assert site.metric('faqbot_web_requests_total{status="200",surface="api"}') > 0
    async with memory.store() as store:
        rows = await store.questions.all(QuestionFilter(surface="api"))
    assert [(row.asker, row.text) for row in rows if row.text == question] == [("", question)]


async def test_addresses_and_keys_have_limits_of_their_own() -> None:
    async with serving_web(per_user=2, per_key=4, faqbot_api="on", faqbot_api_keys=KEYS) as site:
        question = {"question": SKILLS}
        assert [(await asked(site, question))[0] for _ in range(3)] == [200, 200, 429]
        assert [(await asked(site, question, STAFF))[0] for _ in range(5)] == [200] * 4 + [429]
        assert [(await asked(site, question, HASHED))[0] for _ in range(1)] == [200]
        assert site.metric('faqbot_limited_total{whose="address"}') == 1
        assert site.metric('faqbot_limited_total{whose="key"}') == 1
        statuses = [(await asked(site, question, "guess" * 8))[0] for _ in range(12)]
        assert (statuses[0], statuses[-1]) == (401, 429)
        async with site.http.get("/api/roles") as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "60")


async def test_hostile_requests_get_no_server_error(site: Site) -> None:
    seen: dict[int, int] = {}
    values: list[Any] = [
        *(None, True, -1, 1e400, "", "\0", "\ud800", "x" * 1_999, [], {}, [[]], {"a": {}}),
        *("=compare - a b", "=find any x", "=about owner ux-designer", "../../etc", "*", "a|b|9"),
    ]

    def hostile(seed: int) -> tuple[str, str, bytes, dict[str, str]]:
        pick = random.Random(seed)
        body = {pick.choice(["question", "role", "entry", "x"]): pick.choice(values)}
        body |= {"question": pick.choice(values)} if pick.random() < 0.5 else {}
        data = json.dumps(body).encode()
        data = pick.choice([data, data, data, data[:-3], b"[" * 9_000, b"9" * 9_000, b"\xff"])
        method = pick.choice(["POST", "POST", "POST", "GET", "PUT", "DELETE", "OPTIONS", "HEAD"])
        path = pick.choice(
            ["/api/ask", "/api/ask", "/api/roles", "/api/roles/%00", "/api/roles/%F0%9F", "/api/x",
             "/api/roles/..%2f..", "/api/roles/=compare%20-%20a"]
        )  # fmt: skip
        kind = pick.choice(["application/json", "application/json; charset=utf-16", "text/xml"])
        headers = {"Content-Type": kind, pick.choice(["Origin", "Authorization", "X"]): "Bearer é"}
        return method, path, data, headers

    async def send(numbers: range) -> None:
        for number in numbers:
            method, path, data, headers = hostile(number)
            async with site.http.request(method, path, data=data, headers=headers) as response:
                await response.read()
                seen[response.status] = seen.get(response.status, 0) + 1

    await asyncio.gather(*(send(range(start, 300, 10)) for start in range(10)))
    assert sum(seen.values()) == 300
    assert max(seen) < 500, seen
    assert {200, 400, 401, 404, 405, 415, 422} <= set(seen)


async def test_error_of_the_engine_is_a_reference_without_its_message(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret plan")

    monkeypatch.setattr(Engine, "ask", fail)
    status, problem = await asked(site, {"question": SKILLS})
    assert status == 500
    assert problem["detail"].startswith("Something went wrong, reference ")
    assert "secret" not in str(problem)


async def test_without_the_setting_there_is_no_api() -> None:
    async with serving_web() as site, site.http.get("/api/roles") as response:
        assert response.status == 404
