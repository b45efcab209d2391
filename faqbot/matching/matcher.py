"""The matching pipeline: a question in, a ParsedQuestion out.

The question is normalised and its spelling corrected; roles are linked and masked; the entries of
the role are ranked by the words that are left. A matcher never changes once it is built.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from faqbot.matching.calibration import Calibration, calibrate, calibrate_sampled
from faqbot.matching.candidates import CandidateFinder, Explanation, SectionOverlap
from faqbot.matching.entry_index import EntryIndex
from faqbot.matching.question_reader import QuestionReader, Reading
from faqbot.matching.ranking import (
    ALL_SCOPES,
    MAX_RIDGE_PHRASINGS,
    Phrasing,
    Ranker,
    RankerWeights,
    Scorer,
)
from faqbot.matching.role_linker import Linking, RoleLinker
from faqbot.matching.role_links import links_of, mask_roles
from faqbot.matching.shortlist import ShortlistRanker
from faqbot.matching.similarity import MeaningView, TfidfView
from faqbot.matching.spelling import Vocabulary, count_words
from faqbot.matching.text import ROLE_WORD, STOP_WORDS, Token, clauses, codes, normalise, words
from faqbot.matching.tfidf import LETTERS, WORDS, Floats
from faqbot.matching.thresholds import THRESHOLDS
from faqbot.matching.titles import title_key
from faqbot.matching.training_data import (
    ScopeKeys,
    SharedResources,
    authored_questions,
    compounds_in,
    entry_texts,
    listed_items,
    mask_slots,
    own_name_words,
    own_phrasings,
    plain_text,
    scope_keys,
    shared_phrasings,
    things_listed,
)
from faqbot.matching.vector_cache import CachedEncoder
from faqbot.matching.verbatim import VerbatimQuestions
from faqbot.matching.verifier import Verifier, load_weights
from faqbot.matching.vetoes import NO_DEMANDS, Demands, Vetoes, demands_of
from faqbot.model import (
    Candidate,
    EntryKind,
    KnowledgeBase,
    LinkMethod,
    ParsedQuestion,
    Role,
)

RANKER_WEIGHTS = RankerWeights(views=(0.06, 0.14, 0.8), ridge=0.7, penalty=0.2)
"""Chosen by cross-validation on training data: words, letters, meaning.

`docs/explanation/matching.md` has the figures.
"""

MAX_CLAUSE_WORDS = 6
"""Words of the longest clause that can name a part."""

MAX_PARTS = 4
"""Clauses of the longest question that can be a list of parts."""


@dataclass(frozen=True, slots=True)
class _Search:
    """A search: the words that were compared, the scope, and the candidates found there."""

    asked: tuple[str, ...]
    scope: str
    candidates: tuple[Candidate, ...]

    @property
    def confidence(self) -> float:
        """The confidence of the best candidate."""
        return self.candidates[0].confidence if self.candidates else 0.0


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
            things=things_listed(knowledge_base),
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
        self._reader = QuestionReader(self._linker, self.vocabulary)
        # Only now: masking needs the linker, and the linker needs the words of all phrasings.
        own = [
            Phrasing(self._mask_phrasing(text, role), key, role.id)
            for role in knowledge_base.roles
            for key, text in own_phrasings(role, shipped.phrasings)
        ]
        phrasings += own
        overlap = SectionOverlap(knowledge_base, resources.sections, resources.everyday)
        self.ranker: Scorer
        self.ranker, calibration, encoder = _train(phrasings, resources, scope_keys(knowledge_base))
        entries = EntryIndex(
            phrasings,
            entry_texts(knowledge_base, shipped.phrasings),
            encoder,
            resources.word_vectors,
        )
        weights = load_weights("static" if encoder is resources.static_vectors else "minilm")
        self._candidates = CandidateFinder(
            self.ranker,
            calibration,
            overlap=overlap,
            verifier=Verifier(entries, resources.word_vectors, weights),
            vetoes=Vetoes(knowledge_base, resources.explanations),
            encoder=encoder,
        )
        self._verbatim = VerbatimQuestions(knowledge_base, own)
        self._language, self._familiar = resources.language, resources.familiar

    def prepare_entries(self) -> Iterator[None]:
        """Make what the first questions to each entry would wait for; yields often, for pauses."""
        return self._candidates.prepare_entries()

    def read_all(self, texts: Sequence[str]) -> list[Reading]:
        """Read questions; their words go through the encoder together, which saves time."""
        readings = [self._reader.read(text) for text in texts]
        searched = [[token.word for token in one.masked] for one in readings]
        self._candidates.prepare(chain(searched, *(_sentences(one.masked) for one in readings)))
        return readings

    def parse(
        self, text: str, role: str | None = None, reading: Reading | None = None
    ) -> ParsedQuestion:
        """Parse a question.

        Args:
            text: the question.
            role: the one that the conversation is about, if any.
            reading: what `read_all` returned for the text, if it was read before.
        """
        read = reading or self._reader.read(text)
        normalised, asked, masked, linking = read.normalised, read.asked, read.masked, read.linking
        demands = self._demands(text, asked, masked)
        search = self._best_scope(asked, linking, role, demands)
        without_roles = tuple(token.word for token in masked if token.word != ROLE_WORD)
        return ParsedQuestion(
            text=text,
            normalised=normalised,
            left_out=read.left_out,
            corrections=read.corrections,
            words=tuple(token.word for token in asked),
            mentions=linking.mentions,
            links=links_of(linking, role),
            unknown_role=linking.unknown_role,
            words_without_roles=without_roles,
            content_words=tuple(word for word in without_roles if word not in STOP_WORDS),
            candidates=search.candidates,
            parts=self._parts(masked, search.scope, demands),
            verbatim=self._verbatim.find(normalised, role)
            or self._verbatim.find_of_role(masked, linking),
        )

    def explain(self, text: str, role: str | None = None) -> tuple[Explanation, ...]:
        """Return why the candidates of a question have their confidences, the best first.

        Args:
            text: a question.
            role: the role that the conversation is about, if any.
        """
        read = self._reader.read(text)
        demands = self._demands(text, read.asked, read.masked)
        search = self._best_scope(read.asked, read.linking, role, demands)
        return self._candidates.explain(search.asked, search.scope, demands)

    def judge(
        self, text: str, role: str | None = None, without: Container[str] = ()
    ) -> tuple[tuple[str, ...], Floats]:
        """Return the keys of the best classes for a text, and the verifier's features of each.

        Args:
            text: a question.
            role: the role that the conversation is about, if any.
            without: keys of classes that are left out, as if they hadn't been written.
        """
        parsed = self.parse(text, role)
        asked, _ = self._reader.correct(parsed.normalised, codes(text))
        masked = tuple(token.word for token in mask_roles(asked, parsed.mentions))
        named = [m.links[0].role for m in parsed.mentions if len(m.links) == 1]
        scope = named[0] if named else role or ALL_SCOPES
        return self._candidates.judge(masked, scope, without)

    def _demands(self, text: str, asked: Sequence[Token], masked: Sequence[Token]) -> Demands:
        """Return what a question demands of an entry, besides its roles."""
        left = [token for token in masked if token.word != ROLE_WORD]
        spoken = dict.fromkeys(word for token in left for word in (token.word, token.written))
        # "QA" in the name of a role is no code: the role explains it.
        named = {token.written for token in asked} - set(spoken)
        demands = demands_of(text, tuple(spoken), self._language, self._familiar)
        return replace(demands, codes=tuple(c for c in demands.codes if c not in named))

    def _best_sentence(
        self, asked: Sequence[Token], scope: str, demands: Demands = NO_DEMANDS
    ) -> _Search:
        """Return the search with the whole text, or with the sentence that finds a better one."""
        best = self._search(tuple(token.word for token in asked), scope, demands)
        for spoken in _sentences(asked):
            search = self._search(spoken, scope, demands)
            if search.candidates and (not best.candidates or search.confidence > best.confidence):
                best = search
        return best

    def _search(self, asked: tuple[str, ...], scope: str, demands: Demands) -> _Search:
        return _Search(asked, scope, self._candidates.find(asked, scope, demands))

    def link_roles(self, asked: Sequence[str]) -> Linking:
        """Return the roles that words name on their own."""
        return self._linker.link(list(asked), list(asked))

    def near_roles(self, text: str) -> tuple[str, ...]:
        """Return at most three roles whose titles resemble the text, best first."""
        return self._linker.near(words(normalise(text)))

    def _best_scope(
        self, asked: Sequence[Token], linking: Linking, role: str | None, demands: Demands
    ) -> _Search:
        """Return the search in the role among whose entries the best candidates are.

        Where several roles are named, each is tried, with the others' names masked and shown: "how
        does an analyst differ from an engineer" is an FAQ of one of the two.
        """
        named = [mention.links[0].role for mention in linking.mentions if len(mention.links) == 1]
        masked = mask_roles(asked, linking.mentions)
        if len(named) <= 1:
            scope = named[0] if named else ALL_SCOPES if linking.mentions or role is None else role
            return self._best_sentence(masked, scope, demands)
        scopes = tuple(dict.fromkeys(named))
        all_masked = [self._best_sentence(masked, scope, demands) for scope in scopes]
        others_shown = [
            self._best_sentence(
                mask_roles(asked, linking.mentions, self._title_words, own=scope), scope, demands
            )
            for scope in scopes
        ]
        best = max(all_masked, key=_confidence)
        if (
            best.confidence >= THRESHOLDS.min_clause
            and best.candidates[0].kind is not EntryKind.FAQ
        ):
            return best
        of_each = [
            max(pair, key=_confidence) for pair in zip(all_masked, others_shown, strict=True)
        ]
        highest = max(each.confidence for each in of_each)
        # Two roles often have the same FAQ; the one that is named first is the one asked about.
        return next(
            each for each in of_each if each.confidence >= highest - THRESHOLDS.max_first_role_lag
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

    def _parts(self, asked: Sequence[Token], scope: str, demands: Demands) -> tuple[Candidate, ...]:
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
            candidates = self._candidates.find(clause, scope, demands)
            if (
                candidates
                and candidates[0].confidence >= THRESHOLDS.min_clause
                and _names_part(candidates[0])
            ):
                best.setdefault(candidates[0].id, candidates[0])
        return tuple(best.values()) if len(best) > 1 else ()


def _train(
    phrasings: Sequence[Phrasing], resources: SharedResources, keys: ScopeKeys
) -> tuple[Scorer, Calibration, CachedEncoder]:
    """Return the ranker that suits the number of phrasings, its calibration and its encoder."""
    if sum(not phrasing.scope for phrasing in phrasings) > MAX_RIDGE_PHRASINGS:
        encoder = resources.static_vectors
        shortlist_ranker = ShortlistRanker(phrasings, encoder, RANKER_WEIGHTS, keys)
        return shortlist_ranker, calibrate_sampled(shortlist_ranker), encoder
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
    return ranker, calibrate(ranker), resources.encoder


def _sentences(asked: Sequence[Token]) -> Iterator[tuple[str, ...]]:
    """Yield the words of each sentence that says something, where there are several.

    A story around the question must not dilute the one sentence that asks.
    """
    numbers = sorted({token.sentence for token in asked})
    for number in numbers if len(numbers) > 1 else ():
        spoken = tuple(token.word for token in asked if token.sentence == number)
        if not all(word in STOP_WORDS or word == ROLE_WORD for word in spoken):
            yield spoken


def _names_part(candidate: Candidate) -> bool:
    """Return whether a part is asked for in words of a phrasing, not only by their meaning."""
    return dict(candidate.scores)["words"] >= THRESHOLDS.min_clause_cosine


def _confidence(search: _Search) -> float:
    return search.confidence
