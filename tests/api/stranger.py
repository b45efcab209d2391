"""How a program of somebody else uses the public API; test_api.py checks its types.

It is no test itself: `mypy --strict` must accept each line with the types written here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, assert_type

import faqbot
from faqbot import Audience, ContentError, Engine, FaqbotError, KnowledgeBase, Question, Result


def load() -> Engine:
    try:
        return faqbot.load(Path("knowledge"), audience="employees", cache=Path("cache"))
    except ContentError as error:
        assert_type([problem.line for problem in error.problems], list[int])
        raise
    except FaqbotError as error:
        raise SystemExit(error.exit_code) from error


def answer(bot: Engine) -> list[tuple[str, float]]:
    result = bot.ask("which skills does a data analyst need?")
    assert_type(result, Result)
    assert_type(result.kind, Literal["answer", "choices", "decline", "silent"])
    assert_type(result.text, str)
    assert_type(result.role, str | None)
    assert_type(result.reply, faqbot.Reply)
    assert_type(result.reason.value, str)
    assert_type(result.seconds, float)
    assert_type(result.to_dict(), dict[str, object])
    if result.fact is not None:
        assert_type(result.fact.roles, tuple[str, ...])
        assert_type(result.fact.kind, str)
    return [(entry.id, entry.confidence) for entry in result.entries]


def converse(bot: Engine) -> None:
    for text in ("python developer", "and which degree?"):
        question = Question(text, audience=Audience.CANDIDATES, thread="one")
        assert_type(bot.ask(question), Result)
    assert_type(bot.role_of("one"), str | None)


def browse(bot: Engine) -> list[str]:
    knowledge_base: KnowledgeBase = bot.knowledge_base
    assert_type(bot.describe("data analyst").full_reply(), faqbot.Reply)
    assert_type(bot.show("data-analyst/skills"), Result)
    return [role.title for role in knowledge_base.roles]


def misuse(bot: Engine) -> None:
    """Each of these is an error: an ignore that isn't needed is one too."""
    bot.ask(1)  # type: ignore[arg-type]
    faqbot.load(audience="staff")  # type: ignore[arg-type]
    faqbot.lode("knowledge")  # type: ignore[attr-defined]
