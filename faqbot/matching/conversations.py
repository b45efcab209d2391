"""Conversations: which role each is about, what it asked for last, and when it is over."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Final

from cachetools import LRUCache

from faqbot.matching.dialogue import LastAsked


@dataclass(frozen=True, slots=True)
class _Conversation:
    role: str | None
    last_question: float
    asked: LastAsked
    brief: bool = False
    since_named: int = 0
    elsewhere: int = 0


BRIEF_LIFETIME: Final = 30 * 60.0
"""Seconds after its last question at which a brief conversation is over."""

BRIEF_QUESTIONS: Final = 10
"""Questions after which a brief conversation forgets a role that none of them named."""

BRIEF_ELSEWHERE: Final = 2
"""Questions about something else after which a brief conversation has another subject."""


class ConversationMemory:
    """The role of each conversation, and what it asked for last.

    A thread keeps its role until another is named. A brief conversation, such as the top level of
    a direct conversation, forgets its role after a while, after some questions that don't name it,
    and when another subject begins. The least recently used conversation is evicted first.

    Args:
        clock: a monotonic clock, in seconds.
        capacity: how many conversations are kept.
        lifetime: seconds after its last question at which a conversation is over.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        capacity: int = 10_000,
        lifetime: float = 14 * 24 * 3600,
    ) -> None:
        self._clock = clock
        self._capacity = capacity
        self._lifetime = lifetime
        self._conversations: OrderedDict[str, _Conversation] = OrderedDict()

    def knows(self, thread: str) -> bool:
        """Return whether that conversation is known, and not over."""
        return self._find(thread) is not None

    def role_of(self, thread: str) -> str | None:
        """Return the role that the conversation is about, if it is about one."""
        conversation = self._find(thread)
        return conversation.role if conversation else None

    def last_asked(self, thread: str) -> LastAsked:
        """Return what was asked for last."""
        conversation = self._find(thread)
        return conversation.asked if conversation else LastAsked()

    def remember(
        self,
        thread: str,
        role: str | None,
        asked: LastAsked | None = None,
        *,
        brief: bool = False,
        named: bool = True,
        elsewhere: bool = False,
    ) -> None:
        """Record a question; what isn't given stays as it was in the conversation.

        Args:
            thread: the key of the conversation.
            role: what the question was about.
            asked: what it asked for.
            brief: whether the conversation is a brief one.
            named: whether the question named the role itself.
            elsewhere: whether the question was about something other than one role.
        """
        if not thread:
            return
        known = self._find(thread) or _Conversation(None, 0.0, LastAsked())
        fresh = _Conversation(
            role or known.role,
            self._clock(),
            asked or known.asked,
            brief,
            0 if role and named else known.since_named + 1,
            known.elsewhere + 1 if elsewhere else 0,
        )
        over = fresh.since_named >= BRIEF_QUESTIONS or fresh.elsewhere >= BRIEF_ELSEWHERE
        if brief and over:
            fresh = replace(fresh, role=None, asked=asked or LastAsked())
        self._conversations[thread] = fresh
        # Assigning to a key that exists keeps its old place in the order.
        self._conversations.move_to_end(thread)
        while len(self._conversations) > self._capacity:
            self._conversations.popitem(last=False)

    def _find(self, thread: str) -> _Conversation | None:
        conversation = self._conversations.get(thread)
        if conversation is None:
            return None
        lifetime = BRIEF_LIFETIME if conversation.brief else self._lifetime
        if self._clock() - conversation.last_question > lifetime:
            # Conversations end when they are looked up, so no timer has to sweep them.
            self._conversations.pop(thread, None)
            return None
        return conversation


MAX_WORKSPACES: Final = 10_000
"""Workspaces whose conversations are kept; the least recently used are dropped first."""

MAX_THREADS: Final = 2_000
"""Conversations of a workspace that are kept."""


class ConversationCache:
    """The conversations of each workspace, kept while nothing of it is open."""

    def __init__(self) -> None:
        self._of: LRUCache[Hashable, ConversationMemory] = LRUCache(MAX_WORKSPACES)

    def conversations_of(self, workspace: Hashable) -> ConversationMemory:
        """Return the conversations of a workspace."""
        return self._of.setdefault(workspace, ConversationMemory(time.monotonic, MAX_THREADS))
