"""Roles are exported as documents, job postings and a website."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from faqbot.cli.main import main
from faqbot.content.loader import load_knowledge_base
from faqbot.exporters.documents import markdown, page, site, word
from faqbot.exporters.job_advert import JobOpening, job_posting, json_ld, missing_options
from faqbot.model import Audience, Faq, KnowledgeBase, Role, Section, Years
from tests.conftest import chromium_path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = load_knowledge_base(ROOT / "knowledge")
VOCABULARY: dict[str, dict[str, list[str]]] = json.loads(
    (Path(__file__).parent / "schema-org.json").read_text(encoding="utf-8")
)
ROLE = Role(
    "tester",
    "Tester & Co",
    aliases=("QA",),
    family="quality",
    next_roles=("lead",),
    sections=(
        Section("tester", "overview", "Overview", text="Finds **bugs**, see <b>here</b>."),
        Section("tester", "skills", "Skills", required=("Patience",), preferred=("`SQL`",)),
        Section("tester", "education", "Education", required=("Bachelor's degree",)),
        Section("tester", "experience", "Experience", years=Years(1.5, None)),
    ),
    faqs=(
        Faq("tester", "open", "Open?", "Yes: [form](https://example.com)."),
        Faq("tester", "inner", "Secret?", "Inner.", audience=Audience.EMPLOYEES),
    ),
)
KNOWLEDGE_BASE = KnowledgeBase(
    roles=(ROLE, Role("lead", "Lead")), faqs=(Faq(None, "apply", "How?", "So."),)
)


def test_markdown_contains_the_role_and_the_faqs_of_the_audience() -> None:
    text = markdown(ROLE)
    assert text.startswith("# Tester & Co\n\nAlso called: QA\n\n## Overview\n")
    assert "**Required**\n\n- Patience\n\n**Preferred**\n\n- `SQL`\n" in text
    assert "Secret?" not in text
    assert "Secret?" in markdown(ROLE, Audience.EMPLOYEES)


def test_word_document_uses_built_in_styles() -> None:
    import docx

    document = docx.Document(io.BytesIO(word(ROLE)))
    said = [(p.style.name, p.text) for p in document.paragraphs if p.style]
    assert said[0] == ("Title", "Tester & Co")
    assert ("Heading 1", "Skills") in said
    assert ("List Bullet", "Patience") in said
    assert ("Heading 2", "Open?") in said
    assert any("form (https://example.com)" in text for _, text in said)
    (bold,) = [r for p in document.paragraphs for r in p.runs if r.text == "bugs"]
    assert bold.bold


def test_page_needs_no_other_file_and_runs_no_script() -> None:
    text = page(ROLE)
    assert text.startswith("<!doctype html>")
    assert "Finds <strong>bugs</strong>, see &lt;b&gt;here&lt;/b&gt;." in text
    assert "Tester &amp; Co" in text
    assert "<script" not in text
    assert re.findall(r'(?:src|href)="([^"]*)"', text) == ["https://example.com"]


# ---------------------------------------------------------------------------- JobPosting


def problems(thing: dict[str, Any], kind: str) -> list[str]:
    """What schema.org's vocabulary doesn't know of a thing."""
    found = []
    for name, value in thing.items():
        if name.startswith("@"):
            continue
        ranges = VOCABULARY[kind].get(name)
        if ranges is None:
            found.append(f"{kind}.{name} is no property")
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                if one["@type"] not in ranges:
                    found.append(f"{kind}.{name} can't be {one['@type']}")
                found += problems(one, one["@type"])
            elif not fits(one, ranges):
                found.append(f"{kind}.{name} can't be {one!r}")
    return found


def fits(value: object, ranges: list[str]) -> bool:
    if isinstance(value, bool | int | float):
        return "Number" in ranges
    dated = re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)) and "Date" in ranges
    linked = str(value).startswith("https://") and "URL" in ranges
    return bool(dated or linked or "Text" in ranges)


Run = Callable[..., int]
FULL = JobOpening(
    organization="Example",
    website="https://example.com",
    locality="Bern",
    country="CH",
    employment_type="FULL_TIME",
    link="https://example.com/1",
)


@pytest.mark.parametrize("role", SHIPPED.roles, ids=lambda role: role.id)
def test_every_shipped_role_is_a_valid_job_posting(role: Role) -> None:
    for opening in (JobOpening(), FULL, JobOpening(remote=True, country="CH")):
        made = job_posting(role, opening)
        assert made["@type"] == "JobPosting"
        assert problems(made, "JobPosting") == []
    assert problems({**made, "salary": 1, "skills": {"@type": "Place"}}, "JobPosting") == [
        "JobPosting.skills can't be Place",
        "JobPosting.salary is no property",
    ]


def test_job_posting_has_only_known_properties() -> None:
    made = job_posting(ROLE, JobOpening())
    assert made["experienceRequirements"]["monthsOfExperience"] == 18
    assert made["educationRequirements"][0]["credentialCategory"] == "bachelor degree"
    assert "hiringOrganization" not in made
    assert missing_options(made) == ("--posted", "--organization", "--locality and --country")
    assert "identifier" not in made
    remote = job_posting(ROLE, JobOpening(remote=True, country="CH"))
    assert remote["jobLocationType"] == "TELECOMMUTE"
    assert remote["applicantLocationRequirements"] == {"@type": "Country", "name": "CH"}
    assert missing_options(remote) == ("--posted", "--organization")
    assert job_posting(ROLE, FULL)["identifier"] == {
        "@type": "PropertyValue",
        "name": "Example",
        "value": ROLE.id,
    }


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (("--remote",), "--remote needs --country"),
        (("--locality", "Bern"), "--locality needs --country"),
        (("--posted", "2026-11-24", "--until", "2026-11-23"), "is before --posted 2026-11-24"),
    ],
)
def test_posting_that_search_engines_refuse_is_refused(
    run: Run, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], advice: str
) -> None:
    assert run("role", "data-analyst", "--format", "jobposting", *options) == 2
    assert advice in capfd.readouterr().err


def test_text_of_a_role_never_ends_the_script_of_a_posting() -> None:
    title = "Clerk</script><script>alert(1)</script><!--<script>"
    written = json_ld(job_posting(Role("x", title), JobOpening()))
    assert "</" not in written
    assert "<!--" not in written
    assert json.loads(written)["title"] == title


# ---------------------------------------------------------------------------- the site


class Links(HTMLParser):
    """Collects where a page leads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.found.append(value)
            if name == "id" and value:
                self.ids.add(value)


def test_every_link_of_the_site_has_a_target() -> None:
    made = site(SHIPPED, "Roles")
    for name, text in made.files.items():
        if not name.endswith(".html"):
            continue
        links = Links()
        links.feed(text)
        for link in links.found:
            if link.startswith("https://"):
                assert "script" not in link
                continue
            path = (Path("/") / name).parent / link.partition("#")[0]
            assert path.resolve().relative_to("/").as_posix() in made.files, (name, link)


def test_search_results_link_to_the_text_that_was_searched() -> None:
    made = site(KNOWLEDGE_BASE, "Roles")
    documents = json.loads(
        made.files["index.js"].removeprefix("window.FAQBOT_INDEX=").rstrip(";\n")
    )
    for one in documents:
        name, _, place = one["link"].partition("#")
        links = Links()
        links.feed(made.files[name])
        assert not place or place in links.ids, one
    assert "Secret?" not in "".join(made.files.values())
    assert "Secret?" in "".join(site(KNOWLEDGE_BASE, "Roles", Audience.EMPLOYEES).files.values())


def test_excerpts_of_search_results_have_no_marks() -> None:
    points = ("**Plan** the menu", "Cook *lunch*", "`Knives`, see [the list](https://a.example)")
    text = "See **below**:\n- **a**\n- b\n\n| c | d |\n| - | - |\n| **e** | f |\n"
    section = Section("cook", "duties", "Duties", text=text, items=points)
    role = Role("cook", "Cook", sections=(section,))

    index = site(KnowledgeBase((role,)), "Roles").files["index.js"]

    (_, found) = json.loads(index.removeprefix("window.FAQBOT_INDEX=").rstrip(";\n"))
    assert found["text"] == (
        "See below: a b c d e f · Plan the menu · Cook lunch · Knives, see the list"
    )


def test_equal_content_gives_equal_bytes() -> None:
    assert site(SHIPPED, "Roles") == site(SHIPPED, "Roles")
    evil = KnowledgeBase(roles=(Role("x", "</script><script>alert(1)</script>"),))
    made = site(evil, "<b>")
    assert "<script>alert" not in "".join(made.files[n] for n in made.files if n.endswith("html"))
    assert "<b>" not in made.files["index.html"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("FAQBOT_KNOWLEDGE", str(ROOT / "knowledge"))

    def command(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["faqbot", "export", *arguments])
        try:
            main()
        except SystemExit as stop:
            return int(stop.code or 0)
        return 0

    return command


def test_commands_write_files_and_never_replace_any(
    run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "analyst.docx"
    assert run("role", "data-analyst", "--format", "docx", "--out", str(target)) == 0
    assert target.read_bytes().startswith(b"PK")
    assert run("role", "data-analyst", "--out", str(target)) == 2
    assert run("role", "data-analist") == 2
    assert run("role", "data-analyst", "--format", "jobposting", "--posted", "soon") == 2
    capfd.readouterr()
    assert run("role", "data-analyst", "--format", "jobposting") == 0
    told = capfd.readouterr()
    assert json.loads(told.out)["title"] == "Data Analyst"
    assert "--organization" in told.err
    assert run("site", "--out", str(tmp_path / "site")) == 0
    assert run("site", "--out", str(tmp_path / "site")) == 2


@pytest.mark.browser
@pytest.mark.skipif(chromium_path() is None, reason="Chromium isn't there")
async def test_site_search_finds_a_misspelt_role(run: Run, tmp_path: Path) -> None:
    from playwright.async_api import async_playwright

    assert run("site", "--out", str(tmp_path)) == 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        reader = await browser.new_page()
        said: list[str] = []
        reader.on("console", lambda message: said.append(message.text))
        await reader.goto(f"file://{tmp_path}/index.html")
        await reader.fill("#query", "enginer data pipelnes")
        await reader.click("#found a >> text=/^Data Engineer/")
        assert "/roles/data-engineer.html" in reader.url
        assert await reader.inner_text("h1") == "Data Engineer"
        assert said == []
        await browser.close()
