"""Facts for questions: requirements, comparisons, look-ups and next steps, from the data of roles.

The decision's outcome stands unless the question asks, in so many words, for what the data says
exactly. The cues are regular expressions, written for the project's own development questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from faqbot.content.defaults import DefaultNames, load_names
from faqbot.matching.facts.counts import Counts
from faqbot.matching.facts.cues import QuestionCues, capitalised, negates
from faqbot.matching.facts.evidence import EvidenceIndex
from faqbot.matching.facts.lookups import Lookups
from faqbot.matching.facts.other_names import OtherNames
from faqbot.matching.facts.requirements import Requirements
from faqbot.matching.facts.role_content import RoleContent
from faqbot.matching.facts.subjects import SubjectFinder, names_role
from faqbot.matching.role_linker import Linking
from faqbot.matching.role_links import link_confidence
from faqbot.matching.text import normalise, words
from faqbot.matching.thresholds import CONFIDENCES
from faqbot.model import (
    Answer,
    Audience,
    Candidate,
    Choices,
    Comparison,
    Decline,
    EntryKind,
    Fact,
    Faq,
    KnowledgeBase,
    LinkMethod,
    NextStep,
    Outcome,
    ParsedQuestion,
    Reason,
    Role,
    RoleLink,
    RoleMention,
    Section,
)

MAX_ROLES: Final = 3
"""Roles that are shown side by side at most."""

_SECTION_OF_WORD: Final[Mapping[str, str]] = MappingProxyType(
    {
        word: key
        for key, names in {
            "skills": "skill skills tools",
            "education": "education degree degrees studies schooling",
            "certifications": "certificate certificates certification certifications certs",
            "experience": "experience years yoe",
            "responsibilities": "responsibility responsibilities duties tasks duty",
            "day-to-day": "day daily everyday",
            "overview": "overview",
        }.items()
        for word in names.split()
    }
)


class FactFinder:
    """Finds facts in a knowledge base.

    Args:
        knowledge_base: the content.
        link_roles: finds the roles that words name.
        everyday: the most frequent words of the language.
        shipped: the other names of things that ship with faqbot.
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        link_roles: Callable[[Sequence[str]], Linking],
        everyday: frozenset[str] = frozenset(),
        shipped: DefaultNames | None = None,
    ) -> None:
        self._knowledge_base = knowledge_base
        self._link_roles = link_roles
        self._names = OtherNames(
            shipped or load_names(), knowledge_base.other_names, everyday=everyday
        )
        lines = EvidenceIndex(knowledge_base, self._names)
        self._subjects = SubjectFinder(lines, everyday)
        self._role_content = RoleContent(knowledge_base)
        self._counts = Counts(lines)
        self._lookups = Lookups(knowledge_base, self._subjects, self._names)
        self._requirements = Requirements(
            knowledge_base, self._subjects, self._lookups, self._names
        )

    def refine(
        self,
        parsed: ParsedQuestion,
        outcome: Outcome,
        context: str | None = None,
        audience: Audience = Audience.EVERYONE,
    ) -> Outcome:
        """Return the outcome, or the answer that the data gives more exactly.

        Args:
            parsed: the question.
            outcome: what was decided without the data.
            context: the role that the conversation is about, if any.
            audience: who asks.
        """
        unknown = words(parsed.unknown_role)
        if not parsed.words or not all(map(self._subjects.is_subject, unknown)):
            return outcome
        plain = QuestionCues(" ".join(parsed.words))
        mentions = self._roles_named(parsed, plain)
        # Rivals go back to the asker: a fact about the wrong one of them would look certain.
        if any(len(mention.links) > 1 for mention in mentions):
            return outcome
        asked = QuestionCues(_with_role_marks(parsed.words, mentions))
        capitals = capitalised(parsed.text)
        read = self._names.read(parsed.words, capitals)
        if not mentions and (fitting := self._lookups.find(plain, read, audience)):
            return self._without_left_out(fitting, parsed.left_out, audience)
        if len(mentions) == 1 and (asked.compares or asked.moves):
            mentions = self._with_another(parsed.words, mentions[0])
            asked = QuestionCues(_with_role_marks(parsed.words, mentions))
        links = self._links_of(asked, mentions, context)
        found: Outcome | None
        if len(links) > 1:
            found = self._step(asked, links) or self._comparison(asked, links, outcome)
        elif links:
            found = self._of_role(asked, links[0], outcome, _sections_in(parsed.left_out))
            if found is None:
                others = self._names.read(asked.words_without_roles, capitals)
                found = self._requirements.of_role(asked, others, links[0], outcome, audience)
            found = found or self._counts.find(asked, links[0], outcome, audience)
        else:
            found = self._requirements.of_any_role(plain, read, outcome, audience)
            # Nothing but the name of a thing led to the role: "is Python needed for a poet".
            if found is None and parsed.mentions and isinstance(outcome, Answer):
                return Choices(outcome.entries, Reason.CLOSE)
        return found or self._without_opposite(plain, parsed.left_out, outcome)

    def _without_left_out(
        self, found: Answer | Decline, left_out: str, audience: Audience
    ) -> Outcome:
        """Return a look-up without what a question leaves out: roles, or what they require."""
        if not left_out or not isinstance(found, Answer):
            return found
        spoken = words(left_out)
        roles = [mention.links[0].role for mention in self._mentions_in(spoken)]
        fitting = self._lookups.leaving_out(found, self._names.read(spoken), roles, audience)
        return fitting or Decline(Reason.NOT_UNDERSTOOD)

    def _links_of(
        self, asked: QuestionCues, mentions: Sequence[RoleMention], context: str | None
    ) -> list[RoleLink]:
        """Return the roles that are named, and that of the conversation where it is meant."""
        links = [mention.links[0] for mention in mentions]
        spoken_of = self._knowledge_base.role(context)
        points_back = len(links) == 1 and asked.compares and asked.points_back
        if spoken_of and (not links or points_back):
            links.append(RoleLink(spoken_of.id, "", LinkMethod.CONVERSATION, 1.0))
        return links

    def _of_role(
        self, asked: QuestionCues, link: RoleLink, outcome: Outcome, left_out: tuple[str, ...]
    ) -> Answer | Decline | None:
        """Return what follows a role, or what is asked of its description itself."""
        found = self._next_steps(link, outcome) if asked.asks_what_is_next else None
        return found or self._role_content.find(asked, link, outcome, left_out)

    def _without_opposite(self, asked: QuestionCues, left_out: str, outcome: Outcome) -> Outcome:
        """Return the outcome, or a question back where it would answer the opposite of a question.

        "Who may not apply" is only answered by an entry whose own phrasings negate something, and
        "what besides a degree" not by the education.
        """
        if not isinstance(outcome, Answer):
            return outcome
        parts = _sections_in(left_out)
        if any(entry.id.rpartition("/")[2] in parts for entry in outcome.entries):
            return Choices(outcome.entries, Reason.CLOSE)
        if not asked.asks_for_the_opposite:
            return outcome
        entries = [self._knowledge_base.entry(entry.id) for entry in outcome.entries]
        negating = (
            isinstance(entry, Faq | Section)
            and any(negates(normalise(phrasing)) for phrasing in (entry.title, *entry.phrasings))
            for entry in entries
        )
        return outcome if any(negating) else Choices(outcome.entries, Reason.CLOSE)

    def is_thing(self, text: str) -> bool:
        """Return whether all words of a text name things that roles list, such as Python."""
        return all(map(self._subjects.is_thing, text.split()))

    def _roles_named(self, parsed: ParsedQuestion, plain: QuestionCues) -> list[RoleMention]:
        """Return the mentions of roles, without things that resemble part of a title.

        "Which roles use Python?" and "is JavaScript a must for QA?" name a thing.
        """
        found = list(parsed.mentions)
        things = [mention for mention in found if self._is_thing(parsed.words, mention)]
        others = [mention for mention in found if mention not in things]
        if others or plain.looks_up or plain.asks_whether_needed:
            return others
        return found

    def _is_thing(self, asked_words: Sequence[str], mention: RoleMention) -> bool:
        if mention.links[0].method in (LinkMethod.TITLE, LinkMethod.ALIAS):
            return False
        return self._subjects.is_item(" ".join(asked_words[mention.start : mention.end]))

    def _with_another(self, asked_words: Sequence[str], mention: RoleMention) -> list[RoleMention]:
        """Return the mention, with the role that the words before or after it name, if they do.

        Beside a full title half of one is missed: "front end and back end developers".
        """
        before = self._mentions_in(asked_words[: mention.start])
        after = self._mentions_in(asked_words[mention.end :])
        found = [
            *before,
            mention,
            *(
                replace(one, start=one.start + mention.end, end=one.end + mention.end)
                for one in after
            ),
        ]
        others = {one.links[0].role for one in (*before, *after)} - {mention.links[0].role}
        clear = len(others) == 1 and all(len(one.links) == 1 for one in found)
        return found if clear and len(found) == 2 else [mention]  # noqa: PLR2004 - a pair

    def _mentions_in(self, asked_words: Sequence[str]) -> list[RoleMention]:
        found = self._link_roles(asked_words).mentions
        return [
            mention
            for mention in found
            if not mention.unknown_role and not self._is_thing(asked_words, mention)
        ]

    def from_key(self, key: str, audience: Audience = Audience.EVERYONE) -> Answer | None:
        """Return the fact of a key, or None when the key stands for nothing in this content."""
        kind, _, rest = key.partition(" ")
        if kind == "=find":
            mode, _, sought = rest.partition(" ")
            sought, _, left_out = sought.partition(" / ")
            lookup = self._lookups.repeat(mode, sought, audience)
            again = lookup and self._without_left_out(lookup, left_out, audience)
            return again if isinstance(again, Answer) else None
        if kind == "=about":
            return self._role_content.repeat(rest)
        role_ids = rest.split()
        part = role_ids.pop(0) if kind == "=compare" and role_ids else ""
        roles = [role for role_id in role_ids if (role := self._knowledge_base.role(role_id))]
        # A role that an old button names may be gone, and half of a comparison would mislead.
        if len(roles) != len(role_ids) or not roles:
            return None
        ids = tuple(dict.fromkeys(role.id for role in roles))
        if kind == "=compare" and 1 < len(ids) <= MAX_ROLES:
            part = "" if part == "-" else part
            answer = self._answer(Comparison(ids, part), ids, 1.0, part)
            faq = self._faq_on_difference(roles, audience) if not part else None
            return replace(answer, entries=(faq, *answer.entries)) if faq else answer
        if kind == "=next":
            step = NextStep(ids[0], ids[1:])
            return self._answer(step, (*ids[1:], ids[0]), 1.0)
        return None

    # -- roles side by side

    def _comparison(
        self, asked: QuestionCues, links: Sequence[RoleLink], outcome: Outcome
    ) -> Answer | None:
        ids = tuple(dict.fromkeys(link.role for link in links))
        if not asked.compares or not 1 < len(ids) <= MAX_ROLES:
            return None
        if asked.compared_word and asked.compared_word not in _SECTION_OF_WORD:
            return None  # "compare the salaries of": the data says nothing of it
        parts = {key for word in asked.text.split() if (key := _SECTION_OF_WORD.get(word))}
        part = parts.pop() if len(parts) == 1 else ""
        answer = self._answer(Comparison(ids, part), ids, _confidence(links), part)
        # What an author wrote on the very difference says more than the lists, so it comes first.
        faq = self._faq_about(outcome, ids) if not part else None
        return replace(answer, entries=(faq, *answer.entries)) if faq else answer

    def _faq_about(self, outcome: Outcome, roles: Sequence[str]) -> Candidate | None:
        """Return the FAQ that answers, when it tells these very roles apart."""
        if not isinstance(outcome, Answer):
            return None
        best = outcome.entries[0]
        entry = self._knowledge_base.entry(best.id)
        if not isinstance(entry, Faq) or entry.role not in roles:
            return None
        return best if self._tells_apart(entry, roles) else None

    def _faq_on_difference(self, roles: Sequence[Role], audience: Audience) -> Candidate | None:
        """Return the FAQ that asks how these roles differ, for a comparison without a question."""
        ids = [role.id for role in roles]
        for faq in (faq for role in roles for faq in role.faqs):
            question = QuestionCues(" ".join(words(normalise(faq.question))))
            asks = question.compares and audience.may_read(faq.audience)
            if asks and self._tells_apart(faq, ids):
                return Candidate(faq.id, EntryKind.FAQ, faq.role, 1.0)
        return None

    def _tells_apart(self, faq: Faq, roles: Sequence[str]) -> bool:
        """Whether an FAQ of one of these roles names all the others."""
        phrasings = " ".join(words(normalise(" . ".join((faq.question, *faq.phrasings)))))
        others = [self._knowledge_base.role(role) for role in roles if role != faq.role]
        return all(role and names_role(role, phrasings) for role in others)

    # -- from role to role

    def _step(self, asked: QuestionCues, links: Sequence[RoleLink]) -> Answer | None:
        step = asked.step()
        if step is None or len(links) != 2 or max(step) > 1:  # noqa: PLR2004 - from one to another
            return None
        origin, target = links[step[0]], links[step[1]]
        if origin.role == target.role:
            return None
        fact = NextStep(origin.role, (target.role,))
        return self._answer(fact, (target.role, origin.role), _confidence(links))

    def _next_steps(self, link: RoleLink, outcome: Outcome) -> Answer | Decline | None:
        role = self._knowledge_base.role(link.role)
        if role is None:
            return None
        told = outcome.entries[0] if isinstance(outcome, Answer) else None
        # What comes next after an interview is no role.
        if told and told.role is None:
            return None
        if not role.next_roles:
            elsewhere = told and told.id.rpartition("/")[2] not in _SECTION_OF_WORD.values()
            return None if elsewhere else Decline(Reason.NOT_WRITTEN, (role.id,), role.owner)
        targets = tuple(one for one in role.next_roles if self._knowledge_base.role(one))[
            :MAX_ROLES
        ]
        answer = self._answer(NextStep(role.id, targets), (*targets, role.id), _confidence([link]))
        if isinstance(outcome, Answer) and outcome.entries[0].kind is EntryKind.FAQ:
            return replace(answer, entries=(outcome.entries[0], *answer.entries))
        return answer

    def _answer(
        self, fact: Fact, roles: Sequence[str], confidence: float, part: str = ""
    ) -> Answer:
        """Return the answer with a fact; its entries are the roles, or a section of each."""
        entries = []
        for role_id in roles:
            role = self._knowledge_base.role(role_id)
            section = role.section(part) if role and part else None
            kind = EntryKind.SECTION if section else EntryKind.ROLE
            entries.append(
                Candidate(section.id if section else role_id, kind, role_id, round(confidence, 4))
            )
        return Answer(tuple(entries), fact=fact)


def _sections_in(text: str) -> tuple[str, ...]:
    """Return the keys of the sections that words name, each once."""
    found = (key for word in words(text) if (key := _SECTION_OF_WORD.get(word)))
    return tuple(dict.fromkeys(found))


def _confidence(links: Sequence[RoleLink]) -> float:
    """Return the confidence of a fact about linked roles."""
    confidence = CONFIDENCES.fact
    for link in links:
        confidence *= link_confidence(link)
    return confidence


def _with_role_marks(asked_words: Sequence[str], mentions: Sequence[RoleMention]) -> str:
    """Return words with each mention of a role as its number: `@0`, `@1`."""
    marked = list(asked_words)
    for number, mention in sorted(enumerate(mentions), key=lambda pair: -pair[1].start):
        marked[mention.start : mention.end] = [f"@{number}"]
    return " ".join(marked)
