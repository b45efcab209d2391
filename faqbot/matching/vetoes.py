"""Vetoes: what a question says that an entry must explain before it is answered with it.

A weight can't learn these: one letter makes another form, another verb the opposite. A candidate
under a veto is offered at most.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein

from faqbot.matching.encoders import weak_lru_cache
from faqbot.matching.text import ROLE_WORD, STOP_WORDS, normalise, singular, words
from faqbot.model import Candidate, Faq, KnowledgeBase, Section

MAX_CODE_LENGTH: Final = 12
"""Characters of the longest code."""

MAX_NEAR_LENGTH: Final = 6
"""Characters of the longest word that can be a misread code: longer ones are misspelt words."""

MIN_INITIALS, MAX_INITIALS = 3, 5
"""Words of the shortest and the longest name whose initials are a code."""

MAX_CACHED_WORDS: Final = 20_000
"""Words whose group is cached."""

CACHE_SIZE: Final = 1_024
"""Entries whose explanations are cached."""

# "401(k)" is one token; "employee(s)" and "2 (two)" are none.
_TOKEN = re.compile(r"\d\w*(?:\(\w\))+|\w+(?:[-./]\w+)*")
_JOINTS = re.compile(r"[-./\s_()]+")
_QUANTITY = re.compile(
    r"(?:[$€£]\s?)?\b\d[\d.,]*\s?(?:%|[$€£]|\+)?(?:\s?(?:-|to|or)\s?\d[\d.,]*)?\s?"
    # "52k" and "125k" are amounts, "401k" isn't: so exact a sum is said in full.
    r"(?:(?:(?<!\d\d[1-46-9])k|eur|usd|gbp|years?|yrs?|y|months?|weeks?|days?|hours?|hrs?|minutes?|mins?|times?"
    r"|[ap]m|h|uhr|km|kg|gb|people|persons?|jahren?|monaten?|wochen?|tagen?|stunden?|anos?|meses|mes|semanas?|dias?"
    r"|horas?|ans?|mois|semaines?|jours?|heures?)\b)",
    re.IGNORECASE,
)
"""An amount: its number counts something, and names nothing."""

_ORDINALS: Final = dict(
    pair.split("=")
    for pair in "1st=first 2nd=second 3rd=third 4th=fourth 5th=fifth 6th=sixth".split()
)
"""Ordinals in digits, as they are said."""

_MIN_STEM: Final = 4
"""Letters from which a stem may begin a longer word."""

ACTION_STEMS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "cancel", "withdraw", "withdrew", "revok", "retract", "rescind", "annul", "stornier",
        "zuruckzieh", "zuruckzug", "widerruf", "retirar", "anul",
    ),
    ("reschedul", "postpon", "delay", "defer", "verschieb", "verleg", "aplaz", "repouss"),
    ("delet", "eras", "remov", "losch", "entfern", "borrar", "elimin", "supprim", "effac"),
    (
        "chang", "modif", "edit", "updat", "amend", "switch", "swap", "andern", "anderung",
        "aktualisier", "wechsel", "cambi", "actualiz",
    ),
    ("extend", "renew", "prolong", "verlanger", "extender", "renov", "renouvel"),
    ("appeal", "disput", "contest", "einspruch", "widersprech", "apel"),
    ("refus", "reject", "declin", "ablehn", "rechaz"),
    ("replac", "lost", "lose", "stolen", "ersetz", "verlor", "perd", "remplac"),
    ("transfer", "donat", "ubertrag", "transfier"),
    ("opt", "unsubscrib", "abmeld", "desinscri"),
)  # fmt: skip
"""Stems of verbs that ask for an action on something, in groups that mean much the same."""

_ACTION: Final = re.compile(
    "|".join(
        # A short stem is a whole word: "opt" is no "option".
        f"(?P<g{number}>{'|'.join(s if len(s) >= _MIN_STEM else f'{s}$' for s in stems)})"
        for number, stems in enumerate(ACTION_STEMS)
    )
)


@dataclass(frozen=True, slots=True)
class Demands:
    """What a question demands that an entry explains.

    Attributes:
        codes: tokens with a digit or in capitals, joined and in small letters.
        words: its words that no dictionary has, as written.
        actions: its verbs of action, each with the number of its group.
        numbered: words with the number behind them: "band 6".
        objects: beside a verb of action, the other words that carry meaning.
    """

    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    actions: tuple[tuple[str, int], ...] = ()
    numbered: tuple[tuple[str, str], ...] = ()
    objects: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.codes or self.words or self.actions or self.numbered)


NO_DEMANDS: Final = Demands()


class VetoKind(StrEnum):
    """What an entry leaves unexplained: a code, an action, or the number behind a word."""

    CODE = "code"
    VERB = "verb"
    OBJECT = "object"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Veto:
    """A demand of a question that an entry leaves unexplained, in the question's words."""

    kind: VetoKind
    words: str


@dataclass(frozen=True, slots=True)
class Explanations:
    """What an entry explains.

    Attributes:
        tokens: its words, words in pairs, and initials of its names, in small letters.
        codes: its own codes.
        actions: the groups of its verbs of action.
        numbered: words with the number behind them.
    """

    tokens: frozenset[str]
    codes: frozenset[str]
    actions: frozenset[int]
    numbered: frozenset[tuple[str, str]]


NO_EXPLANATIONS: Final = Explanations(frozenset(), frozenset(), frozenset(), frozenset())


def codes_in(text: str, familiar: Collection[str]) -> tuple[str, ...]:
    """Return the codes of a text: "W-2", "403b" and "HSA", as "w2", "403b" and "hsa".

    Args:
        text: as it was written.
        familiar: words that are none in capitals either.
    """
    shouted = not any(letter.islower() for letter in text)
    found = []
    for match in _TOKEN.finditer(_QUANTITY.sub(" ", text)):
        token = match[0]
        code = _JOINTS.sub("", token).casefold()
        # A number alone names nothing: "from 9 to 5". What it numbers is compared apart.
        has_digit = any(letter.isdigit() for letter in token) and not code.isdigit()
        in_capitals = token.isupper() and not shouted and len(code) > 1
        if len(code) > MAX_CODE_LENGTH or not (has_digit or in_capitals):
            continue
        if has_digit or (code not in familiar and code not in STOP_WORDS):
            found.append(code)
    return tuple(dict.fromkeys(found))


def demands_of(
    text: str, asked: Sequence[str], language: Collection[str], familiar: Collection[str]
) -> Demands:
    """Return what a question demands.

    Args:
        text: the question as it was written.
        asked: its words as written, roles masked.
        language: the correctly spelt words of the language.
        familiar: words that are no codes in capitals either.
    """
    odd = tuple(
        dict.fromkeys(
            word for word in asked if 1 < len(word) <= MAX_NEAR_LENGTH and word not in language
        )
    )
    actions = tuple(_actions(asked))
    objects = _objects(asked, {verb for verb, _ in actions}) if actions else ()
    return Demands(codes_in(text, familiar), odd, actions, numbered_in(text), objects)


def numbered_in(text: str) -> tuple[tuple[str, str], ...]:
    """Return the words that stand before a number, with it: ("band", "6")."""
    spoken = words(normalise(_QUANTITY.sub(" ", text)))
    return tuple(
        (word, number)
        for word, number in pairwise(spoken)
        if number.isdigit() and word.isalpha() and word not in STOP_WORDS
    )


def _actions(spoken: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield verbs of action among some words, each with the number of its group."""
    for word in spoken:
        group = _action_of(word)
        if group is not None:
            yield word, group


def _objects(spoken: Sequence[str], verbs: Collection[str]) -> tuple[str, ...]:
    """Return the words that say what something is done to; none where a role is named for it."""
    if ROLE_WORD in spoken:
        return ()
    return tuple(w for w in spoken if w not in verbs and w not in STOP_WORDS and len(w) > 1)


@lru_cache(MAX_CACHED_WORDS)
def _action_of(word: str) -> int | None:
    """Return the number of the group that a word belongs to."""
    found = _ACTION.match(word)
    return None if found is None or found.lastgroup is None else int(found.lastgroup[1:])


def explanations_of(texts: Iterable[str], familiar: Collection[str]) -> Explanations:
    """Return what an entry explains by its texts, as they were written."""
    tokens: set[str] = set()
    codes: set[str] = set()
    actions: set[int] = set()
    numbered: set[tuple[str, str]] = set()
    for text in texts:
        numbered.update(numbered_in(text))
        spoken = words(normalise(text))
        tokens.update(_joined(spoken))
        tokens.update(_JOINTS.sub("", match[0]).casefold() for match in _TOKEN.finditer(text))
        codes.update(codes_in(text, familiar))
        actions.update(group for _, group in _actions(spoken))
    return Explanations(
        frozenset(tokens), frozenset(codes), frozenset(actions), frozenset(numbered)
    )


def _joined(spoken: Sequence[str]) -> Iterator[str]:
    """Yield words, words in pairs, and the initials of runs of words."""
    yield from spoken
    yield from (left + right for left, right in pairwise(spoken))
    initials = "".join(word[0] for word in spoken)
    for length in range(MIN_INITIALS, MAX_INITIALS + 1):
        for start in range(len(initials) - length + 1):
            yield initials[start : start + length]


class ShippedExplanations:
    """What the shipped phrasings of each section explain, read once for all roles and indexes.

    Args:
        phrasings: the shipped phrasings of the sections, by key.
        familiar: words that are no codes.
    """

    def __init__(self, phrasings: Mapping[str, Sequence[str]], familiar: frozenset[str]) -> None:
        self.familiar: Final = familiar
        self._phrasings = phrasings
        self._by_key: dict[str, Explanations] = {}

    def of(self, key: str) -> Explanations:
        """Return what the phrasings of a section explain; nothing for one that has none."""
        texts = self._phrasings.get(key)
        if texts is None:
            return NO_EXPLANATIONS
        found = self._by_key.get(key)
        if found is None:
            found = self._by_key[key] = explanations_of(texts, self.familiar)
        return found


class Vetoes:
    """Vetoes against the entries of a knowledge base.

    Args:
        knowledge_base: the content.
        shipped: what the shipped phrasings explain.
    """

    def __init__(self, knowledge_base: KnowledgeBase, shipped: ShippedExplanations) -> None:
        self._knowledge_base = knowledge_base
        self._shipped = shipped
        self._explanations = weak_lru_cache(self._explain, CACHE_SIZE)

    def prepare(self) -> Iterator[None]:
        """Read the entries ahead, as many as are cached; yields after each, for pauses."""
        for entry in islice(self._knowledge_base.entries(), CACHE_SIZE):
            self._explanations(entry.id)
            yield

    def find(self, candidate: Candidate, demands: Demands) -> Veto | None:
        """Return what a question demands and a candidate leaves unexplained, if anything."""
        if not demands:
            return None
        explanations = self._explanations(candidate.id)
        return None if explanations is None else veto_of(demands, *explanations)

    def _explain(self, entry_id: str) -> tuple[Explanations, ...] | None:
        """Return what an entry explains, by itself and by the shipped phrasings of its section.

        It is None for a whole role, which explains all of itself.
        """
        entry = self._knowledge_base.entry(entry_id)
        match entry:
            case Faq():
                texts = [entry.question, *entry.phrasings, entry.answer]
            case Section():
                parts = (entry.text, *entry.items, *entry.required, *entry.preferred)
                texts = [entry.title, *entry.phrasings, *parts]
                # Beside each other, not joined: each role would have a copy of what ships.
                own = explanations_of(texts, self._shipped.familiar)
                return own, self._shipped.of(entry.key)
            case _:
                return None
        return (explanations_of(texts, self._shipped.familiar),)


def veto_of(demands: Demands, *entry: Explanations) -> Veto | None:
    """Return the first demand of a question that an entry leaves unexplained.

    Args:
        demands: of the question.
        entry: what the entry explains, in one or more parts.
    """
    for code in demands.codes:
        if not any(_explained(code, part.tokens) for part in entry):
            return Veto(VetoKind.CODE, code)
    for verb, group in demands.actions:
        if not any(group in part.actions for part in entry):
            return Veto(VetoKind.VERB, verb)
    if demands.objects and not any(
        _explained(form, part.tokens)
        for part in entry
        for word in demands.objects
        for form in (word, singular(word))
    ):
        # Who cancels a permit tells nothing of how leave is cancelled.
        return Veto(VetoKind.OBJECT, " ".join(demands.objects))
    for word, number in demands.numbered:
        # Another number behind the same word is another thing: band 5 tells nothing of band 6.
        others = {its for part in entry for name, its in part.numbered if name == word}
        if others and number not in others:
            return Veto(VetoKind.NUMBER, f"{word} {number}")
    mentioned = {*demands.codes, *demands.words}
    unmentioned = [code for part in entry for code in part.codes if code not in mentioned]
    for word in demands.words:
        is_explained = any(word in part.tokens for part in entry)
        if not is_explained and any(_is_near(word, code) for code in unmentioned):
            return Veto(VetoKind.CODE, word)
    return None


def _explained(code: str, tokens: frozenset[str]) -> bool:
    # A plural is no other code: "KPIs", "OKRs".
    if _ORDINALS.get(code) in tokens:
        return True
    return code in tokens or (code.endswith("s") and code[:-1] in tokens) or f"{code}s" in tokens


def _is_near(word: str, code: str) -> bool:
    allowed = 1 if min(len(word), len(code)) <= 3 else 2  # noqa: PLR2004 - half of a short code
    return DamerauLevenshtein.distance(word, code, score_cutoff=allowed) <= allowed
