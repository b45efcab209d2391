"""Role linking: which role a question names, through which of its words, and how surely.

Rival titles for the same words are a choice; titles for different words are several roles; and a
word beside a title may make it another role ("java developer"), which the content does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from faqbot.matching.lexicon import COLOURS, NO_NAMES, OCCUPATIONS, SENIORITY
from faqbot.matching.text import STOP_WORDS, singular
from faqbot.matching.thresholds import LINK_THRESHOLDS, LinkThresholds
from faqbot.matching.titles import SHORT, TitleIndex, TitleReading
from faqbot.model import LinkMethod, Role, RoleLink, RoleMention

POSSESSIVES = frozenset({"my", "our", "his", "her", "their"})

SUPERIORS = frozenset("manager managers lead director supervisor head chief".split())

COMPARING = frozenset("or vs versus than between differ difference different compare".split())
"""Words beside which even part of a title names a second role."""


@dataclass(frozen=True, slots=True)
class Linking:
    """The mentions of a question in reading order, and the words of a role that is unknown."""

    mentions: tuple[RoleMention, ...] = ()
    unknown_role: str = ""


class RoleLinker:
    """Finds the roles of a library in the words of a question.

    Args:
        roles: the roles to find.
        asking: words in which people ask about any role; they are poor evidence for one.
        language: words of the language, which are not typing errors by themselves.
        everyday: the most frequent words of the language, which name no role by themselves.
        known: words of the content, which make no other role of a title that they stand beside.
        compounds: joined words of titles with the pair that they stand for.
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
        thresholds: LinkThresholds = LINK_THRESHOLDS,
    ) -> None:
        self._thresholds = thresholds
        self._asking = asking
        self._known = known | asking
        self._index = TitleIndex(
            roles, asking, language, everyday, compounds or {}, thresholds=thresholds
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
            initials: next(iter(named))
            for initials, named in roles.items()
            if len(named) == 1 and initials not in self._index
        }

    def link(self, asked: Sequence[str], written: Sequence[str] | None = None) -> Linking:
        """The roles that the words name.

        Args:
            asked: the words, normalised and repaired.
            written: the same before they were repaired, so that another repair can win where
                the words beside it say so.
        """
        readings = self._index.readings(asked, written or asked)
        mentions: list[RoleMention] = []
        taken: set[int] = set()
        for reading in readings:
            if taken.intersection(range(reading.start, reading.end)):
                continue
            mention = self._mention(asked, reading, readings)
            if mention is None:
                continue
            mentions.append(mention)
            taken.update(range(mention.start, mention.end))
        mentions = self._beside_best(mentions, asked)
        mentions = mentions or self._acronym(asked)
        mentions.sort(key=lambda mention: mention.start)
        unknown = next((m.unknown_role for m in mentions if m.unknown_role), "")
        if not mentions:
            unknown = self._unknown(asked)
        return Linking(tuple(mentions), unknown)

    def near(self, asked: Sequence[str]) -> tuple[str, ...]:
        """At most three roles that share a word with the text, or look like it; best first."""
        readings = self._index.readings(asked, asked)
        roles = dict.fromkeys(self._index.roles[reading.title] for reading in readings)
        if not roles and asked:
            found = process.extract(
                " ".join(asked),
                [" ".join(title) for title in self._index.titles],
                scorer=fuzz.WRatio,
                score_cutoff=self._thresholds.min_near_score,
                limit=8,
            )
            roles = dict.fromkeys(self._index.roles[row] for _, _, row in found)
        return tuple(roles)[:3]

    def _mention(
        self, asked: Sequence[str], reading: TitleReading, readings: Sequence[TitleReading]
    ) -> RoleMention | None:
        """The rivals for the words of a reading, or None when they don't name a role."""
        if self._is_superior(asked, reading) or self._is_worker(asked, reading):
            return None
        foreign = self._foreign(asked, reading)
        best: dict[str, TitleReading] = {}
        start, end = reading.start, reading.end
        for rival in readings:
            if rival.start >= end or rival.end <= start:
                continue
            if not self._is_rival(reading, rival):
                continue
            best.setdefault(self._index.roles[rival.title], rival)
        full = reading.is_full
        if full:
            exact = {
                role: r for role, r in best.items() if r.is_full and r.strength == reading.strength
            }
            best = exact or {self._index.roles[reading.title]: reading}
        factor, needed = 1.0, self._thresholds.min_link_score
        if foreign:
            factor = self._thresholds.unknown_role_factor
            needed = self._thresholds.min_unknown_role_score
        if reading.score * factor < needed:
            return None
        words_read = " ".join(asked[start:end])
        links = tuple(
            RoleLink(role, words_read, self._how(rival), round(min(rival.score, 1.0) * factor, 4))
            for role, rival in best.items()
        )
        while start > 0 and asked[start - 1] in SENIORITY:
            start -= 1
        return RoleMention(start, end, links, foreign, full)

    def _is_superior(self, asked: Sequence[str], reading: TitleReading) -> bool:
        """Whether the words are somebody's superior: "my manager" is a person, not a role."""
        owned = reading.start > 0 and asked[reading.start - 1] in POSSESSIVES
        return owned and not reading.is_full and asked[reading.start] in SUPERIORS

    def _how(self, reading: TitleReading) -> LinkMethod:
        if not reading.exact:
            return LinkMethod.TYPO
        if not reading.is_full:
            return LinkMethod.PARTIAL
        return LinkMethod.ALIAS if self._index.is_alias[reading.title] else LinkMethod.TITLE

    def _foreign(self, asked: Sequence[str], reading: TitleReading) -> str:
        """The words of the noun phrase when a word in it makes it another role than the title's."""
        title = self._index.titles[reading.title]
        start, end = reading.start, reading.end
        is_full = reading.is_full
        inside = [w for w in asked[start:end] if self._is_foreign(w, title, is_full=is_full)]
        left = start
        while (
            left > 0
            and not (is_full and len(title) == 1)
            and self._is_foreign(asked[left - 1], title, is_full=is_full)
        ):
            if reading.is_full and singular(asked[left - 1]) != asked[left - 1]:
                break  # "problems data analysts face": a plural does not modify what follows
            left -= 1
        right = end
        while right < len(asked) and self._closes_title(
            asked[right], self._index.roles[reading.title]
        ):
            right += 1
        if inside or left < start or right > end:
            return " ".join(asked[left:right])
        return ""

    def _is_foreign(self, word: str, title: Sequence[str], *, is_full: bool = False) -> bool:
        stem = singular(word)
        return not (
            word in STOP_WORDS
            or word in NO_NAMES
            or word in COLOURS
            or stem in COLOURS
            or word in (self._known if is_full else self._asking)
            or stem in title
            or self._index.is_near(stem)
            or word.isdigit()
        )

    def _closes_title(self, word: str, role: str) -> bool:
        stem = singular(word)
        return stem in OCCUPATIONS and stem not in COLOURS and not self._index.names(role, stem)

    def _is_worker(self, asked: Sequence[str], reading: TitleReading) -> bool:
        """Whether a stray word of a title makes another job: "warehouse worker"."""
        after = asked[reading.end : reading.end + 1]
        return not reading.is_full and bool(after) and singular(after[0]) == "worker"

    def _acronym(self, asked: Sequence[str]) -> list[RoleMention]:
        """In a short question, the initials of one role's title ("da certs")."""
        if len(asked) > SHORT:
            return []
        for position, word in enumerate(asked):
            role = self._initials.get(word)
            if role is not None and word not in STOP_WORDS:
                link = RoleLink(role, word, LinkMethod.PARTIAL, self._thresholds.initials_score)
                return [RoleMention(position, position + 1, (link,))]
        return []

    def _unknown(self, asked: Sequence[str]) -> str:
        """The words of a role that no title of the library shares enough with."""
        for position, word in enumerate(asked):
            stem = singular(word)
            if stem not in OCCUPATIONS or word in COLOURS or word in STOP_WORDS:
                continue
            left = position
            while left > 0 and (
                self._is_foreign(asked[left - 1], ()) or singular(asked[left - 1]) in self._index
            ):
                left -= 1
            return " ".join(asked[left : position + 1])
        return ""

    def _is_rival(self, best: TitleReading, other: TitleReading) -> bool:
        """Whether another reading of the same words is as good, or as little, as the best one."""
        if best.is_full:
            return other.strength >= self._thresholds.min_rival_share * best.strength
        share = self._thresholds.min_partial_rival_share
        if other.covered >= best.covered:
            share *= share
        return other.strength >= share * best.strength

    def _beside_best(
        self, mentions: Sequence[RoleMention], asked: Sequence[str]
    ) -> list[RoleMention]:
        """The mentions that count beside the best one: a full title silences stray words."""
        best = max(mentions, key=lambda mention: mention.score, default=None)
        if best is None:
            return []
        best_words = set(best.links[0].words.split())
        compared = not COMPARING.isdisjoint(asked)
        return [
            mention
            for mention in mentions
            if mention is best
            or (
                mention.score >= self._thresholds.min_mention_share * best.score
                and not (best.is_full and best_words.issuperset(mention.links[0].words.split()))
                and (not best.is_full or compared or _has_noun(mention))
            )
        ]


def _has_noun(mention: RoleMention) -> bool:
    return any(singular(word) in OCCUPATIONS for word in mention.links[0].words.split())
