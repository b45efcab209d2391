"""The matcher: a question in, its reading out. Built once for a library, then only read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from faqbot.matching.calibration import Calibration, calibrate, calibrate_sampled
from faqbot.matching.candidates import CandidateFinder, SectionOverlap
from faqbot.matching.ranking import (
    ALL_SCOPES,
    MAX_RIDGE_PHRASINGS,
    Phrasing,
    Ranker,
    RankerWeights,
    Scorer,
)
from faqbot.matching.role_linker import Linking, RoleLinker
from faqbot.matching.shortlist import ShortlistRanker
from faqbot.matching.similarity import MeaningView, TfidfView
from faqbot.matching.spelling import Vocabulary, count_words
from faqbot.matching.text import (
    ROLE_WORD,
    STOP_WORDS,
    Token,
    clauses,
    normalise,
    words,
)
from faqbot.matching.tfidf import LETTERS, WORDS
from faqbot.matching.thresholds import CONFIDENCES, THRESHOLDS
from faqbot.matching.titles import title_key
from faqbot.matching.training_data import (
    SharedResources,
    compounds_of,
    named_things,
    own_phrasings,
    plain_words,
    shared_phrasings,
    slot_masked,
)
from faqbot.model import (
    Candidate,
    Correction,
    EntryKind,
    KnowledgeBase,
    LinkMethod,
    ParsedQuestion,
    Role,
    RoleLink,
    RoleMention,
)


def mask_roles(
    asked: Sequence[Token],
    mentions: Iterable[RoleMention],
    titles: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    own: str = "",
) -> list[Token]:
    """The words with each mention of a role masked, or given by its title unless it is `own`."""
    result = list(asked)
    for mention in sorted(mentions, key=lambda mention: -mention.start):
        first = result[mention.start]
        role = mention.links[0].role
        shown = (ROLE_WORD,) if role == own else titles.get(role, (ROLE_WORD,))
        result[mention.start : mention.end] = [replace(first, word=word) for word in shown]
    return result


def links_of(linking: Linking, role: str | None) -> tuple[RoleLink, ...]:
    """The roles that a question is about; the conversation's, where it names none itself."""
    links = tuple(link for mention in linking.mentions for link in mention.links)
    if not links and role is not None:
        return (RoleLink(role, "", LinkMethod.CONVERSATION, 1.0),)
    return links


def link_confidence(link: RoleLink) -> float:
    """How surely a link names its role, as a probability."""
    match link.method:
        case LinkMethod.TITLE | LinkMethod.ALIAS | LinkMethod.CONVERSATION:
            return CONFIDENCES.exact_link
        case LinkMethod.TYPO:
            confidence = CONFIDENCES.typo_link + CONFIDENCES.typo_link_slope * link.score
        case LinkMethod.PARTIAL:
            confidence = CONFIDENCES.partial_link + CONFIDENCES.partial_link_slope * link.score
    return min(CONFIDENCES.max_inexact_link, confidence)


def link_groups(links: Iterable[RoleLink]) -> list[list[RoleLink]]:
    """Links by the words that they come from: rivals stand together, and each role once."""
    groups: dict[str, list[RoleLink]] = {}
    for link in links:
        groups.setdefault(link.words, []).append(link)
    told = {tuple(link.role for link in group): group for group in groups.values()}
    return list(told.values())


RANKER_WEIGHTS = RankerWeights(views=(0.12, 0.18, 0.7), ridge=0.7, penalty=0.2)

MAX_WORDS = 160
"""Words of a question that are read."""

MAX_CLAUSE_WORDS = 6
"""Words of a clause that names a part; a longer one tells a story."""

MAX_PARTS = 4
"""Clauses above which a question is a story, not a list of parts."""


class Matcher:
    """Understands questions about a library.

    Args:
        library: the content.
        common: what is equal for all libraries.
    """

    def __init__(self, knowledge_base: KnowledgeBase, common: SharedResources) -> None:
        self._knowledge_base = knowledge_base
        shipped = common.shipped
        phrasings = list(shared_phrasings(knowledge_base, shipped))
        asked = [phrasing.text for phrasing in phrasings if phrasing.key]
        asked += [
            plain_words(text)
            for role in knowledge_base.roles
            for _, text in own_phrasings(role, shipped.phrasings)
        ]
        phrasing_words = frozenset(
            word for text in asked for word in words(text) if word != ROLE_WORD
        )
        titles = [
            normalise(title)
            for role in knowledge_base.roles
            for title in (role.title, *role.aliases)
        ]
        compounds = compounds_of(titles)
        self._linker = RoleLinker(
            knowledge_base.roles,
            common.asking,
            language=common.language,
            everyday=common.everyday,
            known=phrasing_words,
            compounds=compounds,
        )
        self._title_words = {
            role.id: title_key(role.title, compounds) for role in knowledge_base.roles
        }
        counts = count_words([*asked, *titles, *map(normalise, named_things(knowledge_base))])
        self.vocabulary = Vocabulary(counts, common.language, compounds, known=phrasing_words)
        phrasings += [
            Phrasing(self._mask_phrasing(text, role), key, role.id)
            for role in knowledge_base.roles
            for key, text in own_phrasings(role, shipped.phrasings)
        ]
        contents = SectionOverlap(knowledge_base, common.sections, common.everyday)
        self.ranker: Scorer
        self.ranker, calibration = _train(phrasings, common)
        self._candidates = CandidateFinder(self.ranker, calibration, contents)

    def parse(self, text: str, role: str | None = None) -> ParsedQuestion:
        """Understand a question; `role` is the one that the conversation is about, if any."""
        normalised = normalise(text)
        asked, repairs = self._corrected(normalised)
        linking = self._linker.link(
            [token.word for token in asked], [token.written for token in asked]
        )
        masked = mask_roles(asked, linking.mentions)
        scope, candidates = self._best_scope(asked, linking, role)
        said = tuple(token.word for token in masked if token.word != ROLE_WORD)
        return ParsedQuestion(
            text=text,
            normalised=normalised,
            corrections=tuple(repairs),
            words=tuple(token.word for token in asked),
            mentions=linking.mentions,
            links=links_of(linking, role),
            unknown_role=linking.unknown_role,
            words_without_roles=said,
            content_words=tuple(word for word in said if word not in STOP_WORDS),
            candidates=candidates,
            parts=self._parts(masked, scope),
        )

    def _corrected(self, normalised: str) -> tuple[list[Token], list[Correction]]:
        asked: list[Token] = []
        repairs: list[Correction] = []
        for number, (sentence, written) in enumerate(clauses(normalised)):
            for typed, meant in self.vocabulary.repair(written):
                if meant != typed:
                    repairs.append(Correction(" ".join(typed), " ".join(meant)))
                one = len(typed) == len(meant) == 1
                asked.extend(
                    Token(word, typed[0] if one else word, number, sentence) for word in meant
                )
        return asked[:MAX_WORDS], repairs

    def _best_sentence(self, asked: Sequence[Token], scope: str) -> tuple[Candidate, ...]:
        """The candidates of the whole text, or of the sentence that is understood better."""
        best = self._candidates.find(tuple(token.word for token in asked), scope)
        sentences = {token.sentence for token in asked}
        if len(sentences) > 1:
            for sentence in sorted(sentences):
                said = tuple(token.word for token in asked if token.sentence == sentence)
                if all(word in STOP_WORDS or word == ROLE_WORD for word in said):
                    continue
                candidates = self._candidates.find(said, scope)
                if candidates and (not best or candidates[0].confidence > best[0].confidence):
                    best = candidates
        return best

    def link_roles(self, said: Sequence[str]) -> Linking:
        """The roles that words name on their own."""
        return self._linker.link(list(said), list(said))

    def near_roles(self, text: str) -> tuple[str, ...]:
        """At most three roles whose titles are like the text, best first."""
        return self._linker.near(words(normalise(text)))

    def _best_scope(
        self, asked: Sequence[Token], linking: Linking, role: str | None
    ) -> tuple[str, tuple[Candidate, ...]]:
        """The role in whose entries the question is understood best, and the candidates there.

        Where several roles are named, each is tried, with the others' names kept as well as
        masked: "how does an analyst differ from an engineer" is an FAQ of one of the two.
        """
        named = [mention.links[0].role for mention in linking.mentions if len(mention.links) == 1]
        masked = mask_roles(asked, linking.mentions)
        if len(named) <= 1:
            scope = named[0] if named else ALL_SCOPES if linking.mentions or role is None else role
            return scope, self._best_sentence(masked, scope)
        scopes = tuple(dict.fromkeys(named))
        alike = [(scope, self._best_sentence(masked, scope)) for scope in scopes]
        told_apart = [
            (
                scope,
                self._best_sentence(
                    mask_roles(asked, linking.mentions, self._title_words, own=scope), scope
                ),
            )
            for scope in scopes
        ]
        best = max(alike, key=_confidence)
        if _confidence(best) >= THRESHOLDS.min_clause and best[1][0].kind is not EntryKind.FAQ:
            return best
        of_each = [max(pair, key=_confidence) for pair in zip(alike, told_apart, strict=True)]
        highest = max(_confidence(each) for each in of_each)
        return next(
            each for each in of_each if _confidence(each) >= highest - THRESHOLDS.max_first_role_lag
        )

    def _mask_phrasing(self, text: str, role: Role) -> str:
        asked = [
            Token(word, word)
            for _, clause in clauses(normalise(slot_masked(text)))
            for word in clause
        ]
        mentions = [
            mention
            for mention in self._linker.link([token.word for token in asked]).mentions
            if mention.links[0].method in (LinkMethod.TITLE, LinkMethod.ALIAS)
            or mention.links[0].role == role.id
        ]
        masked = mask_roles(asked, mentions, self._title_words, own=role.id)
        return " ".join(token.word for token in masked)

    def _parts(self, asked: Sequence[Token], scope: str) -> tuple[Candidate, ...]:
        """The best entry of each clause of a list of parts; empty when it is no such list."""
        clauses_asked = [
            clause
            for number in dict.fromkeys(token.clause for token in asked)
            if (clause := tuple(token.word for token in asked if token.clause == number))
            and not all(word in STOP_WORDS or word == ROLE_WORD for word in clause)
        ]
        if not 1 < len(clauses_asked) <= MAX_PARTS:
            return ()
        best: dict[str, Candidate] = {}
        for clause in clauses_asked:
            if sum(word != ROLE_WORD for word in clause) > MAX_CLAUSE_WORDS:
                continue
            candidates = self._candidates.find(clause, scope)
            if (
                candidates
                and candidates[0].confidence >= THRESHOLDS.min_clause
                and _names_part(candidates[0])
            ):
                best.setdefault(candidates[0].id, candidates[0])
        return tuple(best.values()) if len(best) > 1 else ()


def _train(phrasings: Sequence[Phrasing], common: SharedResources) -> tuple[Scorer, Calibration]:
    """The ranker that suits the number of phrasings, calibrated."""
    if sum(not phrasing.scope for phrasing in phrasings) > MAX_RIDGE_PHRASINGS:
        large = ShortlistRanker(phrasings, common.encoder, RANKER_WEIGHTS)
        return large, calibrate_sampled(large)
    texts = [phrasing.text for phrasing in phrasings]
    ranker = Ranker(
        phrasings,
        (
            TfidfView("words", texts, WORDS, common.words),
            TfidfView("letters", texts, LETTERS, common.letters),
            MeaningView("meaning", texts, common.encoder, common.vectors),
        ),
        RANKER_WEIGHTS,
    )
    return ranker, calibrate(ranker)


def _names_part(candidate: Candidate) -> bool:
    """Whether a part is asked for in the words of a phrasing, not only in their meaning."""
    return dict(candidate.scores)["words"] >= THRESHOLDS.min_clause_cosine


def _confidence(tried: tuple[str, tuple[Candidate, ...]]) -> float:
    return tried[1][0].confidence if tried[1] else 0.0
