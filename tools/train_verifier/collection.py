"""Collections that the verifier learns from: content, and questions with the entries that answer.

A folder of FAQs holds `faqs/*.yaml`, as faqbot reads them, and `questions.jsonl` with the keys `q`,
`ok` (ids of entries that answer; none of a question that nothing answers) and perhaps `role`. A set
of intents is cut into content with few phrasings, and questions.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from faqbot.content.loader import load_knowledge_base
from faqbot.evaluation.datasets import Sentence, knowledge_base_from, read_sentences
from faqbot.model import KnowledgeBase

PHRASINGS = (1, 2, 4, 8)
"""Phrasings that the entries of a set of intents have, one after the other."""

MAX_ASKED = 150
"""Questions that a set of intents asks."""

UNKNOWN_SHARE = 0.25
"""The share of a set's intents that aren't written, so that questions for them are out of scope."""

PART_ENTRIES, PART_OUT_OF_SCOPE = 8, 20
"""Entries of a part of a folder, and questions for its other entries that the part is asked."""

PART = ", in part"
"""What the name of a part of a folder ends in."""

INTENTS = (
    ("hint3/sofmattress_train.csv", "sentence", "label"),
    ("hint3/curekart_train.csv", "sentence", "label"),
    ("banking77/train_10shot.csv", "text", "category"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: its text, the ids of the entries that answer it, and the role asked about."""

    text: str
    right: frozenset[str]
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """Content with questions; `is_folder` tells that its entries have answers."""

    name: str
    knowledge_base: KnowledgeBase
    questions: tuple[Asked, ...]
    is_folder: bool = True


def read_folder(folder: Path) -> Collection:
    """Return the collection of a folder."""
    knowledge_base = load_knowledge_base(folder)
    known = {entry.id for entry in knowledge_base.entries()}
    lines = (folder / "questions.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    questions = []
    for row in rows:
        right = frozenset(_id(name, known) for name in row["ok"])
        questions.append(Asked(row["q"], right, row.get("role")))
    return Collection(folder.name, knowledge_base, tuple(questions))


def read_folders(place: Path) -> tuple[Collection, ...]:
    """Return the collections of a folder that holds one for each organisation."""
    return tuple(read_folder(path.parent) for path in sorted(place.glob("*/questions.jsonl")))


def halves(
    collections: Sequence[Collection],
) -> tuple[tuple[Collection, ...], tuple[Collection, ...]]:
    """Return every second collection, and the others: an encoder learns from one half each."""
    return tuple(collections[::2]), tuple(collections[1::2])


def _id(name: str, known: set[str]) -> str:
    """Return the id of an entry that is named by its whole id or by its end."""
    found = [known_id for known_id in known if known_id == name or known_id.endswith(f"/{name}")]
    # Questions were written for ids that a newer content cuts at another length.
    found = found or [known_id for known_id in known if f"/{name}"[:50] in known_id]
    if len(found) != 1:
        raise ValueError(f"{name!r} names {len(found)} entries")
    return found[0]


def with_strangers(collections: Sequence[Collection], count: int = 30) -> list[Collection]:
    """Return folders, each with some questions of the others, which none of its entries answers."""
    chance = random.Random(0)
    result = []
    for own in collections:
        others = [
            question.text
            for other in collections
            if other.knowledge_base != own.knowledge_base
            for question in other.questions
            if question.right and question.role is None
        ]
        drawn = chance.sample(others, min(count, len(others)))
        asked = tuple(Asked(text, frozenset()) for text in drawn)
        result.append(replace(own, questions=own.questions + asked))
    return result


def with_parts(collections: Sequence[Collection]) -> list[Collection]:
    """Return collections, and of each folder a part, as a small organisation would have written it.

    Questions that only the rest of the folder answers are out of the part's scope, and near to it.
    """
    result = []
    for own in collections:
        result.append(own)
        faqs = own.knowledge_base.faqs
        if not own.is_folder or len(faqs) < 2 * PART_ENTRIES:
            continue
        chance = random.Random(own.name)
        kept = chance.sample(faqs, PART_ENTRIES)
        names = {faq.id for faq in kept}
        answered = [q for q in own.questions if q.right & names]
        others = [q for q in own.questions if q.right and not q.right & names]
        others = chance.sample(others, min(PART_OUT_OF_SCOPE, len(others)))
        asked = [replace(q, right=q.right & names) for q in answered]
        asked += [replace(q, right=frozenset()) for q in others]
        part = replace(own.knowledge_base, faqs=tuple(kept))
        result.append(
            replace(own, name=own.name + PART, knowledge_base=part, questions=tuple(asked))
        )
    return result


def read_intents(data: Path) -> Iterator[Collection]:
    """Yield collections of the sets of intents, with one to eight phrasings an entry."""
    for name, text, label in INTENTS:
        sentences = read_sentences(data / name, text, label)
        for count in PHRASINGS:
            yield _intents(f"{Path(name).stem}-{count}", sentences, count)


def _intents(name: str, sentences: Sequence[Sentence], count: int) -> Collection:
    chance = random.Random(count)
    labels = sorted({one.label for one in sentences if one.label != "NO_NODES_DETECTED"})
    unknown = set(chance.sample(labels, round(UNKNOWN_SHARE * len(labels))))
    written: list[Sentence] = []
    asked: list[Asked] = []
    for label in labels:
        own = [one for one in sentences if one.label == label]
        chance.shuffle(own)
        if label in unknown:
            asked += [Asked(one.text, frozenset()) for one in own[:3]]
            continue
        written += own[:count]
        asked += [Asked(one.text, frozenset({f"faq/{label}"})) for one in own[count : count + 6]]
    chance.shuffle(asked)
    knowledge_base = knowledge_base_from(written)
    # Labels are no answers: the features that read an answer must learn from answers only.
    faqs = tuple(replace(faq, answer="") for faq in knowledge_base.faqs)
    return Collection(name, replace(knowledge_base, faqs=faqs), tuple(asked[:MAX_ASKED]), False)
