"""What stands behind the answers: memory, the people who own content, and how it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from faqbot.content.publisher import Publishing
from faqbot.index.reloader import Loaded
from faqbot.storage.models import Speaks
from faqbot.storage.recorder import Memory
from faqbot.storage.reports import Grouping


@dataclass(frozen=True, slots=True)
class Backstage:
    """The parts that let an app remember, hand over and learn.

    Args:
        memory: keeps questions, ratings, hand-overs, proposals and policies.
        owners: the channel or person for owners that Slack doesn't know by id.
        publisher: makes content of approved proposals; None where that can't be.
        speaks: when it speaks in channels that nobody has set up.
        content: says what is answered from, and what became of newer content.
        grouping: puts unanswered questions of one meaning together.
    """

    memory: Memory
    owners: str = ""
    publisher: Publishing | None = None
    speaks: Speaks = Speaks.MENTIONS
    grouping: Grouping = lambda texts: [[at] for at in range(len(texts))]
    content: Callable[[], Loaded] | None = None
