"""What is asked of a role's description itself: an advertisement, all of it, its owner or review.

The patterns say what is asked for; the word lists beside them say which further words may stand in
such a question. With any other word it is about something else: "who owns the roadmap".
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from faqbot.matching.facts.cues import QuestionCues
from faqbot.matching.role_links import link_confidence
from faqbot.matching.text import STOP_WORDS, singular
from faqbot.matching.thresholds import CONFIDENCES
from faqbot.model import (
    Answer,
    Candidate,
    Document,
    DocumentForm,
    EntryKind,
    Fact,
    KnowledgeBase,
    LinkMethod,
    Outcome,
    Role,
    RoleLink,
    Upkeep,
    UpkeepMatter,
)

_MAKE: Final = r"(?:write|draft|create|generate|compose|prepare|produce|make)"
_SPECIMEN: Final = r"(?:template|sample|example|draft|boilerplate|specimen)s?"
_DESCRIPTION: Final = r"(?:job|role|position) (?:description|spec|specification|profile)s?"
_ADVERT: Final = re.compile(
    r"\b(?:job|role|position|vacancy|hiring|recruitment|recruiting) (?:ad|advert|advertisement"
    r"|posting|announcement|listing)s?\b"
    r"|\b(?:ad|advert|advertisement|posting)s? (?:for|of|to)\b"
    rf"|\b{_MAKE}\b.*\b(?:{_DESCRIPTION}|ad|advert|advertisement|posting|vacancy)\b"
    rf"|\b{_DESCRIPTION} {_SPECIMEN}\b|\b{_SPECIMEN} (?:for|of) (?:an? |the )*{_DESCRIPTION}\b"
)
_ALL_OF_IT: Final = re.compile(
    r"\b(?:whole|full|entire|complete|everything)\b|\ball (?:of )?(?:the |your )?"
    r"(?:info|information|details|parts|sections)\b|\bin full\b"
)
_OWNER: Final = re.compile(
    r"\bwho (?:is |are |be )?(?:my |the |our |your |a )*(?:right |best |main )?(?:contact|owner"
    r"|person (?:in charge|responsible)|point of contact|responsible|in charge|accountable"
    r"|maintainer|author)\b"
    r"|\bwho (?:owns|maintains|wrote|writes|looks after|takes care of|keeps up|updates|reviews)\b"
    r"|\bwhom? (?:do|can|should|could|must|would|shall) i (?:contact|ask|talk to|speak to"
    r"|speak with|turn to|reach out to|write to|ping|approach)\b"
    r"|\bwho(?: is)? (?:the )?(?:right |best )?(?:person|one) to (?:contact|ask|talk to|speak to)\b"
    r"|^(?:the |my |our )*(?:owner|contact|contact person|point of contact|maintainer)"
    r" (?:for|of|behind)\b|^owner @\d$|@\d owner$"
)
_REVIEW: Final = re.compile(
    r"\b(?:when|how long ago)\b.*\b(?:reviewed|updated|checked|changed|revised|edited|written"
    r"|refreshed|modified)\b"
    r"|\b(?:is|are)\b.*\b(?:up to date|current|outdated|out of date|stale)\b"
    r"|\bhow (?:old|recent|fresh|current|up to date)\b.*\b(?:is|are)\b"
    r"|\b(?:last|latest) (?:review|update|revision)\b|\b(?:review|revision) date\b"
    r"|\bdate of (?:the )?(?:last )?(?:review|update|revision)\b"
)
_CONTENT_WORDS: Final = frozenset(
    """
    role job position post opening vacancy description spec specification profile page text
    document content entry article information info detail details data
    """.split()
)
_ADVERT_WORDS: Final = _CONTENT_WORDS | frozenset(
    """
    ad advert advertisement posting announcement listing vacancy hiring recruitment recruiting
    template sample example draft boilerplate specimen write create generate compose prepare
    produce make new short simple good ready send use publish opening linkedin online website
    """.split()
)
_WHOLE_WORDS: Final = _CONTENT_WORDS | frozenset(
    """
    whole full entire complete everything part section available say written send read see look
    """.split()
)
_OWNER_WORDS: Final = _CONTENT_WORDS | frozenset(
    """
    contact owner person charge responsible point accountable maintainer author own owns maintains
    wrote writes look looks care take takes keep keeps updates reviews ask talk speak turn reach
    write ping approach right best main question
    """.split()
)
_REVIEW_WORDS: Final = _CONTENT_WORDS | frozenset(
    """
    last latest time reviewed review updated update checked changed revised revision edited written
    refreshed modified date current outdated stale old recent fresh long ago still
    """.split()
)
_PURPOSE: Final = re.compile(
    r"(?P<role>@\d(?: (?:role|job|position|page|description|profile))?) (?:to|so(?: that)? i can)"
    r" (?:send|forward|pass|hand|give|show|share|print|publish|post|upload|use)\b.*$"
)
"""A role and what its document is for: "to send to somebody"."""

MAX_LEFT_OUT: Final = 8
"""Words of a key that are read: a role, and sections that are left out."""

_ELSEWHERE: Final = re.compile(r"^(?:where|when|why)\b")


class RoleContent:
    """Answers what is asked of a role's description itself.

    Args:
        knowledge_base: the content.
    """

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._knowledge_base = knowledge_base

    def find(
        self,
        asked: QuestionCues,
        link: RoleLink,
        outcome: Outcome,
        left_out: tuple[str, ...] = (),
    ) -> Answer | None:
        """Return what a question asks of a role's description; None when it asks for nothing.

        Args:
            asked: the cues of the question.
            link: the role.
            outcome: what was decided without it.
            left_out: the keys of the sections that it leaves out.
        """
        role = self._knowledge_base.role(link.role)
        if role is None:
            return None
        spoken_of = link.method is LinkMethod.CONVERSATION
        fact = _requested(asked, role)
        if fact is None or (spoken_of and _is_faq(outcome)):
            return None
        if isinstance(fact, Document):
            fact = replace(fact, without=left_out)
        # "Is this up to date" may be about anything that was said in a conversation.
        known = CONFIDENCES.fact_of_conversation if spoken_of else CONFIDENCES.fact
        return _answer(fact, role, round(known * link_confidence(link), 4))

    def repeat(self, key: str) -> Answer | None:
        """Return the fact of a key without its kind, or None when it stands for nothing."""
        what, _, rest = key.partition(" ")
        role_id, *without = rest.split()[:MAX_LEFT_OUT] or ("",)
        role = self._knowledge_base.role(role_id)
        if role is None:
            return None
        if what in set(DocumentForm):
            return _answer(Document(role.id, DocumentForm(what), tuple(without)), role, 1.0)
        if what in set(UpkeepMatter):
            return _answer(_upkeep(role, UpkeepMatter(what)), role, 1.0)
        return None


def _requested(asked: QuestionCues, role: Role) -> Fact | None:
    # What a document is for changes nothing in it.
    wanted = QuestionCues(_PURPOSE.sub(r"\g<role>", asked.text))
    rest = _telling_words(wanted)
    if _ADVERT.search(wanted.text) and rest <= _ADVERT_WORDS and not _ELSEWHERE.search(wanted.text):
        return Document(role.id, DocumentForm.ADVERTISEMENT)
    if _ALL_OF_IT.search(wanted.text) and rest <= _WHOLE_WORDS:
        return Document(role.id, DocumentForm.DESCRIPTION)
    rest = _telling_words(asked)
    if _OWNER.search(asked.text) and rest <= _OWNER_WORDS:
        return _upkeep(role, UpkeepMatter.OWNER)
    if _REVIEW.search(asked.text) and rest <= _REVIEW_WORDS:
        return _upkeep(role, UpkeepMatter.REVIEW)
    return None


def _telling_words(asked: QuestionCues) -> set[str]:
    """Return the words of a question, without stop words and roles, in the singular."""
    return {
        singular(word)
        for word in asked.words_without_roles
        if word not in STOP_WORDS and not word.isdigit()
    }


def _upkeep(role: Role, matter: UpkeepMatter) -> Upkeep:
    return Upkeep(role.id, matter, role.owner, role.reviewed)


def _is_faq(outcome: Outcome) -> bool:
    return isinstance(outcome, Answer) and outcome.entries[0].kind is EntryKind.FAQ


def _answer(fact: Fact, role: Role, confidence: float) -> Answer:
    return Answer((Candidate(role.id, EntryKind.ROLE, role.id, confidence),), fact=fact)
