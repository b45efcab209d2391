"""The engine: where a question becomes a receipt. It knows neither Slack nor files."""

from __future__ import annotations

import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from faqbot.matching.decision import Decider
from faqbot.matching.facts.finder import FactFinder
from faqbot.matching.matcher import Matcher
from faqbot.model import (
    Answer,
    Candidate,
    Choices,
    Decline,
    Faq,
    KnowledgeBase,
    Outcome,
    ParsedQuestion,
    Question,
    Reason,
    Result,
)
from faqbot.replies.compose import compose
from faqbot.replies.reply import Reply


@dataclass(frozen=True, slots=True)
class _Conversation:
    role: str | None
    at: float


class ConversationMemory:
    """The role of each conversation, the least recently used forgotten first.

    Args:
        clock: seconds that only grow.
        capacity: how many conversations are kept.
        lifetime: seconds after which a conversation is over.
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
        self._threads: OrderedDict[str, _Conversation] = OrderedDict()

    def knows(self, thread: str) -> bool:
        """Whether something was said in that conversation."""
        return self._fresh(thread) is not None

    def role_of(self, thread: str) -> str | None:
        """The role that the conversation is about, if it is about one."""
        remembered = self._fresh(thread)
        return remembered.role if remembered else None

    def remember(self, thread: str, role: str | None) -> None:
        """The conversation went on; without a role it stays with the one it had."""
        if not thread:
            return
        kept = role or self.role_of(thread)
        self._threads[thread] = _Conversation(kept, self._clock())
        self._threads.move_to_end(thread)
        while len(self._threads) > self._capacity:
            self._threads.popitem(last=False)

    def _fresh(self, thread: str) -> _Conversation | None:
        remembered = self._threads.get(thread)
        if remembered is None or self._clock() - remembered.at > self._lifetime:
            self._threads.pop(thread, None)
            return None
        return remembered


PARSED_CACHE_SIZE: Final = 2_048
MAX_CACHED_CHARACTERS: Final = 200
"""Characters of a question whose reading is kept: nobody asks a longer one twice."""

MAX_CHARACTERS: Final = 4_000
"""Characters of a question that are read: more than the matcher takes words from."""


@dataclass(frozen=True, slots=True)
class Index:
    """Content with what was built from it; swapped in one step when content changes."""

    knowledge_base: KnowledgeBase
    matcher: Matcher
    decider: Decider
    facts: FactFinder


class Engine:
    """Answers questions about one library.

    Args:
        knowledge: the content to answer from.
        conversations: what earlier questions were about.
        today: the date against which reviews are stale.
        kept: questions whose reading is kept, some 14 kB each: people ask the same ones.
    """

    def __init__(
        self,
        knowledge: Index,
        conversations: ConversationMemory,
        today: Callable[[], dt.date] = dt.date.today,
        kept: int = PARSED_CACHE_SIZE,
    ) -> None:
        self._index = knowledge
        self._cache_size = kept
        self._parse = self._caching_parser()
        self._conversations = conversations
        self._today = today

    def swap(self, knowledge: Index) -> Index:
        """Answer from other content, from the next question on; returns what it was."""
        old, self._index = self._index, knowledge
        self._parse = self._caching_parser()
        return old

    def close(self) -> None:
        """Answer no more, and let the content go; to ask it afterwards is an error."""
        del self._index, self._parse

    @property
    def knowledge_base(self) -> KnowledgeBase:
        return self._index.knowledge_base

    def role_of(self, thread: str) -> str | None:
        """The role that a conversation is about, if it is known to be about one."""
        return self._conversations.role_of(thread)

    def knows(self, thread: str) -> bool:
        """Whether something was answered in that conversation."""
        return self._conversations.knows(thread)

    def ask(self, question: Question) -> Result:
        """Answer, offer a choice, or decline."""
        began = time.perf_counter()
        knowledge = self._index
        context = question.role or self._conversations.role_of(question.thread)
        if knowledge.knowledge_base.role(context) is None:
            context = None
        parsed = self._parse(question.text[:MAX_CHARACTERS], context)
        decided = knowledge.decider.decide(parsed, question.audience)
        outcome = knowledge.facts.refine(parsed, decided, context)
        return self._result(question, parsed, outcome, began)

    def describe(self, question: Question) -> Result:
        """Find the role that the text names, and the part when it names one too."""
        began = time.perf_counter()
        knowledge = self._index
        parsed = self._parse(question.text[:MAX_CHARACTERS], None)
        outcome = knowledge.decider.describe(parsed, question.audience)
        if isinstance(outcome, Decline) and outcome.reason is Reason.UNKNOWN_ROLE:
            near = knowledge.matcher.near_roles(question.text)
            outcome = replace(outcome, nearest=tuple(dict.fromkeys((*outcome.nearest, *near)))[:3])
        return self._result(question, parsed, outcome, began)

    def show(self, entry_id: str, question: Question) -> Result:
        """Answer with an entry or a fact, as a button does; declined when gone or hidden."""
        began = time.perf_counter()
        fact = self._index.facts.at(entry_id) if entry_id.startswith("=") else None
        if fact is not None:
            return self._result(question, ParsedQuestion(question.text), fact, began)
        entry = self.knowledge_base.entry(entry_id)
        hidden = isinstance(entry, Faq) and not question.audience.may_read(entry.audience)
        outcome: Outcome = Decline(Reason.NOT_WRITTEN)
        if entry is not None and not hidden:
            outcome = Answer((Candidate(entry.id, entry.kind, entry.role, 1.0),))
        return self._result(question, ParsedQuestion(question.text), outcome, began)

    def nearest(self, text: str) -> tuple[str | None, tuple[Candidate, ...]]:
        """The one role that a text names, if it names one, and the entries near it in meaning."""
        parsed = self._index.matcher.parse(text)
        roles = {link.role for link in parsed.links}
        return (roles.pop() if len(roles) == 1 else None), parsed.candidates

    def reply(self, receipt: Result, *, full: bool = False) -> Reply:
        """What to say; `full` gives a role as its full description instead of its overview."""
        return compose(receipt, self.knowledge_base, self._today(), full=full)

    def _caching_parser(self) -> Callable[[str, str | None], ParsedQuestion]:
        """What reads questions: what one content makes of a text is always the same."""
        read = self._index.matcher.parse
        kept = lru_cache(self._cache_size)(read)
        return lambda text, role: (kept if len(text) <= MAX_CACHED_CHARACTERS else read)(text, role)

    def _result(
        self, question: Question, parsed: ParsedQuestion, outcome: Outcome, began: float
    ) -> Result:
        role = _role_of(outcome, parsed)
        self._conversations.remember(question.thread, role)
        return Result(
            question=question,
            parsed=parsed,
            outcome=outcome,
            role=role,
            content_version=self.knowledge_base.version,
            seconds=time.perf_counter() - began,
        )


def _role_of(outcome: Outcome, parsed: ParsedQuestion) -> str | None:
    """The one role that a question turned out to be about."""
    match outcome:
        case Answer(entries=entries) | Choices(options=entries):
            roles = {entry.role for entry in entries if entry.role}
            named = {link.role for link in parsed.links}
            about = roles or named
            return about.pop() if len(about) == 1 else None
        case Decline(reason=why):
            named = {link.role for link in parsed.links}
            known = why is not Reason.UNKNOWN_ROLE and len(named) == 1
            return named.pop() if known else None
