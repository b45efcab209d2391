"""Facts for questions: requirements, comparisons, look-ups and next steps, from the data of roles.

The decision's outcome stands unless the question asks, in so many words, for what the data says
exactly. The cues are regular expressions, written for the project's own development questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from faqbot.matching.facts.cues import QuestionCues
from faqbot.matching.facts.evidence import EvidenceIndex
from faqbot.matching.facts.lookups import Lookups
from faqbot.matching.facts.subjects import (
    Subject,
    SubjectFinder,
    names_role,
    subject_of,
)
from faqbot.matching.matcher import link_confidence
from faqbot.matching.role_linker import Linking
from faqbot.matching.text import normalise, words
from faqbot.matching.thresholds import CONFIDENCES
from faqbot.model import (
    Answer,
    Candidate,
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
    Requirement,
    RequirementLevel,
    Role,
    RoleLink,
    RoleMention,
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
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        link_roles: Callable[[Sequence[str]], Linking],
        everyday: frozenset[str] = frozenset(),
    ) -> None:
        self._knowledge_base = knowledge_base
        self._link_roles = link_roles
        self._subjects = SubjectFinder(EvidenceIndex(knowledge_base), everyday)
        self._lookups = Lookups(knowledge_base, self._subjects)

    def refine(
        self, parsed: ParsedQuestion, outcome: Outcome, context: str | None = None
    ) -> Outcome:
        """Return the outcome, or the answer that the data gives more exactly.

        Args:
            parsed: the question.
            outcome: what was decided without the data.
            context: the role that the conversation is about, if any.
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
        if not mentions and (found := self._lookups.find(plain, parsed.words)):
            return found
        if len(mentions) == 1 and (asked.compares or asked.moves):
            mentions = self._with_another(parsed.words, mentions[0])
            asked = QuestionCues(_with_role_marks(parsed.words, mentions))
        links = [mention.links[0] for mention in mentions]
        spoken_of = self._knowledge_base.role(context)
        points_back = len(links) == 1 and asked.compares and asked.points_back
        if spoken_of and (not links or points_back):
            links.append(RoleLink(spoken_of.id, "", LinkMethod.CONVERSATION, 1.0))
        found = None
        if len(links) > 1:
            found = self._step(asked, links) or self._comparison(asked, links, outcome)
        elif links and asked.asks_what_is_next:
            found = self._next_steps(links[0], outcome)
        if found is None and len(links) == 1:
            found = self._requirement_answer(asked, links[0], outcome)
        return found or outcome

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
        return [mention for mention in found if not self._is_thing(asked_words, mention)]

    def from_key(self, key: str) -> Answer | None:
        """Return the fact of a key, or None when the key stands for nothing in this content."""
        kind, _, rest = key.partition(" ")
        if kind == "=find":
            mode, _, sought = rest.partition(" ")
            return self._lookups.repeat(mode, sought)
        role_ids = rest.split()
        part = role_ids.pop(0) if kind == "=compare" and role_ids else ""
        roles = [role for role_id in role_ids if (role := self._knowledge_base.role(role_id))]
        # A role that an old button names may be gone, and half of a comparison would mislead.
        if len(roles) != len(role_ids) or not roles:
            return None
        ids = tuple(dict.fromkeys(role.id for role in roles))
        if kind == "=compare" and 1 < len(ids) <= MAX_ROLES:
            part = "" if part == "-" else part
            return self._answer(Comparison(ids, part), ids, 1.0, part)
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
        phrasings = " ".join(words(normalise(" . ".join((entry.question, *entry.phrasings)))))
        others = [self._knowledge_base.role(role) for role in roles if role != entry.role]
        return best if all(role and names_role(role, phrasings) for role in others) else None

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

    def _next_steps(self, link: RoleLink, outcome: Outcome) -> Answer | None:
        role = self._knowledge_base.role(link.role)
        if role is None or not role.next_roles:
            return None
        targets = tuple(one for one in role.next_roles if self._knowledge_base.role(one))[
            :MAX_ROLES
        ]
        answer = self._answer(NextStep(role.id, targets), (*targets, role.id), _confidence([link]))
        if isinstance(outcome, Answer) and outcome.entries[0].kind is EntryKind.FAQ:
            return replace(answer, entries=(outcome.entries[0], *answer.entries))
        return answer

    # -- required or preferred

    def _requirement_answer(
        self, asked: QuestionCues, link: RoleLink, outcome: Outcome
    ) -> Answer | None:
        several = (
            isinstance(outcome, Answer)
            and len(outcome.entries) > 1
            and {entry.role for entry in outcome.entries} == {link.role}
        )
        subject = subject_of([word for word in asked.text.split() if not word.startswith("@")])
        if not asked.asks_whether_needed or several or subject is None:
            return None
        role = self._knowledge_base.role(link.role)
        assert role is not None
        fact, entry = self._requirement(role, subject, asked)
        if fact is None:
            return None
        if isinstance(outcome, Answer) and outcome.entries[0].kind is EntryKind.FAQ:
            # The FAQ answers already, and "not listed" beside it would only contradict it.
            if fact.level is RequirementLevel.NOT_LISTED or not fact.lines:
                return None
            return replace(outcome, fact=fact)
        if (
            fact.level is RequirementLevel.NOT_LISTED
            and isinstance(outcome, Decline)
            and not subject.words
        ):
            return None
        confidence = CONFIDENCES.fact
        if fact.level is RequirementLevel.NOT_LISTED:
            confidence = CONFIDENCES.fact_not_listed
        confidence = round(confidence * link_confidence(link), 4)
        return Answer((Candidate(entry, EntryKind.SECTION, role.id, confidence),), fact=fact)

    def _requirement(
        self, role: Role, subject: Subject, asked: QuestionCues
    ) -> tuple[Requirement | None, str]:
        lines = self._subjects.find(role.id, subject)
        asks_without = asked.asks_without
        section_key = self._subjects.section_of(subject)
        if section_key == "experience":
            section = role.section("experience")
            if section is None or section.years is None:
                return None, ""
            level = RequirementLevel.REQUIRED if section.years.min else RequirementLevel.PREFERRED
            return Requirement(role.id, subject.text, level, lines[:1], asks_without), section.id
        if lines:
            level = lines[0].level
            of_level = tuple(line for line in lines if line.level is level)[:3]
            requirement = Requirement(role.id, subject.text, level, of_level, asks_without)
            return requirement, lines[0].entry
        section = role.section(section_key or "skills") or role.section("skills")
        if section is None or not self._subjects.is_named(subject):
            return None, ""
        return Requirement(
            role.id, subject.text, RequirementLevel.NOT_LISTED, (), asks_without
        ), section.id

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
