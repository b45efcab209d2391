"""The decision: answer, offer choices, or decline. A wrong answer costs more than none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from faqbot.matching.role_links import link_confidence, link_groups
from faqbot.matching.role_parts import RoleParts
from faqbot.matching.text import STOP_WORDS
from faqbot.matching.thresholds import CONFIDENCES, THRESHOLDS, Thresholds
from faqbot.model import (
    Answer,
    Audience,
    Candidate,
    Choices,
    Decline,
    EntryKind,
    Faq,
    KnowledgeBase,
    LinkMethod,
    Outcome,
    ParsedQuestion,
    Reason,
    Role,
    RoleLink,
)

MAX_FILLER_WORDS = 2
"""Stop words beside a role's name with which nothing but the role is asked for."""


class Decider:
    """Decides on parsed questions.

    Args:
        knowledge_base: the content.
        thresholds: the confidences to decide by.
    """

    def __init__(self, knowledge_base: KnowledgeBase, thresholds: Thresholds = THRESHOLDS) -> None:
        self._knowledge_base = knowledge_base
        self._thresholds = thresholds
        self._parts = RoleParts(knowledge_base)

    def decide(self, parsed: ParsedQuestion, audience: Audience) -> Outcome:
        """Return the outcome for somebody of that audience."""
        if not parsed.normalised or not any(c.isalnum() for c in parsed.normalised):
            return Decline(Reason.EMPTY)
        # Before the links: an author's own question is answered by its entry, whatever it names.
        if parsed.verbatim is not None and self._parts.is_readable(parsed.verbatim.id, audience):
            return Answer((parsed.verbatim,))
        return self._decide_by_roles(parsed, audience)

    def _decide_by_roles(self, parsed: ParsedQuestion, audience: Audience) -> Outcome:
        """Return the outcome by the roles that a question names."""
        groups = link_groups(parsed.links)
        # Before the links: a "java developer" must not get what is written for the developer.
        # Content without roles has general FAQs only, in which an occupation is a mere word.
        if parsed.unknown_role and self._knowledge_base.roles:
            return self._unknown_role(parsed, groups, audience)
        if not groups:
            return self._without_role(parsed, (), audience)
        if len(groups) > 1:
            return self._several_roles(parsed, groups, audience)
        if len(groups[0]) > 1:
            return self._without_role(parsed, groups[0], audience)
        return self._one_role(parsed, groups[0][0], audience)

    def describe(self, parsed: ParsedQuestion, audience: Audience) -> Outcome:
        """Return the outcome of a text that should name a role, and perhaps a part of it."""
        groups = link_groups(parsed.links)
        if not parsed.normalised:
            return Decline(Reason.EMPTY)
        if not groups:
            return Decline(Reason.UNKNOWN_ROLE)
        best = max(groups, key=lambda group: group[0].score)
        if parsed.unknown_role:
            return Decline(
                Reason.UNKNOWN_ROLE,
                nearest=tuple(link.role for link in best[: self._thresholds.max_options]),
            )
        candidates = parsed.candidates
        named = candidates and candidates[0].confidence >= self._thresholds.offer
        if len(best) > 1:
            part = candidates[0].id if named and candidates[0].kind is EntryKind.SECTION else ""
            return self._which_role(
                part if parsed.content_words else "",
                1.0,
                [link.role for link in best],
                audience,
            )
        role = self._knowledge_base.role(best[0].role)
        assert role is not None
        confidence = link_confidence(best[0])
        if parsed.content_words:
            outcome = self._one_role(parsed, best[0], audience)
            # Words that name no part don't matter here, where a role is asked for by its name.
            match outcome:
                case Decline(reason):
                    is_part = reason is Reason.NOT_WRITTEN
                case Choices(options):
                    is_part = options[0].kind is not EntryKind.ROLE
                case _:
                    is_part = True
            if is_part:
                return outcome
        return Answer((whole_role(role, confidence),))

    def part_of_roles(self, part: str, roles: Sequence[str], audience: Audience) -> Outcome:
        """Return the outcome for a part of some roles, which its key names."""
        links = [
            RoleLink(role, "", LinkMethod.CONVERSATION, 1.0)
            for role in roles[: self._thresholds.max_options]
        ]
        asked = Candidate(part, EntryKind.SECTION, None, CONFIDENCES.exact_link)
        left = [self._knowledge_base.role(role) for role in roles[self._thresholds.max_options :]]
        outcome = self._of_each(
            (asked,), links, tuple(role.title for role in left if role), audience
        )
        if isinstance(outcome, Decline) and len(links) == 1:
            role = self._knowledge_base.role(roles[0])
            return replace(outcome, owner=role.owner if role else "")
        return outcome

    # -- one role

    def _one_role(self, parsed: ParsedQuestion, link: RoleLink, audience: Audience) -> Outcome:
        role = self._knowledge_base.role(link.role)
        assert role is not None
        confidence = link_confidence(link)
        # A follow-up such as "and?" names no role, so it doesn't ask for the whole of one.
        bare = not parsed.content_words and link.method is not LinkMethod.CONVERSATION
        if bare and len(parsed.words_without_roles) <= MAX_FILLER_WORDS:
            return self._answer_or_ask((whole_role(role, confidence),))
        parts = self._parts.of_role(parsed.parts, role, confidence, audience)
        if parts and len(parsed.parts) > 1:
            return self._of_each(parsed.parts, (link,), (), audience)
        # Before the role's own entries: without what it lacks, the next best of them would answer.
        if self._is_not_written(parsed.candidates, role, audience):
            stand_in = self._parts.stand_in(parsed.candidates[0], role, confidence)
            if stand_in is not None:
                return stand_in
            return Decline(
                Reason.NOT_WRITTEN,
                nearest=(role.id,),
                owner=role.owner,
                part=_key(parsed.candidates[0]),
            )
        candidates = self._parts.of_role(parsed.candidates, role, confidence, audience)
        outcome = self._answer_or_offer(candidates)
        if isinstance(outcome, Decline):
            near = dict.fromkeys((role.id, *self._near(candidates)))
            return replace(outcome, nearest=tuple(near), owner=role.owner)
        return outcome

    def _near(self, candidates: Sequence[Candidate]) -> tuple[str, ...]:
        """Return the entries that a question without an answer comes nearest to."""
        near = [c.id for c in candidates if c.confidence >= self._thresholds.min_option]
        return tuple(dict.fromkeys(near))[: self._thresholds.max_options - 1]

    def _answer_or_offer(self, candidates: tuple[Candidate, ...]) -> Outcome:
        if not candidates or candidates[0].confidence < self._offer_threshold(candidates[0]):
            return Decline(Reason.NOT_UNDERSTOOD)
        second = candidates[1].confidence if len(candidates) > 1 else 0.0
        clear = candidates[0].confidence - second >= self._thresholds.min_margin
        if candidates[0].confidence >= self._thresholds.answer and clear:
            return Answer(candidates[:1])
        near = [c for c in candidates if c.confidence >= self._thresholds.min_option]
        return Choices(tuple(near[: self._thresholds.max_choices]), Reason.CLOSE)

    def _offer_threshold(self, best: Candidate) -> float:
        """Return the confidence that the best candidate needs to be offered."""
        is_faq = best.kind is EntryKind.FAQ
        return self._thresholds.offer_faq if is_faq else self._thresholds.offer

    def _answer_or_ask(self, candidates: tuple[Candidate, ...]) -> Outcome:
        # The least certain of several parts decides, as one wrong part spoils the answer.
        if min(candidate.confidence for candidate in candidates) >= self._thresholds.answer:
            return Answer(candidates)
        return Choices(candidates[: self._thresholds.max_options], Reason.CLOSE)

    def _is_not_written(
        self, candidates: Sequence[Candidate], role: Role, audience: Audience
    ) -> bool:
        """Return whether the best candidate is clearly a section that this role doesn't have."""
        if not candidates or candidates[0].confidence < self._thresholds.answer:
            return False
        best = candidates[0]
        if best.kind is not EntryKind.SECTION:
            return False
        return not self._parts.of_role((best,), role, 1.0, audience)

    # -- no role, or several

    def _without_role(
        self, parsed: ParsedQuestion, rivals: Sequence[RoleLink], audience: Audience
    ) -> Outcome:
        candidates = parsed.candidates
        best = candidates[0] if candidates else None
        # A general FAQ needs no role, so nobody is asked which one is meant.
        if best and best.kind is EntryKind.FAQ and best.role is None and best.id.startswith("faq/"):
            general = self._knowledge_base.entry(best.id)
            if general is not None:
                own = [c for c in candidates if self._knowledge_base.entry(c.id) is not None]
                return self._answer_or_offer(self._parts.readable(own, audience))
        if not parsed.content_words:
            if rivals:
                return self._which_role("", 1.0, [link.role for link in rivals], audience)
            return Decline(Reason.NOT_UNDERSTOOD)
        # With rivals a role was named, if in part only: the part may then be less clear.
        needed = self._thresholds.offer if rivals else self._thresholds.min_part
        if best is None or best.confidence < needed:
            written = [c for c in candidates if self._knowledge_base.entry(c.id) is not None]
            near = self._near(self._parts.readable(written, audience))
            roles = tuple(link.role for link in rivals)
            return Decline(
                Reason.NOT_UNDERSTOOD, nearest=(*roles, *near)[: self._thresholds.max_options]
            )
        if best.kind is EntryKind.SECTION and not self._is_written(best.id, audience):
            return self._instead_of_unwritten(candidates, audience)
        part = "" if best.kind is EntryKind.ROLE else best.id
        among = [link.role for link in rivals] or [role.id for role in self._knowledge_base.roles]
        return self._which_role(part, best.confidence, among, audience)

    def _is_written(self, part: str, audience: Audience) -> bool:
        """Return whether any role has a part, and the audience may read it."""
        entries = (self._parts.entry(role, part) for role in self._knowledge_base.roles)
        return any(entry and self._parts.is_readable(entry.id, audience) for entry in entries)

    def _instead_of_unwritten(self, candidates: Sequence[Candidate], audience: Audience) -> Outcome:
        """Offer the general FAQs that come near where the best part is one that no role has."""
        written = self._parts.readable(candidates, audience)
        near = tuple(one for one in written if one.confidence >= self._offer_threshold(one))
        if near:
            return Choices(near[: self._thresholds.max_choices], Reason.CLOSE)
        return Decline(Reason.NOT_UNDERSTOOD)

    def _which_role(
        self, part: str, confidence: float, among: Sequence[str], audience: Audience
    ) -> Outcome:
        roles = [role for role_id in among if (role := self._knowledge_base.role(role_id))]
        entries = [
            (role, entry)
            for role in roles
            if (entry := self._parts.entry(role, part))
            and self._parts.is_readable(entry.id, audience)
        ]
        options = [
            # Shared out evenly, as nothing tells which of the roles is meant.
            Candidate(entry.id, entry.kind, role.id, round(confidence / len(entries), 4))
            for role, entry in entries
        ]
        if not options:
            return Decline(Reason.NOT_UNDERSTOOD)
        # One role alone has this part: it is offered, not answered, as nobody named the role.
        if len(options) == 1:
            return Choices(tuple(options), Reason.CLOSE)
        fitting = tuple(option.role for option in options if option.role)
        return Choices(
            tuple(options[: self._thresholds.max_options]), Reason.WHICH_ROLE, part, fitting
        )

    def _several_roles(
        self, parsed: ParsedQuestion, groups: Sequence[Sequence[RoleLink]], audience: Audience
    ) -> Outcome:
        single = [group[0] for group in groups if len(group) == 1]
        if len(single) < len(groups):
            # Words that fit several roles give way to words that name one.
            if len(single) == 1:
                shared = tuple(group[0].words for group in groups if len(group) > 1)
                return _unanswered(self._one_role(parsed, single[0], audience), shared)
            return self._without_role(parsed, groups[0], audience)
        links = single[: self._thresholds.max_options]
        left = tuple(link.words for link in single[self._thresholds.max_options :])
        candidates = parsed.candidates
        best = candidates[0] if candidates else None
        parts = _parts_of_each(parsed)
        if best and best.kind is EntryKind.FAQ and best.confidence >= self._thresholds.offer:
            if best.confidence >= self._thresholds.answer or not parts:
                # An FAQ that tells two roles apart belongs to one of them: that one answers.
                owner = next((link for link in links if link.role == best.role), links[0])
                return self._one_role(parsed, owner, audience)
        elif best is None or (
            best.confidence < self._thresholds.answer and not parsed.content_words
        ):
            roles = [(link, self._knowledge_base.role(link.role)) for link in links]
            return Choices(
                tuple(whole_role(role, link_confidence(link)) for link, role in roles if role),
                Reason.CLOSE,
            )
        asked = parts or (best,)
        if asked[0].confidence < self._thresholds.offer:
            return Decline(Reason.NOT_UNDERSTOOD, nearest=tuple(link.role for link in links))
        return self._of_each(asked, links, left, audience)

    def _of_each(
        self,
        asked: Sequence[Candidate],
        links: Sequence[RoleLink],
        left: tuple[str, ...],
        audience: Audience,
    ) -> Outcome:
        """Return the outcome for parts of several roles, which names those that aren't written.

        Args:
            asked: the parts.
            links: the roles.
            left: the words of further roles, which aren't shown.
            audience: who asks.
        """
        found = self._parts.of_each(asked, links, audience)
        if not found.written:
            sure = asked[0].confidence >= self._thresholds.answer
            return Decline(
                Reason.NOT_WRITTEN if sure else Reason.NOT_UNDERSTOOD,
                nearest=tuple(link.role for link in links),
                part=_key(asked[0]) if sure else "",
            )
        outcome = self._answer_or_ask(found.written)
        if isinstance(outcome, Answer):
            return replace(outcome, unanswered=left, not_written=found.missing)
        return outcome

    def _unknown_role(
        self, parsed: ParsedQuestion, groups: Sequence[Sequence[RoleLink]], audience: Audience
    ) -> Outcome:
        """Decide on a role that the content doesn't have: never answer, name the nearest roles."""
        candidates = parsed.candidates
        best = candidates[0] if candidates else None
        # A general FAQ belongs to no role, so it can't be the answer for a wrong one.
        if best and best.role is None and best.confidence >= self._thresholds.answer:
            entry = self._knowledge_base.entry(best.id)
            if isinstance(entry, Faq) and self._parts.is_readable(entry.id, audience):
                return Answer((best,))
        # The conversation's role isn't near the unknown one: the question just named another.
        links = [
            link for group in groups for link in group if link.method is not LinkMethod.CONVERSATION
        ]
        if len(links) == 1 and links[0].method is not LinkMethod.PARTIAL:
            outcome = self._one_role(parsed, links[0], audience)
            if isinstance(outcome, Answer):
                # Never answered: the title may be a part only of the role that was asked for.
                return Choices(outcome.entries, Reason.CLOSE)
            return outcome
        return Decline(
            Reason.UNKNOWN_ROLE,
            nearest=tuple(dict.fromkeys(link.role for link in links))[
                : self._thresholds.max_options
            ],
        )


def names_part(candidates: Sequence[Candidate]) -> bool:
    """Return whether words of a phrasing ask for the best candidate, and surely."""
    if not candidates or candidates[0].confidence < THRESHOLDS.answer:
        return False
    return dict(candidates[0].scores).get("words", 0.0) >= THRESHOLDS.min_clause_cosine


def _parts_of_each(parsed: ParsedQuestion) -> tuple[Candidate, ...]:
    """Return the sections that a question asks of all of its roles, if they are several.

    Where words stand between the roles, each role may be asked for another part.
    """
    first = min((mention.end for mention in parsed.mentions), default=0)
    last = max((mention.start for mention in parsed.mentions), default=0)
    named = {at for one in parsed.mentions for at in range(one.start, one.end)}
    between = (parsed.words[at] for at in range(first, last) if at not in named)
    if any(word not in STOP_WORDS for word in between):
        return ()
    sections = tuple(part for part in parsed.parts if part.kind is EntryKind.SECTION)
    return sections if len(sections) > 1 else ()


def _unanswered(outcome: Outcome, left: tuple[str, ...]) -> Outcome:
    """Return an outcome that names further words which it doesn't answer."""
    if isinstance(outcome, Answer):
        return replace(outcome, unanswered=outcome.unanswered + left)
    return outcome


def _key(candidate: Candidate) -> str:
    """Return the key of a part, without its role."""
    return candidate.id.removeprefix(f"{candidate.role}/")


def whole_role(role: Role, confidence: float) -> Candidate:
    """Return the candidate for a role as a whole."""
    return Candidate(role.id, EntryKind.ROLE, role.id, round(confidence, 4))
