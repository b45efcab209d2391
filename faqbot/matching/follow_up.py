"""Follow-ups: short lines that ask the last question of a conversation again, about something else.

"And for a data engineer?" asks for the part that was asked for before; "and python?" asks whether
the role of the conversation requires it. The words that may stand beside are closed classes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from faqbot.matching.text import ROLE_SLOT, STOP_WORDS
from faqbot.model import (
    Answer,
    Choices,
    EntryKind,
    LinkMethod,
    Outcome,
    ParsedQuestion,
    Reason,
    Requirement,
)

_CUE: Final = re.compile(
    r"^(?:ok |okay |thanks |thank you |danke |gracias |merci )?[,!. ]*"
    r"(?:(?:and|und|y|et|e)\b|(?:what|how) about\b|what of\b|same (?:for|with)\b"
    r"|(?:also|or|oder|o|ou|for|fur|para|pour|was ist mit|wie ist es mit)\b)"
)
_BESIDE: Final = STOP_WORDS | frozenset(
    """
    und fur den die das der dem einen einem eine ein beim bei mit als wie ist was
    y para el la los las un una de del en como que
    et pour le les une du des chez comme au
    """.split()
)
MAX_THING_WORDS: Final = 3
"""Words of the longest thing that a follow-up asks for."""


@dataclass(frozen=True, slots=True)
class LastAsked:
    """What a conversation asked for last.

    Attributes:
        part: the key of a section or of an FAQ of a role; empty for none.
        question: a question whether something is required, with `{role}` in place of the role;
            empty for none.
    """

    part: str = ""
    question: str = ""


def last_asked(outcome: Outcome) -> LastAsked | None:
    """Return what an outcome leaves to ask again; None if it leaves what was asked before."""
    if isinstance(outcome, Choices) and outcome.reason is Reason.WHICH_ROLE and outcome.part:
        return LastAsked(outcome.part)
    if not isinstance(outcome, Answer) or not outcome.entries:
        return None
    first = outcome.entries[0]
    if isinstance(outcome.fact, Requirement):
        return LastAsked(question=f"is {outcome.fact.subject} required for a {ROLE_SLOT}")
    if first.role is None or first.kind is EntryKind.ROLE or outcome.fact is not None:
        return LastAsked()
    return LastAsked(first.id.removeprefix(f"{first.role}/"))


def roles_asked_again(parsed: ParsedQuestion) -> tuple[str, ...]:
    """Return the roles of a follow-up that names roles and nothing else: "and for QA?"."""
    if not _CUE.search(parsed.normalised) or parsed.unknown_role:
        return ()
    if any(word not in _BESIDE for word in parsed.words_without_roles):
        return ()
    named = [link for m in parsed.mentions if len(m.links) == 1 for link in m.links]
    links = [link for link in named if link.method is not LinkMethod.CONVERSATION]
    return tuple(dict.fromkeys(link.role for link in links))


def thing_asked_again(parsed: ParsedQuestion) -> str:
    """Return the thing that a follow-up names and nothing else, and no role: "and python?"."""
    if not _CUE.search(parsed.normalised) or parsed.unknown_role:
        return ""
    # Part of a title may be a thing: "python" is no Python developer here.
    if any(mention.is_full for mention in parsed.mentions):
        return ""
    thing = [word for word in parsed.words if word not in _BESIDE]
    return " ".join(thing) if 0 < len(thing) <= MAX_THING_WORDS else ""
