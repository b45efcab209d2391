"""Entity linking: which roles a question names, through which of its words, with which score.

Titles that match the same words about as well are rivals, a choice for the asker; titles for
different words are several roles. A word beside a title may make it another role, which the content
doesn't have ("java developer"). Links have a confidence, and are masked before texts are compared.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from faqbot.matching.lexicon import NO_TITLES, OCCUPATIONS, SENIORITY, OccupationTitles
from faqbot.matching.other_roles import OtherRoles, TitleEvidence, compares
from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.matching.thresholds import LINK_THRESHOLDS, LinkThresholds
from faqbot.matching.titles import MAX_SHORT_QUESTION, TitleIndex, TitleMatch
from faqbot.model import LinkMethod, Role, RoleLink, RoleMention

POSSESSIVES = frozenset({"my", "our", "his", "her", "their"})

SUPERIORS = frozenset("manager managers lead director supervisor head chief".split())

BEFORE_NOUNS = frozenset("a an the for as of".split())
"""Words before a noun that names somebody's occupation."""

COMPARISON_WORDS = frozenset(
    "or vs versus than between differ difference different compare".split()
)
"""Words in whose question even part of a title names a second role."""


@dataclass(frozen=True, slots=True)
class Linking:
    """The mentions of a question in order, and the words of a role that isn't in the content."""

    mentions: tuple[RoleMention, ...] = ()
    unknown_role: str = ""


class RoleLinker:
    """Finds the roles that the words of a question name.

    Args:
        roles: the roles to find.
        asking: words in which people ask about any role; they are poor evidence for one.
        language: correct words of the language.
        everyday: the most frequent of them, which name no role by themselves.
        known: words of the content, which make no other role of a title beside them.
        compounds: joined words of titles with the pair that they stand for.
        occupations: titles of occupations in the world at large.
        written: texts of authors, in which they may name roles that they don't describe.
        things: what roles list, such as certificates.
        thresholds: from which scores on words name a role.
    """

    def __init__(
        self,
        roles: Iterable[Role],
        asking: frozenset[str],
        *,
        language: frozenset[str] = frozenset(),
        everyday: frozenset[str] = frozenset(),
        known: frozenset[str] = frozenset(),
        compounds: Mapping[str, tuple[str, str]] | None = None,
        occupations: OccupationTitles = NO_TITLES,
        written: Iterable[str] = (),
        things: Iterable[str] = (),
        thresholds: LinkThresholds = LINK_THRESHOLDS,
    ) -> None:
        self._thresholds = thresholds
        self._asking = asking
        roles = tuple(roles)
        self._grades = {role.id: grades for role in roles if (grades := _headed_grades(role))}
        self._index = TitleIndex(
            roles, asking, language, everyday, compounds or {}, thresholds=thresholds
        )
        self._others = OtherRoles(
            self._index, TitleEvidence(asking, known, language, occupations, written, things)
        )
        self._initials = self._unique_initials()

    def _unique_initials(self) -> Mapping[str, str]:
        roles: dict[str, set[str]] = {}
        for title, role, is_alias in zip(
            self._index.titles, self._index.roles, self._index.is_alias, strict=True
        ):
            if not is_alias and len(title) > 1:
                roles.setdefault("".join(word[0] for word in title), set()).add(role)
        return {
            # Initials of two roles, or that are a word of a title, don't tell which role is meant.
            initials: next(iter(named))
            for initials, named in roles.items()
            if len(named) == 1 and initials not in self._index
        }

    def link(
        self,
        asked: Sequence[str],
        written: Sequence[str] | None = None,
        codes: Container[str] = (),
        breaks: Collection[int] = (),
    ) -> Linking:
        """Return the roles that words name.

        Args:
            asked: the words, normalised and corrected.
            written: the same before correction, so that another correction can win where the
                words beside it say so.
            codes: the words that are written in capitals or have a digit.
            breaks: where the clauses after the first begin.
        """
        matches = self._index.match(asked, written or asked, codes)
        spans = self._others.spans(asked, breaks)
        mentions: list[RoleMention] = []
        taken: set[int] = set()
        for match in matches:
            if taken.intersection(range(match.start, match.end)):
                continue
            free = [m for m in matches if taken.isdisjoint(range(m.start, m.end))]
            mention = self._mention(asked, match, free, spans, breaks)
            if mention is None:
                continue
            mentions.append(mention)
            taken.update(range(mention.start, mention.end))
        kept = self._beside_best(mentions, asked, breaks) or self._link_initials(asked)
        if not any(mention.is_full or _has_noun(mention) for mention in kept):
            # "Python needed for a java developer": the noun is what is asked about.
            roles = [link.role for mention in kept for link in mention.links]
            kept += [
                mention
                for mention in mentions
                if mention.unknown_role
                and _has_noun(mention)
                and mention not in kept
                and not any(self._others.fits(mention.unknown_role, role) for role in roles)
            ]
        kept.sort(key=lambda mention: mention.start)
        return self._with_unknown_role(asked, kept, spans)

    def _with_unknown_role(
        self,
        asked: Sequence[str],
        mentions: Sequence[RoleMention],
        spans: Sequence[tuple[int, int]],
    ) -> Linking:
        """Return the mentions with the role that the content lacks, if there is one."""
        if not mentions:
            return Linking(unknown_role=self._others.alone(asked, spans))
        described = tuple(mention for mention in mentions if not mention.unknown_role)
        others = [mention.unknown_role for mention in mentions if mention.unknown_role]
        others = others or list(filter(None, [self._others.compared(asked, mentions)]))
        if not others:
            return Linking(tuple(mentions))
        # An author who names another role tells it from a described one, or from the one that the
        # conversation is about ("is that the same as a project manager?").
        told_apart = described or compares(asked)
        if told_apart and all(self._others.is_written(other, asked) for other in others):
            return Linking(described)
        return Linking(tuple(mentions), others[0])

    def near(self, asked: Sequence[str]) -> tuple[str, ...]:
        """Return at most three roles whose titles share a word with the text or resemble it."""
        matches = self._index.match(asked, asked)
        roles = dict.fromkeys(self._index.roles[match.title] for match in matches)
        if not roles and asked:
            found = process.extract(
                " ".join(asked),
                [" ".join(title) for title in self._index.titles],
                scorer=fuzz.WRatio,
                score_cutoff=self._thresholds.min_near_score,
                # More than three, because several titles and aliases may be those of one role.
                limit=8,
            )
            roles = dict.fromkeys(self._index.roles[row] for _, _, row in found)
        return tuple(roles)[:3]

    def _mention(
        self,
        asked: Sequence[str],
        match: TitleMatch,
        matches: Sequence[TitleMatch],
        spans: Sequence[tuple[int, int]],
        breaks: Collection[int],
    ) -> RoleMention | None:
        """Return the rivals for the words of a title, or None when they don't name a role."""
        if self._is_superior(asked, match) or self._is_worker(asked, match):
            return None
        if self._others.names_thing(asked, match.start, match.end):
            return None
        unknown_role = self._others.around(asked, match, spans, breaks)
        best: dict[str, TitleMatch] = {}
        start, end = match.start, match.end
        for rival in matches:
            if rival.start >= end or rival.end <= start:
                continue
            if not self._is_rival(match, rival):
                continue
            best.setdefault(self._index.roles[rival.title], rival)
        full = match.is_full
        # Beside a full title only an equal one is a rival: two roles may share an alias.
        if full:
            exact = {
                role: r for role, r in best.items() if r.is_full and r.strength == match.strength
            }
            best = exact or {self._index.roles[match.title]: match}
        factor, needed = 1.0, self._thresholds.min_link_score
        if unknown_role:
            factor = self._thresholds.unknown_role_factor
            needed = self._thresholds.min_unknown_role_score
        if match.score * factor < needed and (unknown_role or not self._is_head(asked, match)):
            return None
        matched = " ".join(asked[start:end])
        links = tuple(
            RoleLink(role, matched, self._method(rival), round(min(rival.score, 1.0) * factor, 4))
            for role, rival in best.items()
        )
        # The grade is masked with the title; left over, it would count as a word for a section.
        # A page with a section for each grade is asked for one by just that word.
        headed = self._grades.get(links[0].role, frozenset()) if len(links) == 1 else frozenset()
        while (
            start > 0
            and start not in breaks
            and asked[start - 1] in SENIORITY
            and asked[start - 1] not in headed
        ):
            start -= 1
        return RoleMention(start, end, links, unknown_role, full)

    def _is_head(self, asked: Sequence[str], match: TitleMatch) -> bool:
        """Return whether a word is the noun that ends the titles of one role alone: "a host"."""
        said = asked[match.start]
        noun = singular(said)
        if match.end - match.start > 1 or not match.exact:
            return False
        title = self._index.titles[match.title]
        if noun != title[-1] or self._index.is_alias[match.title]:
            return False
        before = asked[match.start - 1] if match.start else ""
        after = asked[match.end] if match.end < len(asked) else ""
        # "The host of the meeting" is one as well, but "host a meeting" and "the host country"
        # aren't.
        as_noun = before in BEFORE_NOUNS or len(asked) <= MAX_SHORT_QUESTION
        ends = not after or after in STOP_WORDS or after in self._asking
        return as_noun and ends and self._index.is_of_one_role(noun)

    def _is_superior(self, asked: Sequence[str], match: TitleMatch) -> bool:
        """Return whether the words are somebody's superior: "my manager" is a person, no role."""
        owned = match.start > 0 and asked[match.start - 1] in POSSESSIVES
        return owned and not match.is_full and asked[match.start] in SUPERIORS

    def _method(self, match: TitleMatch) -> LinkMethod:
        if not match.exact:
            return LinkMethod.TYPO
        if not match.is_full:
            return LinkMethod.PARTIAL
        return LinkMethod.ALIAS if self._index.is_alias[match.title] else LinkMethod.TITLE

    def _is_worker(self, asked: Sequence[str], match: TitleMatch) -> bool:
        """Return whether "worker" makes another job of part of a title: "warehouse worker"."""
        after = asked[match.end : match.end + 1]
        return not match.is_full and bool(after) and singular(after[0]) == "worker"

    def _link_initials(self, asked: Sequence[str]) -> list[RoleMention]:
        """Return the role whose title has a word of a short question as initials: "da certs"."""
        # In a longer question a few letters are more often a word than a role.
        if len(asked) > MAX_SHORT_QUESTION:
            return []
        for position, word in enumerate(asked):
            role = self._initials.get(word)
            if role is not None and word not in STOP_WORDS:
                link = RoleLink(role, word, LinkMethod.PARTIAL, self._thresholds.initials_score)
                return [RoleMention(position, position + 1, (link,))]
        return []

    def _is_rival(self, best: TitleMatch, other: TitleMatch) -> bool:
        """Return whether another title matches the same words about as well as the best one."""
        if best.is_full:
            return other.strength >= self._thresholds.min_rival_share * best.strength
        share = self._thresholds.min_partial_rival_share
        if other.covered >= best.covered:
            share *= share
        return other.strength >= share * best.strength

    def _beside_best(
        self, mentions: Sequence[RoleMention], asked: Sequence[str], breaks: Collection[int]
    ) -> list[RoleMention]:
        """Return the mentions that count beside the best: a full title outweighs stray words."""
        best = max(mentions, key=lambda mention: mention.score, default=None)
        if best is None:
            return []
        best_words = set(best.links[0].words.split())
        compared = not COMPARISON_WORDS.isdisjoint(asked)
        return [
            mention
            for mention in mentions
            if mention is best
            or self._is_listed(mention, best, asked, breaks)
            or (
                mention.score >= self._thresholds.min_mention_share * best.score
                # The same words once more ("a data analyst ... the analyst") mean the same role.
                and not (best.is_full and best_words.issuperset(mention.links[0].words.split()))
                # Stray words of a title ("data", "support") are a second role only in a comparison.
                and (
                    not best.is_full
                    or compared
                    or _has_noun(mention)
                    or self._is_another(mention, best, asked, breaks)
                )
            )
        ]

    def _is_another(
        self,
        mention: RoleMention,
        best: RoleMention,
        asked: Sequence[str],
        breaks: Collection[int],
    ) -> bool:
        """Return whether a whole title is a second role beside the best mention.

        It is one where it ends as titles of occupations do, or where it is listed: "for sales, and
        for an estimator".
        """
        if not mention.is_full or mention.links[0].method is LinkMethod.TYPO:
            return False
        if self._others.is_occupation(singular(asked[mention.end - 1])):
            return True
        return _are_listed(mention, best, asked, breaks)

    def _is_listed(
        self,
        mention: RoleMention,
        best: RoleMention,
        asked: Sequence[str],
        breaks: Collection[int],
    ) -> bool:
        """Return whether the noun of a title stands for it in a list: "assistant and driver"."""
        noun = singular(asked[mention.end - 1])
        return (
            mention.links[0].method is LinkMethod.PARTIAL
            and self._others.is_occupation(noun)
            and noun not in best.links[0].words.split()
            and _are_listed(mention, best, asked, breaks)
        )


def _are_listed(
    one: RoleMention, other: RoleMention, asked: Sequence[str], breaks: Collection[int]
) -> bool:
    """Return whether nothing but the beginning of a clause stands between two mentions."""
    first, second = sorted((one, other), key=lambda mention: mention.start)
    listed = any(first.end <= at <= second.start for at in breaks)
    return listed and STOP_WORDS.issuperset(asked[first.end : second.start])


def _has_noun(mention: RoleMention) -> bool:
    return any(singular(word) in OCCUPATIONS for word in mention.links[0].words.split())


def _headed_grades(role: Role) -> frozenset[str]:
    """Return the grades for which a role has a section: "Senior Site Engineer"."""
    own = words(normalise(role.title))
    headings = (words(normalise(section.title)) for section in role.sections)
    return frozenset(heading[0] for heading in headings if heading[1:] == own) & SENIORITY
