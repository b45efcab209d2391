"""What would change: content with phrasings added beside the content as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from faqbot.engine import Desk
    from faqbot.evaluation.runner__changes import Change

_MOST = 12


def with_more(desk: Desk, more: Mapping[str, Sequence[str]]) -> Desk:
    """A desk on the same content with more phrasings."""
    from faqbot import app
    from faqbot.content.loader__phrasings import phrased
    from faqbot.engine import Desk
    from faqbot.engine__conversations import Conversations
    from faqbot.settings import configured_encoder

    knowledge = app.understand(phrased(desk.library, more), configured_encoder())
    return Desk(knowledge, Conversations(lambda: 0.0))


async def became(before: Desk, after: Desk, text: str) -> str:
    """What a change does to one question."""
    from faqbot.evaluation.runner__changes import Asked, changes

    for change in await changes(before, after, [Asked(text, None, "")]):
        return f"The question itself was {change.before}, and would be {change.after}."
    return "The question itself would be answered as it is now."


def compared(runner: asyncio.Runner, before: Desk, after: Desk) -> tuple[int, tuple[Change, ...]]:
    """How many of the content's own questions there are, and which of them change."""
    from faqbot.evaluation.runner__changes import changes, own_questions

    questions = own_questions(before.library)
    return len(questions), runner.run(changes(before, after, questions))


def tell(count: int, found: Sequence[Change]) -> None:
    """Say what changes."""
    from faqbot.cli.common__output import printable

    better = sum(change.better for change in found)
    worse = sum(change.worse for change in found)
    typer.echo(
        f"{len(found)} of {count} questions of the content change: "
        f"{better} for the better, {worse} for the worse."
    )
    ordered = sorted(found, key=lambda change: (not change.worse, not change.better))
    for change in ordered[:_MOST]:
        mark = "worse" if change.worse else "better" if change.better else "other"
        typer.echo(
            printable(f"  {mark}: “{change.asked.text}” was {change.before}, is {change.after}")
        )
