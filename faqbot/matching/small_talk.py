"""Small talk: lines that greet, thank, tease or ask what faqbot is, and no question about content.

A line is small talk when phrasings of small talk explain every word of it, as in "hi there, thanks
a lot": a word that no phrasing has makes it a question. Words are compared without regard to
lengthened letters, contractions, and one typing error in a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, product
from types import MappingProxyType
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from faqbot.content.conversation import BESIDE
from faqbot.matching.encoders import MAX_SHORT, weak_lru_cache
from faqbot.matching.text import STOP_WORDS, expand_contractions, normalise, words
from faqbot.model import (
    ConversationContent,
    Decline,
    Faq,
    KnowledgeBase,
    LinkMethod,
    ParsedQuestion,
    Reason,
    SmallTalk,
)

MAX_WORDS: Final = 14
"""Words of the longest line that can be small talk."""

MIN_MISSPELT: Final = 4
"""Letters of the shortest word that is read with a typing error."""

CACHE_SIZE: Final = 2_048
"""Lines whose reply is kept, or that there is none: people ask the same questions."""

_SHORT_FORMS: Final = MappingProxyType(
    {
        "u": "you",
        "ur": "you",
        "r": "are",
        "its": "it",
        "lets": "let",
        "pls": "please",
        "plz": "please",
        "wanna": "want to",
        "gotta": "have to",
    }
)
"""Short forms that a normalised text keeps, as they may mean something else in a question."""

_COPULA: Final = frozenset({"am", "is", "are", "have"})
_BEFORE_COPULA: Final = frozenset(
    "i you that it this what who how there where he she they we these those".split()
)
# "hiiii" and "hahahaha": letters and syllables that are written more than twice.
_LONG_LETTER: Final = re.compile(r"(\w)\1{2,}")
_LONG_SYLLABLE: Final = re.compile(r"^(\w\w)\1+\w?$")

_BRACKETS: Final = re.compile(r"[()]")
_INTENSIFIERS: Final = frozenset(
    """
    so very really such pretty exactly actually even still honestly totally absolutely completely
    quite too just fucking bloody super muy tan tanto realmente sehr so ganz echt total wirklich
    tres trop vraiment tellement si
    """.split()
)

_ASKING: Final = frozenset(
    """
    answer answers answering reply respond help assist explain know take look check see read handle
    idea ideas thought thoughts clue
    antworten antworte antwort beantworten beantworte hilf helfen weisst wissen
    responder respondes responde contestar contesta contestas ayudar ayuda ayudas sabes
    repondre reponds repond repondez aider aide aidez sais savez
    """.split()
)
_POINTING: Final = frozenset(
    """
    this that these those it one above here there question questions message messages thread post
    das dies diese dieser dieses hier oben dazu darauf frage fragen nachricht
    esto eso esta este aqui arriba pregunta preguntas mensaje
    ceci cela ca ici dessus question message
    """.split()
)
_BESIDE_CALL: Final = STOP_WORDS | frozenset(
    """
    anyone anybody someone somebody maybe perhaps faqbot bot try
    kannst konntest du bitte uns mir auch mal was ist zu mit von der die den dem
    puedes podrias nos la el lo de con por favor que
    peux pourrais tu vous pouvez nous y le les s'il te plait svp est ce
    """.split()
)
"""Words that may stand beside those that ask and point: closed classes."""

_THANKS: Final = frozenset("thank thanks danke gracias merci".split())

_OF_CALLS: Final = _ASKING | _POINTING | _BESIDE_CALL
_QUESTION_WORDS: Final = frozenset("who whom what which when where why how".split())

Words = tuple[str, ...]
Place = tuple[int, str]
"""Where a phrasing stands: the number of the content, and the kind."""


def plain_words(normalised: str) -> Words:
    """Return the words of a line as they are compared: "I'm" is "I am", "hiiii" is "hi".

    Words that only make others stronger are left out.
    """
    return _plain(_squeezed(normalised))


def _squeezed(normalised: str) -> list[str]:
    """Return the words of a text without lengthened letters and syllables."""
    short = (_LONG_SYLLABLE.sub(r"\1\1", _LONG_LETTER.sub(r"\1", w)) for w in words(normalised))
    # "Dooont" is a contraction only now.
    return expand_contractions(" ".join(short)).split()


def _plain(squeezed: Iterable[str]) -> Words:
    written = [word for typed in squeezed for word in _SHORT_FORMS.get(typed, typed).split()]
    plain = [word for word in written if word not in _INTENSIFIERS] or written
    # A contraction has no copula left, so it counts nowhere.
    return tuple(
        word
        for at, word in enumerate(plain)
        if not (at and word in _COPULA and plain[at - 1] in _BEFORE_COPULA)
    )


class SmallTalkPhrasings:
    """Phrasings of small talk by their words.

    Args:
        contents: what the phrasings come from, one for each language.
    """

    def __init__(self, contents: Sequence[ConversationContent]) -> None:
        self.contents = tuple(contents)
        self.kinds = tuple({part.kind: part for part in c.small_talk} for c in self.contents)
        self._parts = [
            ((number, part.kind), _alternatives(text))
            for number, content in enumerate(self.contents)
            for part in content.small_talk
            for text in part.phrasings
        ]
        self.vocabulary = frozenset(
            chain.from_iterable(_plain(each) for _, a in self._parts for part in a for each in part)
        )

    @cached_property
    def _places(self) -> Mapping[Words, tuple[Place, ...]]:
        # Alternatives make many phrasings, and most lines have a word that is in none of them.
        places: dict[Words, list[Place]] = {}
        for place, alternatives in self._parts:
            forms = (_plain(chain.from_iterable(chosen)) for chosen in product(*alternatives))
            for form in dict.fromkeys(forms):
                if form:
                    places.setdefault(form, []).append(place)
        return {form: tuple(found) for form, found in places.items()}

    def find(self, asked: Words) -> tuple[Place, ...]:
        """Return the places of a phrasing with just these words."""
        return self._places.get(asked, ())


Alternatives = list[list[list[str]]]
"""The parts of a phrasing one after the other; for each its alternatives, as words."""


def _alternatives(text: str) -> Alternatives:
    """Return the alternatives of each part of a phrasing, with apostrophes and without."""
    # Each alternative is cut into words once: their combinations are many.
    return [
        [_squeezed(normalise(form)) for each in part.split("|") for form in _spellings(each)]
        for part in _BRACKETS.split(text)
    ]


def _spellings(text: str) -> tuple[str, ...]:
    return (text, text.replace("'", "")) if "'" in text else (text,)


@dataclass(frozen=True, slots=True)
class _Segment:
    """Words of a line that are a phrasing: of an author, or one that ships."""

    own: bool
    places: tuple[Place, ...]

    @property
    def is_beside(self) -> bool:
        return all(kind == BESIDE for _, kind in self.places)


class SmallTalkFinder:
    """Finds small talk, and says what is replied to it.

    Args:
        shipped: the phrasings that ship, and their replies.
        knowledge_base: the content, which may have kinds and replies of its own.
        language: correctly spelt words, which have no typing error.
    """

    def __init__(
        self,
        shipped: SmallTalkPhrasings,
        knowledge_base: KnowledgeBase,
        language: frozenset[str],
    ) -> None:
        self._shipped = shipped
        self._knowledge_base = knowledge_base
        self._own = SmallTalkPhrasings((knowledge_base.conversation,))
        self._language = language
        self._replies = weak_lru_cache(self._reply_to, CACHE_SIZE)

    def find(self, parsed: ParsedQuestion) -> Decline | None:
        """Return the reply to a line of small talk; None for any other line."""
        line = parsed.normalised
        found = self._replies(line) if len(line) <= MAX_SHORT else self._reply_to(line)
        return None if found is None or _names_role(parsed) else found

    def _reply_to(self, line: str) -> Decline | None:
        """Return the reply to a normalised line that names no role."""
        asked = plain_words(line)
        segments = self._cover(self._spelt(asked))
        if not any(not segment.is_beside for segment in segments):
            return None
        if asked in self._written:
            return None
        part, contact = self._reply(segments)
        return Decline(
            Reason.SMALL_TALK,
            message=part.reply.replace("{contact}", contact),
            examples=part.examples,
        )

    def _spelt(self, asked: Words) -> Words:
        """Return the words with typing errors corrected; none if one of them is no small talk."""
        if len(asked) > MAX_WORDS:
            return ()
        spelt: list[str] = []
        for word in asked:
            near = word if self._knows(word) else self._nearest(word)
            if near is None:
                return ()
            spelt.append(near)
        return tuple(spelt)

    def _knows(self, word: str) -> bool:
        return word in self._shipped.vocabulary or word in self._own.vocabulary

    def _nearest(self, word: str) -> str | None:
        if len(word) < MIN_MISSPELT or word in self._language:
            return None
        known = [*self._shipped.vocabulary, *self._own.vocabulary]
        near = [w for w in known if len(w) >= MIN_MISSPELT and w[0] == word[0]]
        found = process.extractOne(word, sorted(near), scorer=OSA.distance, score_cutoff=1)
        return found[0] if found else None

    def _cover(self, asked: Words) -> tuple[_Segment, ...]:
        """Return the fewest phrasings that say all words in order; none if they can't."""
        best: list[tuple[_Segment, ...] | None] = [(), *(None for _ in asked)]
        for end in range(1, len(asked) + 1):
            for start in range(end):
                before = best[start]
                segment = self._segment(asked[start:end]) if before is not None else None
                if before is None or segment is None:
                    continue
                found = (*before, segment)
                present = best[end]
                if present is None or _cost(found) < _cost(present):
                    best[end] = found
        return best[-1] or ()

    def _segment(self, asked: Words) -> _Segment | None:
        own = self._own.find(asked)
        if own:
            return _Segment(own=True, places=own)
        places = self._shipped.find(asked)
        return _Segment(own=False, places=places) if places else None

    def _reply(self, segments: Sequence[_Segment]) -> tuple[SmallTalk, str]:
        """Return the kind that replies, and whom it names to turn to."""
        said = [segment for segment in segments if not segment.is_beside]
        own = next((segment for segment in said if segment.own), None)
        number = 0 if own else _language_of(said)
        kinds = self._shipped.kinds[number]
        if own:
            kind = own.places[0][1]
        else:
            spoken = {k for s in said for n, k in s.places if n == number and k != BESIDE}
            spoken = spoken or {said[0].places[0][1]}
            # The kinds stand in the order in which they are looked for.
            kind = next(name for name in kinds if name in spoken)
        changed = self._own.kinds[0].get(kind)
        part = changed if changed and changed.reply else kinds[kind]
        contact = self._knowledge_base.conversation.contact
        return part, contact or self._shipped.contents[number].contact

    @cached_property
    def _written(self) -> frozenset[Words]:
        """The questions of FAQs, which answer a line that says just this."""
        return frozenset(
            plain_words(normalise(text))
            for entry in self._knowledge_base.entries()
            if isinstance(entry, Faq)
            for text in (entry.question, *entry.phrasings)
        )


def is_call(parsed: ParsedQuestion, small_talk: Decline | None) -> bool:
    """Return whether a line asks faqbot to answer what stands elsewhere: "can you answer this?".

    Such a line has words that ask or point, and none with a content of its own. A line without
    words ("^", a mention alone) points as well.

    Args:
        parsed: the line.
        small_talk: the reply to it, if it is small talk.
    """
    if parsed.verbatim is not None or _names_role(parsed):
        return False
    said = words(parsed.normalised)
    asks = any(word in _ASKING for word in said)
    if small_talk is not None and (not asks or said[0] in _QUESTION_WORDS):
        return False  # "what can you help with" asks for help, "thank you for this" for nothing
    if any(word not in _OF_CALLS for word in said):
        return False
    points = any(word in _POINTING for word in said) and not _THANKS.intersection(said)
    return not said or asks or points


def _cost(segments: Sequence[_Segment]) -> tuple[int, int]:
    return len(segments), sum(segment.is_beside for segment in segments)


def _language_of(segments: Sequence[_Segment]) -> int:
    """Return the number of the first language that has all phrasings, or else the first one."""
    common: set[int] = set.intersection(*({n for n, _ in s.places} for s in segments))
    return min(common) if common else segments[0].places[0][0]


def _names_role(parsed: ParsedQuestion) -> bool:
    """Return whether a line says the whole title of a role."""
    return any(
        mention.is_full and mention.links[0].method in (LinkMethod.TITLE, LinkMethod.ALIAS)
        for mention in parsed.mentions
    )
