"""Every number that decides whether something is answered, offered or linked.

A test compares the table in `docs/explanation/matching.md` with this module. The values were
chosen on development questions; after a change run `make bench`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confidences, 0 to 1, from which a candidate is answered, offered or named.

    Attributes:
        answer: from here on a candidate is answered, if it is `min_margin` before the second.
        offer: from here on candidates are offered as choices.
        offer_faq: the same where an FAQ is the best of them: of a role that is named there is more
            to say than what is near, such as who knows about it.
        max_vetoed: the most for a candidate that leaves unexplained what a question demands.
        min_margin: how far the best candidate must lie before the second to be answered.
        min_option: from here on a further candidate is one of the choices.
        min_part: from here on a part is clear enough to ask which role is meant.
        min_clause: from here on a clause is one of several parts that a question asks for.
        min_clause_cosine: the cosine of words from which a clause names a part.
        max_first_role_lag: how far the role named first may lie behind another: two roles often
            have the same FAQ.
        min_line_share: the share of the words for a thing that a line must hold to be about it.
        unprompted: from here on a question that wasn't put to the bot is answered in a channel.
        already_answered: from here on an FAQ seems to answer a proposed question already.
        suggest_phrasing: from here on an unanswered question may be a phrasing of an entry.
        max_options: how many roles are offered, or answered side by side, at most.
        max_choices: how many entries are offered at most: the right one is among four for 94 % of
            the questions, among three for 91.
    """

    answer: float = 0.45
    offer: float = 0.1
    offer_faq: float = 0.08
    max_vetoed: float = 0.4
    min_margin: float = 0.045
    min_option: float = 0.03
    min_part: float = 0.38
    min_clause: float = 0.87
    min_clause_cosine: float = 0.25
    max_first_role_lag: float = 0.15
    min_line_share: float = 0.6
    unprompted: float = 0.8
    already_answered: float = 0.6
    suggest_phrasing: float = 0.25
    max_options: int = 3
    max_choices: int = 4


@dataclass(frozen=True, slots=True)
class LinkThresholds:
    """Scores, and shares of the best score, from which words name a role.

    Attributes:
        min_title_score: the share of the best title's strength that a title must be able to reach
            to be judged.
        max_judged_titles: how many titles are judged for a question at most.
        min_link_score: the score from which words name a role.
        min_unknown_role_score: the same where a word beside a title makes it another role.
        unknown_role_factor: what a score keeps when a word beside the title makes it another role.
        min_rival_share: the share of a full title's strength from which another is its rival.
        min_partial_rival_share: the same where no title is named in full; squared for a title that
            covers as much, since part of a title is part of others too.
        min_mention_share: the share of the best mention's score from which another one counts.
        initials_score: the score of a link by the initials of a title.
        min_near_score: the likeness (rapidfuzz WRatio, 0 to 100) from which a role is offered
            for words that name none.
    """

    min_title_score: float = 0.3
    max_judged_titles: int = 48
    min_link_score: float = 0.34
    min_unknown_role_score: float = 0.17
    unknown_role_factor: float = 0.45
    min_rival_share: float = 0.8
    min_partial_rival_share: float = 0.6
    min_mention_share: float = 0.6
    initials_score: float = 0.6
    min_near_score: float = 70.0


@dataclass(frozen=True, slots=True)
class Confidences:
    """Confidences that are set, not calculated: how often links and facts were right when measured.

    Attributes:
        verbatim: of an entry whose own question is asked, word for word.
        exact_link: of a role named by a whole title, or by the conversation.
        max_inexact_link: the most of a role named with a typing error, or in part.
        typo_link, typo_link_slope: of a role named with a typing error, at score 0 and for each 1.
        partial_link, partial_link_slope: of a role named in part, at score 0 and for each 1.
        fact: of a fact.
        fact_not_listed: of the fact that a role doesn't list a thing.
        fact_of_conversation: of what a question asks of "this", where a conversation has a role.
    """

    verbatim: float = 0.99
    exact_link: float = 0.99
    max_inexact_link: float = 0.97
    typo_link: float = 0.75
    typo_link_slope: float = 0.25
    partial_link: float = 0.7
    partial_link_slope: float = 0.35
    fact: float = 0.95
    fact_not_listed: float = 0.9
    fact_of_conversation: float = 0.75


@dataclass(frozen=True, slots=True)
class ScoreWeights:
    """What is added to the score of a candidate, and what words count for in it.

    Attributes:
        section_overlap: added in full when all that a question says besides asking stands in a
            section.
        role_faq: added to the score of a role's own FAQ: an author wrote it for just this question.
        asking_word: what a word for asking counts beside a word like "Kubernetes".
        everyday_word: what an everyday word counts beside it.
    """

    section_overlap: float = 0.3
    role_faq: float = 0.02
    asking_word: float = 0.25
    everyday_word: float = 0.4


THRESHOLDS: Final = Thresholds()
LINK_THRESHOLDS: Final = LinkThresholds()
CONFIDENCES: Final = Confidences()
SCORE_WEIGHTS: Final = ScoreWeights()
