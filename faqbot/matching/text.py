"""Normalise text as people type it, and cut it into clauses and words."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

MAX_CHARACTERS = 1200
"""Characters of a question that are read: what follows doesn't change which entry answers."""

ROLE_SLOT = "{role}"
"""The placeholder for a role's name in an author's phrasing."""

ROLE_WORD = "rolename"
"""The word that replaces a role's name before texts are compared."""

ROLE_NOUN = "role"
"""The word that stands for that one where meanings are compared: no encoder knows ROLE_WORD."""

_SLACK_LINK = re.compile(r"<(?:https?:|mailto:|tel:)[^>|]*(?:\|([^>]*))?>")
_SLACK_CHANNEL = re.compile(r"<#[A-Z0-9]+(?:\|([^>]*))?>")
_SLACK_REFERENCE = re.compile(r"<[@!][^>]*>")
_URL = re.compile(r"https?://\S+")
_EMOJI_NAME = re.compile(r":[a-z0-9_+'-]*[a-z_+][a-z0-9_+'-]*:")
_CONTRACTION = re.compile(r"(?<=\w)'(?:s|d|ll|ve|re|m)\b")
_NEGATION = re.compile(r"(?<=\w)n't\b")
_NEGATED = "do does did is are was were has have had could would should must need ai".split()
_SUBJECTS = "im ive youre youve youll youd theyre theyve theyll theyd weve itll hes shes".split()
_QUESTION_WORDS = "whats hows wheres whos whens whys thats theres heres".split()
# An apostrophe that wasn't typed changes nothing. "Ill", "id", "were", "well" and "its" are words
# as well: two of them are contractions before a word that follows "I" only.
_WRITTEN_OUT = MappingProxyType(
    {
        **{f"{verb}nt": f"{verb} not" for verb in _NEGATED},
        **{word: word[:-1] for word in _QUESTION_WORDS},
        **{word: re.sub("(?:m|re|ll|ve|s|d)$", "", word) for word in _SUBJECTS},
        "cant": "can not",
        "can't": "can not",
        "cannot": "can not",
        "wont": "will not",
        "won't": "will not",
        "shant": "shall not",
        "shan't": "shall not",
        "w/o": "without",
        "b/c": "because",
        # Levels are written either way: "Data Analyst II" is data analyst 2.
        "ii": "2",
        "iii": "3",
    }
)
# Words of closed classes as people type them in chats. "U.S." and "R&D" are names, and "R" is a
# language but for where "are" begins a question: "r u hiring", "what r the hours". "Ur" begins a
# line as "you are", and is "your" behind other words.
_CHAT = MappingProxyType(
    {
        "u": "you",
        "pls": "please",
        "plz": "please",
        "thx": "thanks",
        "thnx": "thanks",
        "tnx": "thanks",
        "cuz": "because",
        "coz": "because",
    }
)
_CHATTED = re.compile(rf"(?<![\w.&/'+-])(?:{'|'.join(_CHAT)})(?![\w&/'+-]|\.\w)")
_CHATTED_YOUR = re.compile(r"(?<=\w )ur(?= \w)")
_CHATTED_ARE = re.compile(
    r"(?:^|(?<=[.?!,;] )|(?<=\bhow )|(?<=\bwho )|(?<=\bwhy )|(?<=\bwhat )|(?<=\bwhen )"
    r"|(?<=\bwhere ))r(?= (?:you|your|we|they|there|these|those|the|any)\b)"
)
_CONTRACTED = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(_WRITTEN_OUT, reverse=True))})(?!\w)")
_WITH = re.compile(r"(?<![\w/])w/(?=\s|[a-z]{2})")
_BEFORE_VERB = re.compile(
    r"\b(?:id(?= (?:like|love|prefer|rather|want|need|have to)\b)"
    r"|ill(?= (?:be|need|have|get|do|take|try|want|go|start)\b))"
)
_CAPITALS = re.compile(r"(?<![^\W_])[A-Z][A-Z0-9]+(?![^\W_])")
# Ideographs and Hiragana, which are written without spaces, are a word each; the pairs of words
# that texts are compared by are then their bigrams. Katakana words stay whole (UAX #29).
_CHARACTERS = (
    "\u3005-\u3007\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_ASCII_MARKS = r"\s!-/:-@\[-`{-~"
_WORD = re.compile(
    rf"[{_CHARACTERS}]|[{_KATAKANA}]+|[^{_ASCII_MARKS}{_CHARACTERS}{_KATAKANA}]+(?:\+\+|#)?"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# A full stop inside a word ("node.js", "3.5") ends no sentence.
_BREAK = re.compile(
    r"(?P<sentence>[.?!;]+(?=\s|$))|[,:|()]|\s[-+/]\s|[/&]|\b(?:and|plus|as well as|along with)\b"
)
# Courtesies hold ordinary words ("know", "show") that would count for an entry.
_COURTESY = re.compile(
    r"\b(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))(?: (?:all|team|there|everyone"
    r"|folks|bot|faqbot))?\b[,!]?|\b(?:many )?thanks(?: (?:in advance|a lot|so much|again))?\b"
    r"|\bthank you(?: (?:in advance|very much|so much))?\b|\b(?:could|can|would|will) (?:you|u)"
    r"(?: (?:please|kindly|possibly))?(?: be so kind (?:as )?to)?(?: mind)? (?:tell|telling|show"
    r"|showing|let|explain(?= to)|give|giving|send|sending)(?: (?:me|us))?(?: know)?\b"
    r"|\b(?:i was|i am|i'm|im|i) (?:just )?(?:wondering|curious)(?: (?:if|whether|about))?\b"
    r"|\b(?:do|does) (?:you|anyone|anybody|someone) (?:happen to )?know\b"
    r"|\b(?:please|pls|plz|kindly)\b"
)
_QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201b\u02bc`\u00b4", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)


def normalise(text: str) -> str:
    """Return a text without Slack's markup, emoji, control characters, case and accents.

    Follows Unicode's NFKC, then drops the marks of Latin letters: `Résumé` becomes `resume`.
    """
    # Markup and emoji take room that the result doesn't: four times as much is enough, and bounds
    # the time that a text of any length takes.
    text = html.unescape(text[: 4 * MAX_CHARACTERS])
    # A pattern is tried where a text has what it begins with: most texts have none of it.
    if "<" in text:
        # Before bare addresses, whose pattern would take the label of a link with it.
        text = _SLACK_LINK.sub(lambda match: f" {match[1] or ''} ", text)
        text = _SLACK_CHANNEL.sub(lambda match: f" {match[1] or ''} ", text)
        text = _SLACK_REFERENCE.sub(" ", text)
    if "://" in text:
        text = _URL.sub(" ", text)
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    if ":" in text:
        # After casefold, as the pattern knows small letters only.
        text = _EMOJI_NAME.sub(" ", text)
    # Most questions are ASCII, where going letter by letter changes nothing and costs time.
    if not text.isascii():
        text = _fold(text)
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    text = expand_contractions(text)
    return " ".join(text.split())[:MAX_CHARACTERS]


def expand_contractions(text: str) -> str:
    """Return a text in small letters with its contractions written out, or cut to their subject.

    "Dont" and "don't" are "do not", "whats" and "what's" are "what", "u" is "you".
    """
    text = _CHATTED.sub(lambda match: _CHAT[match[0]], text)
    text = _CHATTED_YOUR.sub("your", text)
    text = _CHATTED_ARE.sub("are", text)
    if "w/" in text:
        text = _WITH.sub("with ", text)
    text = _CONTRACTED.sub(lambda match: _WRITTEN_OUT[match[0]], text)
    if "'" in text:
        text = _NEGATION.sub(" not", text)
        text = _CONTRACTION.sub("", text)
    return _BEFORE_VERB.sub("i", text)


def codes(text: str) -> frozenset[str]:
    """Return the words of a text, normalised, that are codes: with a digit, or in capitals.

    In a text all in capitals they mean nothing.
    """
    shouted = not any(letter.islower() for letter in text)
    found: set[str] = set()
    for typed in text[: 4 * MAX_CHARACTERS].split():
        is_digit = any(letter.isdigit() for letter in typed)
        found_capitals = () if shouted else _CAPITALS.findall(typed)
        capitals = " ".join(word for word in found_capitals if word.casefold() not in _CHAT)
        if is_digit or capitals:
            found.update(words(normalise(typed if is_digit else capitals)))
    return frozenset(found)


def _fold(text: str) -> str:
    """Drop accents of Latin letters, marks without a letter, and symbols."""
    letters: list[str] = []
    latin = False
    for letter in unicodedata.normalize("NFD", text):
        category = unicodedata.category(letter)
        if category == "Mn":
            if not latin:  # a mark of another script changes the letter: Hindi, Arabic, Thai
                letters.append(letter)
        elif category == "Cf":
            continue
        elif letter.isascii() or category[0] in "LNM":
            latin = letter.isascii()
            letters.append(letter)
        else:
            letters.append(" ")
    return unicodedata.normalize("NFC", "".join(letters))


def words(normalised: str) -> list[str]:
    """Return the words of a normalised text: `c++` and `c#` whole, split at hyphens and slashes."""
    return _WORD.findall(normalised)


@dataclass(frozen=True, slots=True)
class Token:
    """A word after correction and as written, with the numbers of its clause and sentence."""

    word: str
    written: str
    clause: int = 0
    sentence: int = 0


def without_courtesies(normalised: str) -> str:
    """Return a normalised text without courtesies; a text of courtesies alone keeps its words."""
    text = _COURTESY.sub(" ", normalised)
    return text if _WORD.search(text) else normalised


def clauses(normalised: str) -> list[tuple[int, list[str]]]:
    """Return the number of the sentence and the words of each clause, without courtesies.

    Clauses end at punctuation and at "and". A text of courtesies alone keeps its words.
    """
    text = without_courtesies(normalised)
    found: list[tuple[int, list[str]]] = []
    sentence = start = 0
    for match in (*_BREAK.finditer(text), None):
        clause = words(text[start : match.start() if match else len(text)])
        if clause:
            found.append((sentence, clause))
        if match:
            start = match.end()
            sentence += match["sentence"] is not None
    return found


STOP_WORDS = frozenset(
    """
    a an the and or but if so of for to in on at by with from as into about than then that this
    these those it its is are was were be been being am do does did doing done have has had having
    i me my we us our you your he him his she her they them their who whom which what when where
    why how can could may might must shall should will would there here not no nor only just also
    too very please pls plz tell give show let know want like get got need needs needed one some
    any all both each more most other such own same s t d n u ur im hi hey hello thanks thank ok
    up out over under again once because until while during before after above below between
    through off down
    """.split()
)
"""Words that name neither a role nor a section."""


# Bounded, because people keep bringing words that were never seen.
@lru_cache(maxsize=8_192)
def singular(word: str) -> str:
    """Return the singular of an English noun, by the regular endings only."""
    if len(word) > 4 and word.endswith("ies"):  # noqa: PLR2004 - "ties" keeps its stem
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):  # noqa: PLR2004
        return word[:-2]
    # "business", "status", "analysis", "devops" and "js" end in s and are no plurals.
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "ps", "js")):  # noqa: PLR2004
        return word[:-1]
    return word
