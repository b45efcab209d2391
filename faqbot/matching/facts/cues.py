"""Cues in a question: words by which people compare, look up, plan a step, or ask for needs.

Regular expressions over normalised words, in which roles stand as `@0`, `@1` and so on. They were
written for the project's own development questions about facts (`tests/questions`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from faqbot.matching.text import STOP_WORDS, singular

_OPEN: Final = re.compile(r"\b(?:what|which|how|why|where|when|who|whose|list|describe)\b")
_ASKS: Final = re.compile(
    r"(?:^|\b(?:so|and|but|also|then|hi|hey|ok|question) )"
    r"(?:is|are|do|does|must|should|can|could|would|will|need|have|am|shall|may)\b"
)
_NEEDED: Final = re.compile(
    r"\b(?:mandatory|compulsory|obligatory|required?|requires?|requirements?|necess?ary|neccessary"
    r"|essential|optional|must|must have|nice to have|prerequisite|need|needs|needed|without"
    r"|preferred|have to|has to|expected|a plus|an advantage|bonus|helpful|helps?|crucial"
    r"|important|indispensable|insist|should|supposed to|beneficial|demand|accept|apply|enough"
    r"|deal ?breaker|useful|worth|expects?|ask for|asks for)\b"
)
_PLAINLY: Final = re.compile(
    r"\b(?:mandatory|compulsory|obligatory|required|necess?ary|neccessary|essential|optional"
    r"|must have|a must|nice to have|prerequisite|needed|preferred|a plus)\b"
)
_NOT_ME: Final = r"i (?:do not|did not|have not|can not|have no|have never|never|lack|am not)\b"
_LACKS: Final = re.compile(
    rf"\b{_NOT_ME}.*\b(?:(?:can|could|may|might|would|will|should) i|am i|is (?:that|this|it)"
    r"|do i (?:still )?have a chance)\b"
    r"|\b(?:can|could|may|might|would|should) i\b.*\b(?:if|when|though|although|as) "
    rf"{_NOT_ME}"
)
_TAG: Final = re.compile(
    r"\b(?:needs?|needed|requires?|required|must|have to|has to|mandatory)\b.*"
    r"\b(?:right|correct|true|is it|are they|do i|do they|does it|does he|does she)$"
)
_OTHER_WAY: Final = re.compile(r"\b(?:without|optional|lack|lacking|no)\b")
_COMPARES: Final = re.compile(
    r"\b(?:differ|differs|difference|differences|different|differently|diff|compare|compares"
    r"|compared|comparing|comparison|versus|vs|distinguish|distinguishes|distinction|similar"
    r"|similarities|similarity|overlap|overlaps|contrast|side by side|apart|in common|separates)\b"
)
_WHAT_OF: Final = re.compile(
    r"\b(?:compare|comparing|comparison of|differences? in|differ in|different in|vs|versus)"
    r" (?:the |their |all |required |typical )*"
    r"(?P<what>(?!(?:roles?|jobs?|positions?|between|of|for|a|an|and|as|with|to|both|these)\b)"
    r"[a-z]+) (?:of|for|between) .*@"
)
_ROLES: Final = (
    r"(?:roles?|jobs?|positions?|openings?|vacanc(?:y|ies)|careers?|occupations?|professions?"
    r"|titles?)"
)
_LOOKS_UP: Final = re.compile(
    r"\b(?:which|what|any|list|show|find|all|every|there|name|other|some|of) (?:\w+ ){0,3}?"
    rf"{_ROLES}\b"
    rf"|^(?:all |the )?{_ROLES} (?:that|which|where|with|without|for|needing|requiring|not|i|using"
    r"|asking|accepting|open)\b"
    r"|^(?:and )?which(?: ones?)? (?:needs?|requires?|uses?|asks? for|wants?|lists?|do|does)\b"
    r"|^(?:who|who else|where) (?:all )?(?:here )?(?:needs?|requires?|uses?|must|has to|have to"
    r"|is|are|wants?"
    r"|works? with|asks? for|do|does)\b"
    r"|\bwhat (?:can|could|might|may) i (?:do|become|be|apply|work|go|get)\b"
    rf"|\b(?:can|could|may|might) i (?:apply|do|get|work|become|go)\b.*\b(?:with|without)\b"
    r"|\bwho(?:m)? (?:do|would|does) (?:you|we) (?:take|hire|accept)\b"
    r"|\b(?:what|which|where|anything|something)(?: \w+)? (?:fits?|suits?|matches)\b"
    r"|\bwhere (?:do|would|could) i fit\b|\b(?:anything|something) for me\b"
)
_RELATES: Final = re.compile(
    r"\b(?:need|needs|needed|needing|require|requires|required|requiring|use|uses|using|want"
    r"|wants|asks?|asking|know|knows|knowing|knowledge|with|without|for|involve|involves|mention"
    r"|mentions|lists?|demand|demands|expect|expects|mandatory|must|skills?|accept|accepting"
    r"|optional|necessary|useful|helps?|has|have|open|works?|good at|suits?|fits?|matches)\b"
)
_STRICT: Final = re.compile(
    r"\b(?:need|needs|needed|needing|require|requires|required|requiring|mandatory|must|necessary"
    r"|demand|demands|insist|insists|have to|has to|compulsory)\b"
)
_NEGATES: Final = re.compile(r"\b(?:not|no|without|never|optional|neither|nor|lack)\b")
_CANNOT_WITHOUT: Final = re.compile(r"\b(?:not|never|no) (?:\w+ ){0,4}?without\b")
_OPPOSITE: Final = re.compile(
    r"^(?:and |so |but |hi |hey )*(?:what|which|who|whom|where|when)\b"
    r"(?:(?!\b(?:if|when|because|that|though|although|unless|do i do)\b).)*"
    r"\b(?:not|never|no longer)\b"
)
_OF_ONESELF: Final = re.compile(
    r"\b(?:i (?:have|got|know|can|bring|hold|am)|my|with|having|know|knowing)\b"
)
_CAPITALISED: Final = re.compile(r"(?:^|[.!?]\s+)\W*\w+|\b(?P<inner>[A-Z]\w*)")
_ONLY_NEXT: Final = re.compile(
    r"\bwhat(?: is| comes| now)? next\b|\bnext for (?:me|us|an? @\d|@\d)|\bwhere(?: to)? next\b"
)
_NEXT_WORDS: Final = frozenset("next comes come now career currently years year work job".split())
_BACK: Final = re.compile(
    r"\b(?:it|that|this|they|them|those|one|mine|ours|compared to|compare to|versus|vs|from)\b"
)
_MOVES: Final = re.compile(
    r"\b(?:become|becoming|became|move|moves|moving|switch|switching|transition|transitioning"
    r"|promoted|promotion|grow|growing|step|step up|get|getting|go|going|path|missing|gap|turn"
    r"|advance|progress|change|changing|retrain|road|way|jump|upskill|shift|shifting|pivot"
    r"|(?:want|like|love|hope|plan|aim|wish) to (?:be|work as))\b"
)
_FROM_TO: Final = re.compile(
    r"\bfrom (?:an? |the |being |my )*(?P<origin>@\d).*?"
    r"(?:to|into|toward|towards|become|becoming|as) (?:an? |the |be |being |becoming )*"
    r"(?P<target>@\d)"
)
_TO_FROM: Final = re.compile(
    r"\b(?:to|into|become|becoming|be|as) (?:an? |the |be |being )*(?P<target>@\d)"
    r".*?\b(?:from|after|as|am|being|i|currently|now|was) (?:an? |the |being |my |currently )*"
    r"(?P<origin>@\d)"
)
_ORIGIN: Final = re.compile(
    r"\b(?:i|am|as|im|currently|being|now|worked as|working as|work as|job as)"
    r" (?:an? |the |currently |now |working as )*(?P<origin>@\d)"
)
_TARGET: Final = re.compile(r"\b(?:become|becoming|to|into|be|being) (?:an? |the )*(?P<target>@\d)")
_BARE_STEP: Final = re.compile(
    r"^(?:(?:how|go|going|move|moving|switch|switching|steps?|way|path|career) )*"
    r"from (?:an? |the |being |my )*@\d (?:to|into|towards?) (?:an? |the |being )*@\d$"
)
_STEP_WANTED: Final = re.compile(
    r"\b(?:need|needs|needed|missing|miss|lack|lacking|learn|gap|gaps|require|required|requires"
    r"|how|steps?|path|way|road|become|becoming|move|switch|transition|takes?|should|must|else"
    r"|upskill|bridge|want)\b"
)
_WHAT_NEXT: Final = re.compile(
    r"\bnext (?:role|step|job|position|move|level|career)s?\b|\bwhat (?:comes|can come|is|are)"
    r"(?: the)? (?:next|after)\b|\b(?:do|become|go|move|be|come|comes|role|job|step|progress) "
    r"(?:on )?after (?:being |working as |an? |the )*@\d|\b(?:where|what) (?:can|could"
    r"|do|might|would) (?:an? |the )?(?:i|you|we|one|people|@\d)s? (?:go|move|grow|become|advance"
    r"|progress|develop|turn)\b.*@\d"
    r"|\b(?:move|moving) on from\b|\b(?:grow|advance|progress) (?:from|into what)\b"
)
_HOW_MANY: Final = re.compile(r"\bhow many (?P<things>.+)")


@dataclass(frozen=True, slots=True)
class QuestionCues:
    """The words of a question, in which roles stand as `@0`, `@1`, ..."""

    text: str

    @property
    def asks_whether_needed(self) -> bool:
        """Whether it asks if something is needed."""
        if _OPEN.search(self.text):
            return False
        if _LACKS.search(self.text) or _TAG.search(self.text):
            return True
        asks = _ASKS.search(self.text) and _NEEDED.search(self.text)
        return bool(asks or _PLAINLY.search(self.text))

    @property
    def asks_without(self) -> bool:
        """Whether it asks if one can do without, so that a yes means "not needed"."""
        supposed = _TAG.search(self.text) and negates(self.text)
        return bool(supposed or _OTHER_WAY.search(self.text) or _LACKS.search(self.text))

    @property
    def compares(self) -> bool:
        """Whether it compares roles."""
        return bool(_COMPARES.search(self.text))

    @property
    def compared_word(self) -> str:
        """The word for what of the roles it compares, where it names one."""
        found = _WHAT_OF.search(self.text)
        return found["what"] if found else ""

    @property
    def looks_up(self) -> bool:
        """Whether it looks up roles by something."""
        return bool(_LOOKS_UP.search(self.text) and _RELATES.search(self.text))

    @property
    def wants_required_only(self) -> bool:
        """Whether only what is required counts in a look-up."""
        return bool(_STRICT.search(self.text))

    @property
    def negates(self) -> bool:
        """Whether it looks up roles without something."""
        return negates(self.text)

    @property
    def asks_for_the_opposite(self) -> bool:
        """Whether it asks what or who is *not*: "which skills does nobody need"."""
        return bool(_OPPOSITE.search(self.text))

    @property
    def tells_of_oneself(self) -> bool:
        """Whether it tells what the asker has or knows."""
        return bool(_OF_ONESELF.search(self.text))

    @property
    def words_without_roles(self) -> list[str]:
        """The words besides those that name roles."""
        return [word for word in self.text.split() if not word.startswith("@")]

    @property
    def counted(self) -> tuple[str, ...]:
        """The words, in the singular, for the things whose number it asks for."""
        found = _HOW_MANY.search(self.text)
        after = found["things"].split() if found else []
        things = takewhile(lambda word: word not in STOP_WORDS and not word.startswith("@"), after)
        return tuple(singular(word) for word in things)

    @property
    def asks_what_is_next(self) -> bool:
        """Whether it asks for the roles that follow a role."""
        if _WHAT_NEXT.search(self.text):
            return True
        rest = {word for word in self.words_without_roles if word not in STOP_WORDS}
        return bool(_ONLY_NEXT.search(self.text)) and rest <= _NEXT_WORDS

    @property
    def points_back(self) -> bool:
        """Whether it refers to what was spoken of before."""
        return bool(_BACK.search(self.text))

    @property
    def moves(self) -> bool:
        """Whether it asks how to get from one role to another."""
        return bool(_MOVES.search(self.text) and _STEP_WANTED.search(self.text))

    def step(self) -> tuple[int, int] | None:
        """Return the numbers of the role to leave and the role to reach, if both are named."""
        if not self.moves and not _BARE_STEP.search(self.text):
            return None
        # "From a to b" comes first, as the other pattern may swap its two roles.
        for pattern in (_FROM_TO, _TO_FROM):
            found = pattern.search(self.text)
            if found and found["origin"] != found["target"]:
                return _number(found["origin"]), _number(found["target"])
        origin, target = _ORIGIN.search(self.text), _TARGET.search(self.text)
        if origin and target and origin["origin"] != target["target"]:
            return _number(origin["origin"]), _number(target["target"])
        # "What is a tester missing to become a developer": the origin is the other role.
        if "missing" in self.text and target:
            return 1 - _number(target["target"]), _number(target["target"])
        return None


def negates(text: str) -> bool:
    """Return whether normalised words negate something; "not without" negates nothing."""
    return bool(_NEGATES.search(text) and not _CANNOT_WITHOUT.search(text))


def capitalised(text: str) -> frozenset[str]:
    """Return the words of a text, in small letters, that have a capital where most have none.

    The first word of a sentence always has one, and a text in capitals tells nothing.
    """
    found = [match for match in _CAPITALISED.finditer(text) if match["inner"]]
    most = sum(word[:1].isupper() for word in text.split()) > len(text.split()) / 2
    return frozenset() if most else frozenset(match["inner"].casefold() for match in found)


def _number(mark: str) -> int:
    return int(mark[1:])
