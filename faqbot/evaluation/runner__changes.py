"""What a change of content does to the questions that the content brings itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from faqbot.engine import Desk
from faqbot.model import Answered, Audience, Declined, Faq, Library, Outcome, Question, Unsure


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the content's own, in a conversation about a role; `wanted` answers it.

    `right` is false for questions that `wanted` must not answer.
    """

    text: str
    role: str | None
    wanted: str
    right: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """A question that would be answered otherwise, and whether that is for the better."""

    asked: Asked
    before: str
    after: str
    better: bool
    worse: bool


def own_questions(library: Library) -> tuple[Asked, ...]:
    """The tests and the phrasings of all FAQs, and the phrasings that authors gave sections."""
    return tuple(_own(library))


async def changes(before: Desk, after: Desk, questions: Sequence[Asked]) -> tuple[Change, ...]:
    """The questions that are answered otherwise afterwards."""
    found = []
    for one in questions:
        question = Question(one.text, audience=Audience.EMPLOYEES, role=one.role)
        was, now = [(await desk.ask(question)).outcome for desk in (before, after)]
        if _said(was) == _said(now):
            continue
        fits = [(one.wanted in _ids(outcome)) is one.right for outcome in (was, now)]
        found.append(
            Change(
                one,
                _said(was),
                _said(now),
                better=bool(one.wanted) and not fits[0] and fits[1],
                worse=bool(one.wanted) and fits[0] and not fits[1],
            )
        )
    return tuple(found)


def _own(library: Library) -> Iterator[Asked]:
    faqs: list[Faq] = [faq for role in library.roles for faq in role.faqs]
    for faq in (*faqs, *library.faqs):
        for text in dict.fromkeys((faq.question, *faq.phrasings, *faq.matches)):
            yield Asked(_named(text, faq.role, library), faq.role, faq.id)
        for text in faq.rejects:
            yield Asked(_named(text, faq.role, library), faq.role, faq.id, right=False)
    for role in library.roles:
        for section in role.sections:
            for text in section.phrasings:
                yield Asked(_named(text, role.id, library), role.id, section.id)


def _named(text: str, role_id: str | None, library: Library) -> str:
    role = library.role(role_id)
    return text.replace("{role}", role.title) if role else text


def _ids(outcome: Outcome) -> tuple[str, ...]:
    return tuple(entry.id for entry in outcome.entries) if isinstance(outcome, Answered) else ()


def _said(outcome: Outcome) -> str:
    match outcome:
        case Answered(entries=entries):
            return f"answered by {', '.join(entry.id for entry in entries)}"
        case Unsure(options=options):
            return f"asked back between {', '.join(entry.id for entry in options)}"
        case Declined():
            return "declined"
