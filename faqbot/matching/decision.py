"""The one decision: answer, offer a choice, or decline. A wrong answer costs more than none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from faqbot.matching.matcher import Understood, certainty, link_groups
from faqbot.model import (
    Answered,
    Audience,
    Candidate,
    Declined,
    Entry,
    Faq,
    Kind,
    Library,
    LinkedBy,
    Outcome,
    Role,
    RoleLink,
    Unsure,
    Why,
)

MOST_OPTIONS = 3
"""More readings than these are a list, not a choice."""

FILLERS = 2
"""Stop words beside a role's name that ask for nothing but the role."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confidences from which a reading is answered, offered, or worth naming.

    `lead` is how far the best must lie before the second; `part` the confidence from
    which a part is clear enough to ask which role is meant.
    """

    answer: float = 0.45
    offer: float = 0.1
    lead: float = 0.045
    part: float = 0.38
    mention: float = 0.04


class Decider:
    """Turns what was understood into an outcome, for one library."""

    def __init__(self, library: Library, thresholds: Thresholds) -> None:
        self._library = library
        self._thresholds = thresholds

    def decide(self, understood: Understood, audience: Audience) -> Outcome:
        """The outcome for somebody of that audience."""
        reading = understood.reading
        if not reading.normalised or not any(c.isalnum() for c in reading.normalised):
            return Declined(Why.EMPTY)
        groups = link_groups(reading.links)
        if reading.unknown_role and self._library.roles:
            return self._unknown_role(understood, groups, audience)
        if not groups:
            return self._without_role(understood, (), audience)
        if len(groups) > 1:
            return self._several_roles(understood, groups, audience)
        if len(groups[0]) > 1:
            return self._without_role(understood, groups[0], audience)
        return self._one_role(understood, groups[0][0], audience)

    def describe(self, understood: Understood, audience: Audience) -> Outcome:
        """The outcome where the text is known to name a role, and perhaps a part of it."""
        groups = link_groups(understood.reading.links)
        if not understood.reading.normalised:
            return Declined(Why.EMPTY)
        if not groups:
            return Declined(Why.UNKNOWN_ROLE)
        best = max(groups, key=lambda group: group[0].score)
        if understood.reading.unknown_role:
            return Declined(
                Why.UNKNOWN_ROLE, nearest=tuple(link.role for link in best[:MOST_OPTIONS])
            )
        candidates = understood.reading.candidates
        named = candidates and candidates[0].confidence >= self._thresholds.offer
        if len(best) > 1:
            part = candidates[0].id if named and candidates[0].kind is Kind.SECTION else ""
            return self._which_role(
                part if understood.rest else "", 1.0, [link.role for link in best], audience
            )
        role = self._library.role(best[0].role)
        assert role is not None
        sure = certainty(best[0])
        if understood.rest:
            outcome = self._one_role(understood, best[0], audience)
            if not isinstance(outcome, Declined) or outcome.why is Why.NOT_WRITTEN:
                return outcome
        return Answered((whole(role, sure),))

    # -- one role

    def _one_role(self, understood: Understood, link: RoleLink, audience: Audience) -> Outcome:
        role = self._library.role(link.role)
        assert role is not None
        sure = certainty(link)
        bare = not understood.rest and link.by is not LinkedBy.CONVERSATION
        if bare and len(understood.said) <= FILLERS:
            return self._answer_or_ask((whole(role, sure),))
        parts = self._written(self._for_role(understood.parts, role, sure), audience)
        if len(parts) > 1:
            return self._answer_or_ask(parts)
        missing = self._not_written(understood.reading.candidates, role, audience)
        if missing:
            return Declined(Why.NOT_WRITTEN, nearest=(role.id,), owner=role.owner)
        candidates = self._written(
            self._for_role(understood.reading.candidates, role, sure), audience
        )
        outcome = self._answer_or_offer(candidates)
        if isinstance(outcome, Declined):
            return replace(outcome, nearest=(role.id,), owner=role.owner)
        return outcome

    def _answer_or_offer(self, candidates: tuple[Candidate, ...]) -> Outcome:
        if not candidates or candidates[0].confidence < self._thresholds.offer:
            return Declined(Why.NOT_UNDERSTOOD)
        second = candidates[1].confidence if len(candidates) > 1 else 0.0
        clear = candidates[0].confidence - second >= self._thresholds.lead
        if candidates[0].confidence >= self._thresholds.answer and clear:
            return Answered(candidates[:1])
        near = [c for c in candidates if c.confidence >= self._thresholds.mention]
        return Unsure(tuple(near[:MOST_OPTIONS]), Why.CLOSE)

    def _answer_or_ask(self, candidates: tuple[Candidate, ...]) -> Outcome:
        if min(candidate.confidence for candidate in candidates) >= self._thresholds.answer:
            return Answered(candidates)
        return Unsure(candidates[:MOST_OPTIONS], Why.CLOSE)

    def _not_written(self, candidates: Sequence[Candidate], role: Role, audience: Audience) -> bool:
        """Whether the clear winner is a standard part that this role does not have."""
        if not candidates or candidates[0].confidence < self._thresholds.answer:
            return False
        best = candidates[0]
        if best.kind is not Kind.SECTION:
            return False
        return not self._written(self._for_role((best,), role, 1.0), audience)

    # -- no role, or several

    def _without_role(
        self, understood: Understood, rivals: Sequence[RoleLink], audience: Audience
    ) -> Outcome:
        candidates = understood.reading.candidates
        best = candidates[0] if candidates else None
        if best and best.kind is Kind.FAQ and best.role is None and best.id.startswith("faq/"):
            general = self._library.entry(best.id)
            if general is not None:
                own = [c for c in candidates if self._library.entry(c.id) is not None]
                return self._answer_or_offer(self._written(own, audience))
        if not understood.rest:
            if rivals:
                return self._which_role("", 1.0, [link.role for link in rivals], audience)
            return Declined(Why.NOT_UNDERSTOOD)
        needed = self._thresholds.offer if rivals else self._thresholds.part
        if best is None or best.confidence < needed:
            return Declined(Why.NOT_UNDERSTOOD, nearest=tuple(link.role for link in rivals[:3]))
        part = "" if best.kind is Kind.ROLE else best.id
        among = [link.role for link in rivals] or [role.id for role in self._library.roles]
        return self._which_role(part, best.confidence, among, audience)

    def _which_role(
        self, part: str, confidence: float, among: Sequence[str], audience: Audience
    ) -> Outcome:
        roles = [role for role_id in among if (role := self._library.role(role_id))]
        entries = [
            (role, entry)
            for role in roles
            if (entry := self._part(role, part)) and self._readable(entry.id, audience)
        ]
        options = [
            Candidate(entry.id, entry.kind, role.id, round(confidence / len(entries), 4))
            for role, entry in entries
        ]
        if not options:
            return Declined(Why.NOT_UNDERSTOOD)
        if len(options) == 1:
            return Unsure(tuple(options), Why.CLOSE)
        held = tuple(option.role for option in options if option.role)
        return Unsure(tuple(options[:MOST_OPTIONS]), Why.WHICH_ROLE, part, held)

    def _several_roles(
        self, understood: Understood, groups: Sequence[Sequence[RoleLink]], audience: Audience
    ) -> Outcome:
        single = [group[0] for group in groups if len(group) == 1]
        if len(single) < len(groups):
            if len(single) == 1:
                return self._one_role(understood, single[0], audience)
            return self._without_role(understood, groups[0], audience)
        links = single[:MOST_OPTIONS]
        candidates = understood.reading.candidates
        best = candidates[0] if candidates else None
        if best and best.kind is Kind.FAQ and best.confidence >= self._thresholds.offer:
            told = next((link for link in links if link.role == best.role), links[0])
            return self._one_role(understood, told, audience)
        if best is None or (best.confidence < self._thresholds.answer and not understood.rest):
            roles = [(link, self._library.role(link.role)) for link in links]
            return Unsure(
                tuple(whole(role, certainty(link)) for link, role in roles if role), Why.CLOSE
            )
        entries = self._written(self._for_each(best, links), audience)
        if not entries or entries[0].confidence < self._thresholds.offer:
            return Declined(Why.NOT_UNDERSTOOD, nearest=tuple(link.role for link in links))
        return self._answer_or_ask(entries)

    def _for_each(self, best: Candidate, links: Sequence[RoleLink]) -> Iterator[Candidate]:
        """The part that the best candidate is, for each of several roles."""
        part = best.id.removeprefix(f"{best.role}/") if best.kind is Kind.SECTION else ""
        for link in links:
            role = self._library.role(link.role)
            entry = self._part(role, part) if role else None
            if entry is not None:
                confidence = round(best.confidence * certainty(link), 4)
                yield Candidate(entry.id, entry.kind, link.role, confidence, best.opinions)

    def _unknown_role(
        self, understood: Understood, groups: Sequence[Sequence[RoleLink]], audience: Audience
    ) -> Outcome:
        """A role that the content does not have: never an answer, its neighbours when near."""
        candidates = understood.reading.candidates
        best = candidates[0] if candidates else None
        if best and best.role is None and best.confidence >= self._thresholds.answer:
            entry = self._library.entry(best.id)
            if isinstance(entry, Faq) and self._readable(entry.id, audience):
                return Answered((best,))
        links = [link for group in groups for link in group if link.by is not LinkedBy.CONVERSATION]
        if len(links) == 1 and links[0].by is not LinkedBy.PARTIAL:
            outcome = self._one_role(understood, links[0], audience)
            if isinstance(outcome, Answered):
                return Unsure(outcome.entries, Why.CLOSE)
            return outcome
        return Declined(
            Why.UNKNOWN_ROLE,
            nearest=tuple(dict.fromkeys(link.role for link in links))[:MOST_OPTIONS],
        )

    # -- entries

    def _for_role(
        self, candidates: Iterable[Candidate], role: Role, sure: float
    ) -> tuple[Candidate, ...]:
        found: list[Candidate] = []
        for candidate in candidates:
            key = candidate.id.removeprefix(f"{role.id}/")
            if candidate.kind is Kind.ROLE:
                key = ""
            general = candidate.kind is Kind.FAQ and candidate.role is None
            if general and self._library.entry(candidate.id) is not None:
                found.append(candidate)
                continue
            entry = self._part(role, key)
            if entry is not None:
                found.append(
                    Candidate(
                        entry.id,
                        entry.kind,
                        role.id,
                        round(candidate.confidence * sure, 4),
                        candidate.opinions,
                    )
                )
        return tuple(found)

    def _part(self, role: Role, part: str) -> Entry | None:
        return self._library.entry(f"{role.id}/{part}" if part else role.id)

    def _written(
        self, candidates: Iterable[Candidate], audience: Audience
    ) -> tuple[Candidate, ...]:
        return tuple(c for c in candidates if self._readable(c.id, audience))

    def _readable(self, entry_id: str, audience: Audience) -> bool:
        entry = self._library.entry(entry_id)
        if entry is None:
            return False
        return not isinstance(entry, Faq) or audience.may_read(entry.audience)


def whole(role: Role, confidence: float) -> Candidate:
    """The candidate for a role as a whole."""
    return Candidate(role.id, Kind.ROLE, role.id, round(confidence, 4))
