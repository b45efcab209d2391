"""The bar for lines that nobody put to faqbot: which of them it answers.

Most lines in a thread are talk among people. What is answered is a question about roles in
general, of which faqbot is sure; a line about persons present, about what was said before, or
about a certain day is theirs. The word lists are closed classes (pronouns, auxiliaries, words of
time) of the languages in which phrasings ship.
"""

from __future__ import annotations

import re
from typing import Final

from faqbot.matching.text import without_courtesies
from faqbot.matching.thresholds import THRESHOLDS
from faqbot.model import Answer, LinkMethod, Outcome, ParsedQuestion, Prompt

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
_YOU: Final = re.compile(r"\b(?:you|your|yours|u|ur)\b")
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

    All that is said to faqbot is answered. The asker's next line must be a question, and the
    answer sure; anybody else's must say its role or its part besides.
    """
    if prompt is Prompt.ADDRESSED:
        return True
    if not isinstance(outcome, Answer) or not outcome.entries:
        return False
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
