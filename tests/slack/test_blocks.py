"""Replies as Block Kit: golden files, limits, and nothing lost."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Engine
from faqbot.model import Decline, KnowledgeBase, Question, Reason, Role
from faqbot.playground import validation
from faqbot.replies.compose import compose, describe
from faqbot.replies.reply import Bullets, Button, Reply, ReplyPart, ReplyText, SourceLine, as_text
from faqbot.slack import answers
from faqbot.slack.blockkit.blocks import EntryRef, Message, parse_entry_ref, render
from faqbot.slack.blockkit.rich_text import as_markdown, bullets, escape, paginate, rich, split
from faqbot.slack.blockkit.views import (
    answer_modal,
    help_message,
    home,
    roles_list,
    search_modal,
    welcome,
)

GOLDEN = Path(__file__).parent / "golden"


def problems(message: Message) -> tuple[str, ...]:
    return validation.problems({"text": message.text, "blocks": list(message.blocks)})


QUESTIONS = {
    "section": "python developer skills",
    "role": "python developer",
    "two-parts": "skills and education for data analyst",
    "faq": "what is the tech stack of a python developer",
    "general-faq": "how can I apply for a job",
    "which-role": "what skills do I need?",
    "declined": "how do I fix ImportError: No module named flask",
    "unknown-role": "what skills does a plumber need",
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_messages_match_the_golden_files(name: str, engine: Engine) -> None:
    answer = answers.as_message(engine.ask(QUESTIONS[name]))
    same(name, answer.message)


def test_full_description_matches_the_golden_file(engine: Engine) -> None:
    address = EntryRef(("python-back-end-developer",), full=True)
    answer = answers.show(engine, address, Question(""))
    same("full-description", answer.message)


def same(name: str, message: Message) -> None:
    """Compare with the golden file; GOLDEN=write writes it."""
    assert problems(message) == ()
    shown = {"text": message.text, "blocks": list(message.blocks)}
    text = json.dumps(shown, indent=1, ensure_ascii=False) + "\n"
    file = GOLDEN / f"{name}.json"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text)
    assert file.read_text() == text


def test_views_stay_within_slacks_limits(engine: Engine) -> None:
    views = [
        home(engine.knowledge_base),
        search_modal(),
        answer_modal(help_message(engine.knowledge_base), "x" * 900),
    ]
    assert [validation.problems(view) for view in views] == [(), (), ()]
    for message in (
        help_message(engine.knowledge_base),
        welcome(engine.knowledge_base),
        roles_list(engine.knowledge_base),
    ):
        assert problems(message) == ()


@pytest.mark.parametrize("count", [0, 1, 30, 600])
def test_list_of_any_number_of_roles_stays_within_slacks_limits(count: int) -> None:
    roles = tuple(
        Role(f"role-{n}", f"Role of the number {n} " + "x" * 70, family=f"family {n % 70}")
        for n in range(count)
    )
    knowledge_base = KnowledgeBase(roles=roles)
    assert validation.problems(home(knowledge_base)) == ()
    for page in (1, 2, 999):
        assert problems(roles_list(knowledge_base, page)) == ()


def test_small_families_share_a_heading_in_app_home() -> None:
    families = {"data": 3, "design": 2, "people": 1}
    roles = tuple(
        Role(f"{family}-{n}", f"{family} {n}", family=family)
        for family, count in families.items()
        for n in range(count)
    )
    shown = str(home(KnowledgeBase(roles=roles))["blocks"])
    places = ["'Data'", "'data-2'", "'Other roles'", "'design-0'", "'design-1'", "'people-0'"]
    assert sorted(places, key=shown.index) == places
    assert "'Design'" not in shown
    alone = str(home(KnowledgeBase(roles=roles[3:]))["blocks"])
    assert "'Roles'" in alone
    assert "Other roles" not in alone


def test_many_choices_become_a_menu() -> None:
    few = tuple(Button(f"Role {n}", f"role-{n}/skills") for n in range(5))
    many = tuple(Button(f"Role {n} " + "y" * 90, f"role-{n}/skills") for n in range(250))
    assert "static_select" not in str(render(Reply("Which?", roles=few)).blocks)
    message = render(Reply("Which?", roles=many))
    assert "'static_select'" in str(message.blocks)
    assert "more roles fit" in str(message.blocks)
    assert problems(message) == ()


def test_long_labels_are_written_out_above_the_buttons() -> None:
    label = "How do I <really> *do* " + "this " * 30
    message = render(Reply("Did you mean", choices=(Button(label, "faq/x"),)))
    assert problems(message) == ()
    written = [block for block in message.blocks if block["type"] == "rich_text"]
    assert label.strip() in str(written).replace("\\'", "'")


def test_text_of_users_notifies_nobody() -> None:
    nasty = "<!here> <@U1> & <https://evil.example|x>"
    part = ReplyPart("a", "b", (ReplyText(nasty), Bullets((nasty,))))
    message = render(Reply(nasty, nasty, (part,), (SourceLine("a", nasty, owner="@channel"),)))
    assert "<!here>" not in message.text
    assert "<@U1>" not in message.text
    assert "mrkdwn" not in str(message.blocks)
    assert problems(message) == ()
    assert escape("<a&b>") == "&lt;a&amp;b&gt;"


def unknown_role(engine: Engine, words: str) -> Reply:
    """The reply to a question about a role that the content doesn't have."""
    outcome = Decline(Reason.UNKNOWN_ROLE)
    return compose(outcome, engine.knowledge_base, dt.date(2026, 11, 23), unknown_role=words)


@pytest.mark.parametrize(
    "words",
    [
        "[pay](https://evil.example) clerk",
        "<!channel> clerk",
        "*head* _clerk_ `x`",
        "a\\*b <https://e.example>",
    ],
)
def test_unknown_role_is_repeated_as_plain_text(words: str, engine: Engine) -> None:
    reply = unknown_role(engine, words)
    assert f"no description of “{words}”." in as_text(reply)
    shown = [part for block in rich(reply.lead) for part in block["elements"]]
    assert {part["type"] for part in shown} == {"text"}
    assert not any(part.get("style") for part in shown)
    assert "<" not in re.sub(r"&\w+;", "", render(reply).text)


def test_long_role_name_is_repeated_shortened(engine: Engine) -> None:
    reply = unknown_role(engine, "clerk " * 1000)
    assert len(as_text(reply)) < 400


def test_markdown_becomes_rich_text() -> None:
    elements = rich("A **b** _c_ `d` ~~e~~ [f](https://g.example) [h](javascript:x)\n\n> q\n\n---")
    styles = [part.get("style") for part in elements[0]["elements"] if part.get("style")]
    assert styles == [{"bold": True}, {"italic": True}, {"code": True}, {"strike": True}]
    assert "javascript" not in str([e for e in elements[0]["elements"] if e["type"] == "link"])
    nested = rich("1. a\n2. b\n   - c\n3. d\n\n```\ncode\n```")
    assert [e["type"] for e in nested] == ["rich_text_list"] * 3 + ["rich_text_preformatted"]
    assert nested[2]["offset"] == 2


def test_entry_reference_survives_a_buttons_value() -> None:
    for address in (
        EntryRef(("a/b",)),
        EntryRef(("a", "b/faq/c"), True, 3),
        EntryRef(("a",), True),
    ):
        assert parse_entry_ref(str(address)) == address
    assert parse_entry_ref("") == EntryRef(())
    assert parse_entry_ref("x|full|-1").page == 1


MARKDOWN = st.text(st.sampled_from("ab *_`[]()<>&#-\n1.~!|\\é😀"), max_size=200)


SHIPPED = load_knowledge_base(Path("knowledge"))


@pytest.mark.parametrize("role", [role.id for role in SHIPPED.roles])
def test_a_shipped_role_is_one_message_with_room_left(role: str) -> None:
    found = SHIPPED.role(role)
    assert found is not None
    reply = describe(found, dt.date(2026, 11, 23))
    assert len(paginate(reply)) == 1
    message = render(reply, EntryRef((role,), full=True))
    assert validation.characters(list(message.blocks)) < 12_000
    assert len(message.blocks) < 50
    assert len(message.text.encode()) < 4_000
    assert "Education" in str(message.blocks)


def test_pages_of_a_long_role_stay_within_slacks_limits() -> None:
    duties = tuple(f"Duty {n}: keep the papers of shelf {n} in order & safe." for n in range(500))
    part = ReplyPart("duties", "Duties", (Bullets(duties),))
    reply = Reply(header="Archivist", parts=(part,))
    count = len(paginate(reply))
    assert count > 1
    for page in range(1, count + 1):
        message = render(reply, EntryRef(("archivist",), full=True, page=page))
        assert problems(message) == ()
        assert validation.characters(list(message.blocks)) < 12_000


@given(MARKDOWN)
@settings(max_examples=80, deadline=None)
def test_any_markdown_can_be_shown(text: str) -> None:
    message = render(
        Reply("H", text, (ReplyPart("a", "T", (ReplyText(text), Bullets((text, "x")))),))
    )
    assert problems(message) == ()
    assert all(element.get("elements") for element in bullets([text]))


@given(st.lists(st.text(st.sampled_from("word. &<\n"), max_size=900), max_size=30))
@settings(max_examples=25, deadline=None)
def test_pages_fit_and_contain_all_words(texts: list[str]) -> None:
    parts = tuple(
        ReplyPart(f"p/{n}", f"Part {n}", (ReplyText(text),)) for n, text in enumerate(texts)
    )
    pages = paginate(Reply("H", "lead", parts))
    kept = "".join(
        block.markdown
        for page in pages
        for part in page.parts
        for block in part.body
        if isinstance(block, ReplyText)
    )
    assert re.sub(r"\s", "", kept) == re.sub(r"\s", "", "".join(texts))
    for number in range(1, len(pages) + 1):
        message = render(Reply("H", "lead", parts), EntryRef(("p",), page=number))
        assert len(message.text.encode()) < 4_000
        assert problems(message) == ()


def test_endless_word_is_cut_and_not_lost() -> None:
    assert "".join(split("x" * 5_000, 900)) == "x" * 5_000


@pytest.mark.parametrize(
    ("written", "markdown"),
    [
        ("*bold*, _italic_ and ~gone~", "**bold**, _italic_ and ~~gone~~"),
        ("5 * 3 * 2 = 30, a*b*c, snake_case_name", "5 * 3 * 2 = 30, a*b*c, snake_case_name"),
        ("Bring:\n• one\n    ◦ inner\nThen go.", "Bring:\n\n- one\n    - inner\n\nThen go."),
        ("1. one\n2. two", "1. one\n2. two"),
        ("42.", "42\\."),
        ("one line\nanother", "one line\n\nanother"),
        ("> said\n> so\nyes", "> said\n> so\n\nyes"),
        (">>> all\nof it", "> all\n> of it"),
        ("<https://a.example/x_*y*|*the* form>", "[**the** form](https://a.example/x_*y*)"),
        ("`*code*` and ```a = *b*\nc```", "`*code*` and\n\n```\na = *b*\nc\n```"),
        ("<#C1|general> <!subteam^S1|@people>", "#general @people"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 |"),
    ],
)
def test_markup_of_slack_becomes_markdown_which_stays_as_it_is(written: str, markdown: str) -> None:
    assert as_markdown(written, escaped=False) == markdown
    assert as_markdown(markdown, escaped=False) == markdown
