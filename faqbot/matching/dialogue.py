"""Dialogue: which lines of a conversation are answered, as how many questions, and without what.

The word lists (pronouns, auxiliaries, words of time, cues of a follow-up) are closed classes of the
languages in which phrasings ship.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from faqbot.matching.text import ROLE_SLOT, STOP_WORDS, normalise, without_courtesies
from faqbot.matching.thresholds import THRESHOLDS
from faqbot.model import (
    Answer,
    Candidate,
    Choices,
    Decline,
    EntryKind,
    LinkMethod,
    Outcome,
    ParsedQuestion,
    Prompt,
    Reason,
    Requirement,
)

_SENTENCE: Final = re.compile(r"[^.?!;]*(?:[.?!;](?!\s|$)[^.?!;]*)*[.?!;]*")
_LEAD: Final = (
    r"^(?:(?:and|so|but|also|or|then|ok|okay|well|hi|hey|hello|thanks|sorry|quick question|question"
    r"|y|o|pero|hola|gracias|und|oder|aber|also|hallo|danke|et|ou|mais|alors|bonjour|merci)[\s,:-]+)*"
)
BEGINNING: Final = (
    r"(?:(?:what|which|who|whom|whose|where|when|why|how"
    r"|is|are|am|do|does|did|can|could|must|should|shall|will|would|may|has|have|was|were"
    r"|que|cual|cuales|quien|quienes|donde|cuando|cuanto|cuanta|cuantos|cuantas|como"
    r"|welche[rnms]?|wer|wen|wem|wo|wann|wie|warum|wieso|wieviel|braucht|brauche|muss|kann|darf"
    r"|soll|gibt|ist|sind|hat|quel|quelle|quels|quelles|qui|quand|comment|combien|pourquoi"
    r"|quoi|est-ce|faut-il)\b|(?:para que|por que|qu'est-ce|a-t-on|peut-on|doit-on)\b)"
)
"""The words with which a question begins, in normalised text."""

_ASKS: Final = re.compile(_LEAD + BEGINNING)
_EXCLAIMS: Final = re.compile(
    _LEAD + r"(?:what an?|how (?:nice|cool|great|sad|funny)|quel dommage)\b"
)
_REQUIREMENT: Final = re.compile(
    r"\b(?:need|needs|have to|must|should|require|requires|required)\b"
)
_COLLEAGUE: Final = re.compile(
    r"\b(?:he|she|him|her|his|hers|we|us|our|ours|wir|uns|unser[e]?[nrms]?"
    r"|\w+st du|du \w+st|dich|dir|dein[e]?[nrms]?|euch|ihn|ihm"
    r"|ella|tu|ti|te|usted|ustedes|nosotros|nosotras|nuestr[oa]s?|nous|notre|nos|toi|votre|vos)\b"
)
_YOU: Final = re.compile(r"\b(?:you|your|yours|ur)\b")
_MOMENT: Final = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|(?:last|this|next) (?:week|month|night|time)"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|heute|gestern|hoy|ayer|aujourd'hui|demain)\b"
)
_PAST: Final = re.compile(
    r"\b(?:did|were|had|war|waren|hatte[n]?|wurde[n]?|fue|fueron|estaba|etait|avait)\b"
    r"|\bwas (?:the|it|that|this|he|she|there|an?|my|your|our|their|any\w+|every\w+)\b"
    r"|\b(?:who|what|where|when|why|how) was\b"
)
_SPOKEN_OF: Final = re.compile(
    r"\b(?:this|that|these|those)\b(?! (?:kind of |type of |sort of )?(?:\w+ )?(?:roles?|jobs?"
    r"|positions?|posts?|careers?|professions?|occupations?|teams?|compan(?:y|ies)|fields?|work"
    r"|openings?|vacanc(?:y|ies)|titles?))"
)


def is_answered(parsed: ParsedQuestion, outcome: Outcome, prompt: Prompt) -> bool:
    """Return whether faqbot says what was decided about a line.

    Most lines in a thread are talk among people. What is answered is a question about roles in
    general, of which faqbot is sure; a line about persons present, about what was said before, or
    about a certain day is theirs.

    All that is said to faqbot is answered, and of an open line whatever can be. The asker's next
    line must be a question, and the answer sure; anybody else's must say its role or its part
    besides.
    """
    if prompt is Prompt.ADDRESSED:
        return True
    if not isinstance(outcome, Answer) or not outcome.entries:
        return False
    if prompt is Prompt.OPEN:
        return True
    sure = min(entry.confidence for entry in outcome.entries) >= THRESHOLDS.unprompted
    if not sure or not is_general_question(parsed.normalised, self_contained=False):
        return False
    if prompt is Prompt.FOLLOW_UP:
        return True
    return is_general_question(parsed.normalised) and _says_what(parsed, outcome)


def is_general_question(normalised: str, *, self_contained: bool = True) -> bool:
    """Return whether a sentence asks for what holds in general, not for people or a day.

    Args:
        normalised: a normalised text.
        self_contained: whether a sentence about what was said before ("is that true?") is none.
    """
    return any(
        asks(sentence)
        and not _is_talk(sentence)
        and not (self_contained and _SPOKEN_OF.search(sentence))
        for match in _SENTENCE.finditer(without_courtesies(normalised))
        if (sentence := match[0].strip())
    )


def asks(sentence: str) -> bool:
    """Return whether a normalised sentence is a question, by its mark or its first word."""
    if sentence.endswith("?"):
        return True
    return bool(_ASKS.search(sentence)) and not _EXCLAIMS.search(sentence)


def _is_talk(sentence: str) -> bool:
    """Return whether a sentence is about persons who are present, or about a certain time."""
    if _COLLEAGUE.search(sentence) or _MOMENT.search(sentence) or _PAST.search(sentence):
        return True
    # "Do you need a degree" means anybody; any other "you" is a person who reads along.
    return bool(_YOU.search(sentence) and not _REQUIREMENT.search(sentence))


def _says_what(parsed: ParsedQuestion, outcome: Answer) -> bool:
    """Return whether the words name a role, or what is asked of it; not only their meaning."""
    if outcome.fact is not None or parsed.verbatim in outcome.entries:
        return True
    if any(link.method is not LinkMethod.CONVERSATION for link in parsed.links):
        return True
    return all(
        dict(entry.scores).get("words", 0.0) >= THRESHOLDS.min_clause_cosine
        for entry in outcome.entries
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
    """What a conversation asked for last, which a short line asks again about something else.

    "And for a data engineer?" asks for the part that was asked for before; "and python?" asks
    whether the role of the conversation requires it.

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
    if isinstance(outcome, Decline) and outcome.part:
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


MAX_QUESTIONS: Final = 4
"""Questions in one text that are answered one by one."""

_SENTENCE_END: Final = re.compile(r"(?<=[?!.;])\s+")
_JOINING: Final = (
    r"\s*,?\s+(?:and|und|y|et|plus|&)\s+(?:(?:also|then|auch|tambien|también|aussi)\s+)?"
)
_BEFORE_QUESTION: Final = re.compile(_JOINING + rf"(?={BEGINNING})", re.IGNORECASE)
_BETWEEN: Final = re.compile(_JOINING, re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")
_MIN_WORDS: Final = 2
_REFERS_BACK: Final = re.compile(
    r"\b(?:it|its|that|this|these|those|there|one|they|them|their|else)\b"
)


def questions_in(text: str) -> tuple[str, ...]:
    """Return the questions of a text that asks several; none of a text that asks one.

    A sentence that asks nothing belongs to the question after it: "I have no degree. Can I apply?"
    """
    pieces = [
        piece.strip()
        for sentence in _SENTENCE_END.split(text)
        for piece in _BEFORE_QUESTION.split(sentence)
    ]
    questions: list[str] = []
    told = ""
    for piece in filter(None, pieces):
        whole = f"{told} {piece}".strip()
        if asks(normalise(piece)) and len(_WORD.findall(piece)) >= _MIN_WORDS:
            questions.append(whole)
            told = ""
        else:
            told = whole
    if told and questions:
        questions[-1] = f"{questions[-1]} {told}"
    return tuple(questions) if 1 < len(questions) <= MAX_QUESTIONS else ()


def parts_by_role(text: str, parse: Callable[[str], ParsedQuestion]) -> tuple[str, ...]:
    """Return the two parts of a text that each name another role and what is asked of it."""
    for match in _BETWEEN.finditer(text):
        sides = (text[: match.start()], text[match.end() :])
        first, second = map(parse, sides)
        if _asks_of_role(first) and _asks_of_role(second) and _roles(first) != _roles(second):
            return sides
    return ()


def _asks_of_role(parsed: ParsedQuestion) -> bool:
    return len(_roles(parsed)) == 1 and bool(parsed.content_words) and not parsed.unknown_role


def _roles(parsed: ParsedQuestion) -> set[str]:
    return {link.role for link in parsed.links if link.method is not LinkMethod.CONVERSATION}


def joined(outcomes: Sequence[tuple[str, Outcome]]) -> Answer | Decline | None:
    """Return one answer to several questions, which names those that have none.

    A decline where nothing that they ask for is written. None where nothing is answered otherwise,
    or where one answer shows something that others can't stand beside, such as a comparison.

    Args:
        outcomes: the questions with their outcomes; small talk among them is left out.
    """
    asked = [(text, outcome) for text, outcome in outcomes if not _is_beside(text, outcome)]
    if len(asked) < 2:  # noqa: PLR2004 - two questions
        return None
    missing = {text: outcome.nearest for text, outcome in asked if _is_not_written(outcome)}
    if len(missing) == len(asked):
        roles = dict.fromkeys(role for nearest in missing.values() for role in nearest)
        return Decline(Reason.NOT_WRITTEN, nearest=tuple(roles))
    answers = [outcome for _, outcome in asked if isinstance(outcome, Answer)]
    facts = [answer.fact for answer in answers if answer.fact is not None]
    if not answers or len(facts) > 1 or any(not isinstance(fact, Requirement) for fact in facts):
        return None
    entries = {entry.id: entry for entry in _entries(answers)}
    left = [text for text, one in asked if not isinstance(one, Answer) and text not in missing]
    left += [text for answer in answers for text in answer.unanswered]
    named = [*missing, *(text for answer in answers for text in answer.not_written)]
    if len(entries) < 2 and not left and not named:  # noqa: PLR2004 - one entry answers all
        return None
    # Where the data answers, its entry leads: the verdict is about that.
    return Answer(
        tuple(entries.values()),
        fact=facts[0] if facts else None,
        unanswered=tuple(left),
        not_written=tuple(named),
    )


def _is_not_written(outcome: Outcome) -> TypeGuard[Decline]:
    """Return whether a part of roles is asked for that they don't have."""
    return (
        isinstance(outcome, Decline)
        and outcome.reason is Reason.NOT_WRITTEN
        and not outcome.subject
    )


def _entries(answers: Sequence[Answer]) -> Iterator[Candidate]:
    for answer in sorted(answers, key=lambda answer: answer.fact is None):
        yield from answer.entries


def _is_beside(text: str, outcome: Outcome) -> bool:
    """Return whether a question says nothing by itself: small talk, or "is that possible?"."""
    if isinstance(outcome, Decline) and outcome.reason is Reason.SMALL_TALK:
        return True
    return not isinstance(outcome, Answer) and bool(_REFERS_BACK.search(normalise(text)))


_NOTHING_MORE: Final = (
    r"(?=$|[.?!;,:]|\b(?:what|which|who|that|where|how|is|are|do|does|can|could|should|must|with"
    r"|without|for|of|in|as|to (?:be|become|work|get|apply|do)|needs?|needing|requires?|requiring"
    r"|uses?|using|asks?|wants?|lists?|has|have)\b)"
)
_MARKED: Final = re.compile(
    r"(?:[,;]? ?\b(?:but not|but no|and not|except for|except|excluding|other than|apart from"
    rf"|aside from|besides)|[,;] not)\b(?P<left_out> \w[^.?!;,:]*?) ?{_NOTHING_MORE}"
)
_STATEMENT: Final = re.compile(
    r"(?:^|[.?!;,:] ?)(?:and |but |so )?(?:i|we|he|she|they)\b[^.?!;,:]*$"
)
_AUXILIARY: Final = (
    r"(?<!\bdo )(?<!\bis )(?<!\bam )(?<!\bare )(?<!\bwas )(?<!\bdid )(?<!\bdoes )(?<!\bcan )"
    r"(?<!\bwill )(?<!\bhave )(?<!\bmust )(?<!\bneed )(?<!\bcould )(?<!\bwould )(?<!\bshould )"
)
_NOT_BUT: Final = re.compile(
    rf"{_AUXILIARY}\bnot (?!only\b|just\b|merely\b)(?P<left_out>[^.?!;:]{{1,80}}?),? "
    r"\bbut (?:rather |instead )?(?!not\b|also\b|i\b|how\b|what\b)"
)
_LETTER: Final = re.compile(r"\w")


def without_exclusion(normalised: str) -> tuple[str, str]:
    """Return what a normalised question asks for, and what it leaves out, "" for nothing.

    "Skills but not the education", "not A but B": the markers are conjunctions and prepositions of
    English, a closed class. What follows one of them, up to the end of its clause, is left out. A
    question that leaves out all of itself leaves out nothing.
    """
    for pattern in (_NOT_BUT, _MARKED):
        found = pattern.search(normalised)
        if found is None or not _LETTER.search(found["left_out"]):
            continue
        # "I applied but not heard back" tells something, and leaves nothing out.
        if _STATEMENT.search(normalised[: found.start()]):
            continue
        kept = f"{normalised[: found.start()]} {normalised[found.end() :]}".strip()
        if _LETTER.search(kept):
            return " ".join(kept.split()), found["left_out"].strip()
    return normalised, ""
