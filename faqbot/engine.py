"""The engine: a question in, a result out. It knows neither Slack nor files."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cachetools import LRUCache

from faqbot.content.loader import fill_title
from faqbot.matching.candidates import Explanation
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.decision import Decider, names_part
from faqbot.matching.dialogue import (
    is_answered,
    joined,
    last_asked,
    parts_by_role,
    questions_in,
    roles_asked_again,
    thing_asked_again,
)
from faqbot.matching.encoders import MAX_SHORT
from faqbot.matching.facts.finder import FactFinder
from faqbot.matching.matcher import Matcher
from faqbot.matching.parse_cache import ParseCache
from faqbot.matching.sensitive import SensitiveFinder
from faqbot.matching.small_talk import SmallTalkFinder, is_call
from faqbot.model import (
    Answer,
    Audience,
    Candidate,
    Choices,
    Decline,
    Faq,
    KnowledgeBase,
    LinkMethod,
    Outcome,
    ParsedQuestion,
    Question,
    Reason,
    Requirement,
    Silence,
    Upkeep,
)
from faqbot.replies.result import Result

PARSED_CACHE_SIZE: Final = 2_048

MAX_CHARACTERS: Final = 4_000
"""Characters of a question that are parsed: more than the matcher takes words from."""


@dataclass(frozen=True, slots=True)
class Index:
    """A knowledge base with all that is built from it; swapped whole when content changes."""

    knowledge_base: KnowledgeBase
    matcher: Matcher
    decider: Decider
    facts: FactFinder
    small_talk: SmallTalkFinder
    sensitive: SensitiveFinder


_OutcomeKey = tuple[str, str | None, Audience]
"""What an outcome depends on besides the content: text, role of the conversation, reader."""


class Engine:
    """Answers questions from one knowledge base.

    Methods are ordinary functions that take some milliseconds; none waits for anything. An engine
    is used by one thread at a time, but for `prepare`, which another one may run beside it.

    Args:
        index: the content to answer from.
        conversations: the roles of earlier questions.
        today: returns the date against which reviews are overdue.
        cache_size: how many parsed questions are cached, some 14 kB each, and how many outcomes:
            people ask the same ones.
        audience: who asks, where a question is given as a text.
    """

    def __init__(
        self,
        index: Index,
        conversations: ConversationMemory,
        today: Callable[[], dt.date] = dt.date.today,
        cache_size: int = PARSED_CACHE_SIZE,
        audience: Audience = Audience.EVERYONE,
    ) -> None:
        self._index = index
        self._cache_size = cache_size
        self._parsed = ParseCache(index.matcher, cache_size)
        self._outcomes: LRUCache[_OutcomeKey, Outcome] = LRUCache(cache_size)
        self._conversations = conversations
        self._today = today
        self._audience = audience

    def swap(self, index: Index) -> list[object]:
        """Answer from another index, from the next question on.

        Returns what is used no more: the former index, and each thing that was cached from it. To
        free them all at once would hold up whatever else the process does.
        """
        former: list[object] = [self._index, *self._parsed.contents(), *self._outcomes.values()]
        self._index = index
        self._parsed = ParseCache(index.matcher, self._cache_size)
        self._outcomes = LRUCache(self._cache_size)
        return former

    def close(self) -> None:
        """Free the content. Asking a closed engine is an error."""
        del self._index, self._parsed, self._outcomes

    @property
    def knowledge_base(self) -> KnowledgeBase:
        """The content that questions are answered from."""
        return self._index.knowledge_base

    def role_of(self, thread: str) -> str | None:
        """Return the role that a conversation is about, if it is known to be about one."""
        return self._conversations.role_of(thread)

    def knows(self, thread: str) -> bool:
        """Return whether a question was answered in that conversation."""
        return self._conversations.knows(thread)

    def is_prepared(self, question: str | Question) -> bool:
        """Return whether a question can be answered without being parsed first."""
        return self._parsed.find(*self._key(question)) is not None

    def prepare(self, questions: Sequence[str | Question]) -> None:
        """Parse questions, so that `ask` answers each at once.

        They go through the encoder together, which is faster than one after the other.
        """
        index, parsed = self._index, self._parsed
        asked = [self._question(question) for question in questions]
        parsed.prepare([self._key(question) for question in asked])
        for question in asked:
            text, role = self._key(question)
            # What is decided is thrown away: what was encoded for it is kept.
            _decide(index, parsed.parse(text, role), role, question.audience)

    def ask(self, question: str | Question) -> Result:
        """Answer a question, offer choices, or decline; silent about what wasn't put to faqbot."""
        began = time.perf_counter()
        index, asked = self._index, self._question(question)
        context = self._context(asked)
        parsed = self._parse(asked.text[:MAX_CHARACTERS], context)
        outcome = (
            self._verbatim(parsed, asked)
            or index.small_talk.find(parsed)
            or self._answer(parsed, asked, context)
        )
        if not is_answered(parsed, outcome, asked.prompt):
            # Neither the role nor the thread is remembered: people go on among themselves.
            kept = Reason.CLOSE if isinstance(outcome, Answer) else outcome.reason
            return self._say(asked, parsed, Silence(kept), None, began)
        return self._result(asked, parsed, outcome, began)

    def is_call(self, text: str) -> bool:
        """Return whether a line only asks for an answer to what stands elsewhere."""
        parsed = self._parse(text[:MAX_CHARACTERS], None)
        return is_call(parsed, self._index.small_talk.find(parsed))

    def explain(self, question: str | Question) -> tuple[Explanation, ...]:
        """Return why the candidates of a question have their confidences, the best first."""
        asked = self._question(question)
        return self._index.matcher.explain(asked.text[:MAX_CHARACTERS], self._context(asked))

    def _context(self, asked: Question) -> str | None:
        """Return the role that the conversation of a question is about, if any."""
        context = asked.role or self._conversations.role_of(asked.thread)
        # A reload may have removed the role that the conversation was about.
        return None if self.knowledge_base.role(context) is None else context

    def _verbatim(self, parsed: ParsedQuestion, asked: Question) -> Outcome | None:
        """Return the answer of an entry whose own question this is, word for word.

        What an author answers to just this question is neither small talk, nor sensitive, nor
        replaced by what data say.
        """
        if parsed.verbatim is None:
            return None
        decided = self._index.decider.decide(parsed, asked.audience)
        found = isinstance(decided, Answer) and parsed.verbatim in decided.entries
        return decided if found else None

    def _answer(self, parsed: ParsedQuestion, asked: Question, context: str | None) -> Outcome:
        """Return the outcome for a text that is no small talk: a question, or several."""
        followed = self._follow_up(parsed, asked, context)
        if followed is not None:
            return followed
        whole = self._decide(parsed, asked, context)
        sensitive = isinstance(whole, Decline) and whole.reason is Reason.SENSITIVE
        compares = isinstance(whole, Answer) and whole.fact and len(whole.fact.roles) > 1
        if sensitive or compares:
            return whole
        text = asked.text[:MAX_CHARACTERS]
        questions = questions_in(text)
        if not questions and len(parsed.mentions) > 1:
            questions = parts_by_role(text, lambda part: self._parse(part, None))
        return joined(tuple(self._each(questions, asked, parsed, context))) or whole

    def _each(
        self,
        questions: Sequence[str],
        asked: Question,
        parsed: ParsedQuestion,
        context: str | None,
    ) -> Iterator[tuple[str, Outcome]]:
        """Yield questions with their outcomes; one that names no role is about the one before."""
        named = {link.role for link in parsed.links}
        role = named.pop() if len(named) == 1 else context
        for question in questions:
            part = self._parse(question, role)
            outcome = self._index.small_talk.find(part) or self._decide(part, asked, role)
            role = _role_of(outcome, part) or role
            yield question, outcome

    def _follow_up(
        self, parsed: ParsedQuestion, asked: Question, context: str | None
    ) -> Outcome | None:
        """Return the outcome for a line that asks again what was asked before, else None."""
        last = self._conversations.last_asked(asked.thread)
        thing = thing_asked_again(parsed) if context else ""
        # "And the education?" asks for a part, whatever else a fact could say of it.
        is_thing = thing and self._index.facts.is_thing(thing)
        if thing and (is_thing or not names_part(parsed.candidates)):
            required = self._parse(f"is {thing} required", context)
            outcome = self._decide(required, asked, context)
            fact = outcome.fact if isinstance(outcome, Answer) else None
            if isinstance(fact, Requirement) and fact.role == context:
                return outcome
        roles = roles_asked_again(parsed)
        if roles and last.part:
            return self._index.decider.part_of_roles(last.part, roles, asked.audience)
        role = self.knowledge_base.role(roles[0]) if len(roles) == 1 else None
        if role is not None and last.question:
            again = self._parse(fill_title(last.question, role.title), None)
            return self._decide(again, asked, None)
        return None

    def _decide(self, parsed: ParsedQuestion, asked: Question, context: str | None) -> Outcome:
        """Return the outcome for a question that was parsed with the role of its conversation."""
        key = (parsed.text, context, asked.audience)
        found = self._outcomes.get(key)
        if found is None:
            found = _decide(self._index, parsed, context, asked.audience)
            if len(parsed.text) <= MAX_SHORT:
                self._outcomes[key] = found
        return found

    def describe(self, question: str | Question) -> Result:
        """Describe the role that a text names, or the part of it that it names too."""
        began = time.perf_counter()
        index, asked = self._index, self._question(question)
        # The conversation's role is left out: it would stand in for a name that nobody knows.
        parsed = self._parse(asked.text[:MAX_CHARACTERS], None)
        outcome = index.decider.describe(parsed, asked.audience)
        if isinstance(outcome, Decline) and outcome.reason is Reason.UNKNOWN_ROLE:
            near = index.matcher.near_roles(asked.text)
            outcome = replace(outcome, nearest=tuple(dict.fromkeys((*outcome.nearest, *near)))[:3])
        return self._result(asked, parsed, outcome, began)

    def show(self, entry_id: str, question: str | Question = "") -> Result:
        """Answer with an entry or a fact by its id; decline when it is gone or hidden.

        Args:
            entry_id: the id of a role, a section or an FAQ, or the key of a fact.
            question: who asks, and the conversation that goes on with it.
        """
        began = time.perf_counter()
        index, asked = self._index, self._question(question)
        parsed = ParsedQuestion(asked.text)
        fact = index.facts.from_key(entry_id, asked.audience) if entry_id.startswith("=") else None
        if fact is not None:
            return self._result(asked, parsed, fact, began)
        entry = index.knowledge_base.entry(entry_id)
        # The id comes from a button or a command, which proves no right to read the entry.
        hidden = isinstance(entry, Faq) and not asked.audience.may_read(entry.audience)
        # Declined like a missing entry, so that the reply doesn't tell that a hidden one exists.
        outcome: Outcome = Decline(Reason.NOT_WRITTEN)
        if entry is not None and not hidden:
            outcome = Answer((Candidate(entry.id, entry.kind, entry.role, 1.0),))
        return self._result(asked, parsed, outcome, began)

    def nearest(self, text: str) -> tuple[str | None, tuple[Candidate, ...]]:
        """Return the role that a text names, if it names one only, and the nearest entries."""
        parsed = self._index.matcher.parse(text)
        roles = {link.role for link in parsed.links}
        # An entry's own question is nearer to it than any score says.
        verbatim = (parsed.verbatim,) if parsed.verbatim else ()
        others = (c for c in parsed.candidates if c.id not in {found.id for found in verbatim})
        return (roles.pop() if len(roles) == 1 else None), (*verbatim, *others)

    def _question(self, question: str | Question) -> Question:
        if isinstance(question, Question):
            return question
        return Question(question, audience=self._audience)

    def _key(self, question: str | Question) -> tuple[str, str | None]:
        asked = self._question(question)
        return asked.text[:MAX_CHARACTERS], self._context(asked)

    def _parse(self, text: str, role: str | None) -> ParsedQuestion:
        return self._parsed.parse(text, role)

    def _result(
        self, question: Question, parsed: ParsedQuestion, outcome: Outcome, began: float
    ) -> Result:
        role = _role_of(outcome, parsed)
        self._conversations.remember(
            question.thread,
            role,
            last_asked(outcome),
            brief=question.brief,
            named=any(link.method is not LinkMethod.CONVERSATION for link in parsed.links),
            elsewhere=_is_elsewhere(outcome),
        )
        return self._say(question, parsed, outcome, role, began)

    def _say(
        self,
        question: Question,
        parsed: ParsedQuestion,
        outcome: Outcome,
        role: str | None,
        began: float,
    ) -> Result:
        return Result(
            question=question,
            parsed=parsed,
            outcome=outcome if question.sees_owners else _without_owner(outcome),
            knowledge_base=self.knowledge_base,
            today=self._today(),
            role=role,
            seconds=time.perf_counter() - began,
        )


def _decide(
    index: Index, parsed: ParsedQuestion, context: str | None, audience: Audience
) -> Outcome:
    """Return the outcome for a question."""
    decided = index.decider.decide(parsed, audience)
    outcome = index.facts.refine(parsed, decided, context, audience)
    return index.sensitive.refine(parsed, outcome)


def _is_elsewhere(outcome: Outcome) -> bool:
    """Return whether a question was about something other than one role of the content."""
    if isinstance(outcome, Answer):
        # By the answer, not by the links: a general FAQ is linked to the conversation's role.
        return len({entry.role for entry in outcome.entries if entry.role}) != 1
    return isinstance(outcome, Decline) and outcome.reason is Reason.UNKNOWN_ROLE


def _without_owner(outcome: Outcome) -> Outcome:
    """Return an outcome that names no owner and tells nothing of a role's upkeep."""
    if isinstance(outcome, Answer) and isinstance(outcome.fact, Upkeep):
        return Decline(Reason.NOT_WRITTEN, nearest=outcome.fact.roles)
    return replace(outcome, owner="") if isinstance(outcome, Decline) else outcome


def _role_of(outcome: Outcome, parsed: ParsedQuestion) -> str | None:
    """Return the one role that a question turned out to be about."""
    linked = {link.role for link in parsed.links}
    match outcome:
        # Only some of the roles may have what was asked: it is about all of them.
        case Answer(entries=entries, not_written=missing) if missing:
            roles = linked | {entry.role for entry in entries if entry.role}
        case Answer(entries=entries) | Choices(options=entries):
            roles = {entry.role for entry in entries if entry.role} or linked
        # The links are titles near the unknown role; a follow-up must not be about one of them.
        case Decline(reason=Reason.UNKNOWN_ROLE | Reason.SMALL_TALK | Reason.SENSITIVE):
            return None
        case Decline() | Silence():
            roles = linked
    return roles.pop() if len(roles) == 1 else None
