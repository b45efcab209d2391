"""The matching pipeline: a question in, a ParsedQuestion out.

The question is normalised and its spelling corrected; roles are linked and masked; the entries of
the role are ranked by the words that are left. A matcher never changes once it is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from faqbot.matching.calibration import Calibration, calibrate, calibrate_sampled
from faqbot.matching.candidates import CandidateFinder, SectionOverlap
from faqbot.matching.exclusions import without_exclusion
from faqbot.matching.ranking import (
    ALL_SCOPES,
    MAX_RIDGE_PHRASINGS,
    Phrasing,
    Ranker,
    RankerWeights,
    Scorer,
)
from faqbot.matching.role_linker import Linking, RoleLinker
from faqbot.matching.scope_keys import ScopeKeys, scope_keys
from faqbot.matching.shortlist import ShortlistRanker
from faqbot.matching.similarity import MeaningView, TfidfView
from faqbot.matching.spelling import Vocabulary, count_words
from faqbot.matching.text import (
    ROLE_WORD,
    STOP_WORDS,
    Token,
    clauses,
    codes,
    normalise,
    words,
)
from faqbot.matching.tfidf import LETTERS, WORDS
from faqbot.matching.thresholds import CONFIDENCES, THRESHOLDS
from faqbot.matching.titles import title_key
from faqbot.matching.training_data import (
    SharedResources,
    authored_questions,
    compounds_in,
    listed_items,
    mask_slots,
    own_name_words,
    own_phrasings,
    plain_text,
    shared_phrasings,
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
    """Return the words with each mention of a role masked.

    Args:
        asked: the words of a question.
        mentions: the mentions to mask.
        titles: the words of the titles of roles that are shown by their title instead.
        own: the role that is masked all the same.
    """
    masked = list(asked)
    # From the end, so that the positions of earlier mentions stay right.
    for mention in sorted(mentions, key=lambda mention: -mention.start):
        first = masked[mention.start]
        role = mention.links[0].role
        shown = (ROLE_WORD,) if role == own else titles.get(role, (ROLE_WORD,))
        masked[mention.start : mention.end] = [replace(first, word=word) for word in shown]
    return masked


def links_of(linking: Linking, role: str | None) -> tuple[RoleLink, ...]:
    """Return the roles that a question names, or else the role of the conversation."""
    links = tuple(link for mention in linking.mentions for link in mention.links)
    if not links and role is not None:
        return (RoleLink(role, "", LinkMethod.CONVERSATION, 1.0),)
    return links


def link_confidence(link: RoleLink) -> float:
    """Return the probability that a link names its role."""
    match link.method:
        case LinkMethod.TITLE | LinkMethod.ALIAS | LinkMethod.CONVERSATION:
            return CONFIDENCES.exact_link
        case LinkMethod.TYPO:
            confidence = CONFIDENCES.typo_link + CONFIDENCES.typo_link_slope * link.score
        case LinkMethod.PARTIAL:
            confidence = CONFIDENCES.partial_link + CONFIDENCES.partial_link_slope * link.score
    return min(CONFIDENCES.max_inexact_link, confidence)


def link_groups(links: Iterable[RoleLink]) -> list[list[RoleLink]]:
    """Group links by the words that they come from; groups of the same roles are one."""
    groups: dict[str, list[RoleLink]] = {}
    for link in links:
        groups.setdefault(link.words, []).append(link)
    by_roles = {tuple(link.role for link in group): group for group in groups.values()}
    return list(by_roles.values())


RANKER_WEIGHTS = RankerWeights(views=(0.12, 0.18, 0.7), ridge=0.7, penalty=0.2)
"""Chosen by cross-validation on training data: words, letters, meaning (`docs/matching.md`)."""

MAX_WORDS = 160
"""Words of a question that are read."""

MAX_CLAUSE_WORDS = 6
"""Words of the longest clause that can name a part."""

MAX_PARTS = 4
"""Clauses of the longest question that can be a list of parts."""


class Matcher:
    """Parses questions about a knowledge base.

    Args:
        knowledge_base: the content.
        resources: what all indexes share.
    """

    def __init__(self, knowledge_base: KnowledgeBase, resources: SharedResources) -> None:
        self._knowledge_base = knowledge_base
        shipped = resources.shipped
        phrasings = list(shared_phrasings(knowledge_base, shipped))
        asked = [phrasing.text for phrasing in phrasings if phrasing.key]
        asked += [
            plain_text(text)
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
        compounds = compounds_in(titles)
        self._linker = RoleLinker(
            knowledge_base.roles,
            resources.asking,
            language=resources.language,
            everyday=resources.everyday,
            known=phrasing_words,
            compounds=compounds,
            occupations=resources.occupations,
            written=authored_questions(knowledge_base),
        )
        self._title_words = {
            role.id: title_key(role.title, compounds) for role in knowledge_base.roles
        }
        counts = count_words([*asked, *titles, *map(normalise, listed_items(knowledge_base))])
        self.vocabulary = Vocabulary(
            counts,
            resources.language,
            compounds,
            known=phrasing_words | resources.name_words | own_name_words(knowledge_base),
        )
        # Only now: masking needs the linker, and the linker needs the words of all phrasings.
        phrasings += [
            Phrasing(self._mask_phrasing(text, role), key, role.id)
            for role in knowledge_base.roles
            for key, text in own_phrasings(role, shipped.phrasings)
        ]
        overlap = SectionOverlap(knowledge_base, resources.sections, resources.everyday)
        self.ranker: Scorer
        self.ranker, calibration = _train(phrasings, resources, scope_keys(knowledge_base))
        self._candidates = CandidateFinder(self.ranker, calibration, overlap)

    def parse(self, text: str, role: str | None = None) -> ParsedQuestion:
        """Parse a question; `role` is the one that the conversation is about, if any."""
        normalised = normalise(text)
        as_codes = codes(text)
        kept, left_out = without_exclusion(normalised)
        asked, corrections = self._corrected(kept, as_codes)
        linking = self._linker.link(
            [token.word for token in asked], [token.written for token in asked], as_codes
        )
        masked = mask_roles(asked, linking.mentions)
        scope, candidates = self._best_scope(asked, linking, role)
        without_roles = tuple(token.word for token in masked if token.word != ROLE_WORD)
        return ParsedQuestion(
            text=text,
            normalised=normalised,
            left_out=left_out,
            corrections=tuple(corrections),
            words=tuple(token.word for token in asked),
            mentions=linking.mentions,
            links=links_of(linking, role),
            unknown_role=linking.unknown_role,
            words_without_roles=without_roles,
            content_words=tuple(word for word in without_roles if word not in STOP_WORDS),
            candidates=candidates,
            parts=self._parts(masked, scope),
        )

    def _corrected(
        self, normalised: str, as_codes: frozenset[str]
    ) -> tuple[list[Token], list[Correction]]:
        asked: list[Token] = []
        corrections: list[Correction] = []
        for number, (sentence, written) in enumerate(clauses(normalised)):
            for typed, meant in self.vocabulary.correct(written, as_codes):
                if meant != typed:
                    corrections.append(Correction(" ".join(typed), " ".join(meant)))
                # The linker may correct a single word otherwise, from the words beside it.
                one = len(typed) == len(meant) == 1
                asked.extend(
                    Token(word, typed[0] if one else word, number, sentence) for word in meant
                )
        return asked[:MAX_WORDS], corrections

    def _best_sentence(self, asked: Sequence[Token], scope: str) -> tuple[Candidate, ...]:
        """Return the candidates of the whole text, or of the sentence with a better one."""
        best = self._candidates.find(tuple(token.word for token in asked), scope)
        sentences = {token.sentence for token in asked}
        # A story around the question must not dilute the one sentence that asks.
        if len(sentences) > 1:
            for sentence in sorted(sentences):
                spoken = tuple(token.word for token in asked if token.sentence == sentence)
                if all(word in STOP_WORDS or word == ROLE_WORD for word in spoken):
                    continue
                candidates = self._candidates.find(spoken, scope)
                if candidates and (not best or candidates[0].confidence > best[0].confidence):
                    best = candidates
        return best

    def link_roles(self, asked: Sequence[str]) -> Linking:
        """Return the roles that words name on their own."""
        return self._linker.link(list(asked), list(asked))

    def near_roles(self, text: str) -> tuple[str, ...]:
        """Return at most three roles whose titles resemble the text, best first."""
        return self._linker.near(words(normalise(text)))

    def _best_scope(
        self, asked: Sequence[Token], linking: Linking, role: str | None
    ) -> tuple[str, tuple[Candidate, ...]]:
        """Return the role among whose entries the best candidates are, with these candidates.

        Where several roles are named, each is tried, with the others' names masked and shown: "how
        does an analyst differ from an engineer" is an FAQ of one of the two.
        """
        named = [mention.links[0].role for mention in linking.mentions if len(mention.links) == 1]
        masked = mask_roles(asked, linking.mentions)
        if len(named) <= 1:
            scope = named[0] if named else ALL_SCOPES if linking.mentions or role is None else role
            return scope, self._best_sentence(masked, scope)
        scopes = tuple(dict.fromkeys(named))
        all_masked = [(scope, self._best_sentence(masked, scope)) for scope in scopes]
        others_shown = [
            (
                scope,
                self._best_sentence(
                    mask_roles(asked, linking.mentions, self._title_words, own=scope), scope
                ),
            )
            for scope in scopes
        ]
        best = max(all_masked, key=_confidence)
        if _confidence(best) >= THRESHOLDS.min_clause and best[1][0].kind is not EntryKind.FAQ:
            return best
        of_each = [
            max(pair, key=_confidence) for pair in zip(all_masked, others_shown, strict=True)
        ]
        highest = max(_confidence(each) for each in of_each)
        # Two roles often have the same FAQ; the one that is named first is the one asked about.
        return next(
            each for each in of_each if _confidence(each) >= highest - THRESHOLDS.max_first_role_lag
        )

    def _mask_phrasing(self, text: str, role: Role) -> str:
        """Return a phrasing of a role with the role masked, and other roles by their titles."""
        asked = [
            Token(word, word)
            for _, clause in clauses(normalise(mask_slots(text)))
            for word in clause
        ]
        mentions = [
            mention
            for mention in self._linker.link([token.word for token in asked]).mentions
            # Other roles count by whole titles only: part of one is often an ordinary word.
            if mention.links[0].method in (LinkMethod.TITLE, LinkMethod.ALIAS)
            or mention.links[0].role == role.id
        ]
        masked = mask_roles(asked, mentions, self._title_words, own=role.id)
        return " ".join(token.word for token in masked)

    def _parts(self, asked: Sequence[Token], scope: str) -> tuple[Candidate, ...]:
        """Return the best entry of each clause of a list of parts; none of any other question."""
        asked_clauses = [
            clause
            for number in dict.fromkeys(token.clause for token in asked)
            if (clause := tuple(token.word for token in asked if token.clause == number))
            and not all(word in STOP_WORDS or word == ROLE_WORD for word in clause)
        ]
        if not 1 < len(asked_clauses) <= MAX_PARTS:
            return ()
        best: dict[str, Candidate] = {}
        for clause in asked_clauses:
            # A longer clause is a question by itself and no item of a list.
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


def _train(
    phrasings: Sequence[Phrasing], resources: SharedResources, keys: ScopeKeys
) -> tuple[Scorer, Calibration]:
    """Return the ranker that suits the number of phrasings, with its calibration."""
    if sum(not phrasing.scope for phrasing in phrasings) > MAX_RIDGE_PHRASINGS:
        shortlist_ranker = ShortlistRanker(phrasings, resources.encoder, RANKER_WEIGHTS, keys)
        return shortlist_ranker, calibrate_sampled(shortlist_ranker)
    texts = [phrasing.text for phrasing in phrasings]
    ranker = Ranker(
        phrasings,
        (
            TfidfView("words", texts, WORDS, resources.words),
            TfidfView("letters", texts, LETTERS, resources.letters),
            MeaningView("meaning", texts, resources.encoder, resources.vectors),
        ),
        RANKER_WEIGHTS,
        keys,
    )
    return ranker, calibrate(ranker)


def _names_part(candidate: Candidate) -> bool:
    """Return whether a part is asked for in words of a phrasing, not only by their meaning."""
    return dict(candidate.scores)["words"] >= THRESHOLDS.min_clause_cosine


def _confidence(scoped: tuple[str, tuple[Candidate, ...]]) -> float:
    _, candidates = scoped
    return candidates[0].confidence if candidates else 0.0
