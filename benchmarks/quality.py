"""Measure answers: `python -m benchmarks.quality intents --data DIR`, or `own`.

faqbot is measured by its own command, `faqbot evaluate`, in a process of its own; the peers are
given the same phrasings and the same questions.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.intent_sets import FULL, NONE, SETS, IntentSet, published_split, training_split
from benchmarks.peers import Peer, peers
from benchmarks.record import Row, table, write
from faqbot.content.defaults import load_defaults
from faqbot.content.loader import load_knowledge_base
from faqbot.errors import FaqbotError
from faqbot.evaluation.datasets import (
    Expect,
    LabelledQuestion,
    knowledge_base_from,
    labelled_questions,
    read_questions,
)
from faqbot.evaluation.runner import NO_ENTRY, Prediction, report
from faqbot.model import KnowledgeBase, Role

ROOT = Path(__file__).resolve().parent.parent
OWN = {"train": "development", "test": "test"}
COMMAND = (sys.executable, "-c", "from faqbot.cli.main import main; main()", "evaluate", "--json")
NOTES = (
    "Top-1 ignores thresholds. MCC is at faqbot's default threshold; peers have none. Best MCC is",
    "at the best of 101 quantiles of the scores. Peers know every phrasing, with each title and",
    "alias of a role in place of `{role}`. Milliseconds for one question (p50, p99), seconds to",
    "load. Memory, in MB, is that of a process that does nothing else.",
)


@dataclass(frozen=True, slots=True)
class Task:
    """What to ask, what the peers learn, and the arguments with which faqbot is measured."""

    name: str
    questions: Sequence[LabelledQuestion]
    phrasings: Sequence[tuple[str, str]]
    arguments: tuple[str, ...]


def main() -> None:
    """Measure faqbot and its peers side by side; write what was measured on test splits."""
    options = _options()
    others = list(peers(minilm=options.minilm)) if options.peers else []
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for task in _tasks(options, Path(folder)):
                rows += _measure(task, others, options.encoder)
        except FaqbotError as error:
            sys.exit(str(error))
    if options.split == "test" and not options.only:
        name, title = WHAT[options.what]
        write(name, title, NOTES, rows)


WHAT = {
    "intents": ("quality", "Quality on public intent sets"),
    "own": ("own-questions", "Quality on own questions"),
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.quality", description=__doc__)
    parser.add_argument("what", choices=WHAT, help="public intent sets, or own questions")
    parser.add_argument("--data", type=Path, help="folder with hint3/ and banking77/")
    parser.add_argument("--encoder", type=Path, help="a sentence-transformers model to measure too")
    parser.add_argument(
        "--split",
        choices=("test", "train"),
        default="test",
        help="train: only training files and development questions; nothing is written",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the splits of training files")
    parser.add_argument("--only", metavar="WORD", help="sets whose name holds this word")
    parser.add_argument("--banking-full", action="store_true", help="with all phrasings as well")
    parser.add_argument("--minilm", action="store_true", help="with all-MiniLM-L6-v2 as a peer")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    return parser.parse_args()


def _tasks(options: argparse.Namespace, folder: Path) -> Iterator[Task]:
    def wanted(name: str) -> bool:
        return options.only is None or options.only.lower() in name.lower()

    sets = (*SETS, FULL) if options.banking_full else SETS
    if options.what == "own":
        name = OWN[options.split]
        yield _own_task(name, ROOT / "tests" / "questions" / f"{name}.jsonl")
        return
    if options.data is None:
        sys.exit("Public intent sets need --data: benchmarks/README.md says which.")
    for chosen in sets:
        if wanted(chosen.name):
            yield _intent_task(chosen, options, folder)


def _intent_task(chosen: IntentSet, options: argparse.Namespace, folder: Path) -> Task:
    published = options.split == "test"
    split = (
        published_split(chosen, options.data)
        if published
        else training_split(chosen, options.data, options.seed)
    )
    train, test = split.write(folder)
    knowledge_base = knowledge_base_from(split.train, NONE)
    return Task(
        name=chosen.name if published else f"{chosen.name}, split of training data",
        questions=labelled_questions(split.test, knowledge_base),
        phrasings=[(f"faq/{one.label}", one.text) for one in split.train if one.label != NONE],
        arguments=("--train", str(train), "--test", str(test), "--none-label", NONE),
    )


def _own_task(name: str, path: Path) -> Task:
    knowledge = ROOT / "knowledge"
    knowledge_base = load_knowledge_base(knowledge)
    asked = read_questions(path)
    return Task(
        name=name,
        questions=[_with_role(question, knowledge_base) for question in asked],
        phrasings=list(_written_out(knowledge_base)),
        arguments=("--questions", str(path), "--knowledge", str(knowledge)),
    )


def _with_role(labelled: LabelledQuestion, knowledge_base: KnowledgeBase) -> LabelledQuestion:
    """A follow-up with its role in front: peers have no conversation."""
    role = knowledge_base.role(labelled.role)
    if role is None:
        return labelled
    asked = f"{role.title}: {labelled.question}"
    return LabelledQuestion(asked, labelled.expect, labelled.entries, labelled.accept)


def _written_out(knowledge_base: KnowledgeBase) -> Iterator[tuple[str, str]]:
    """(entry, text) of all content: phrasings with each title and alias in place of `{role}`."""
    for faq in knowledge_base.faqs:
        yield from ((faq.id, text) for text in (faq.question, *faq.phrasings))
    for role in knowledge_base.roles:
        for entry, text in dict.fromkeys(_of_role(role, knowledge_base)):
            slot = "{role}" in text
            names = (role.title, *role.aliases) if slot else (role.title,)
            for name in names:
                yield entry, text.replace("{role}", name) if slot else f"{name}: {text}"


def _of_role(role: Role, knowledge_base: KnowledgeBase) -> Iterator[tuple[str, str]]:
    for key, texts in load_defaults().phrasings.items():
        entry = role.id if key == "role" else f"{role.id}/{key}"
        if knowledge_base.entry(entry) is not None:
            yield from ((entry, text) for text in texts)
    for section in role.sections:
        yield from ((section.id, text) for text in (section.title, *section.phrasings))
    for faq in role.faqs:
        yield from ((faq.id, text) for text in (faq.question, *faq.phrasings))


def _measure(task: Task, others: Sequence[Peer], encoder: Path | None) -> list[Row]:
    rows = [_faqbot(task, "faqbot")]
    if encoder is not None:
        rows.append(_faqbot(task, "faqbot[transformer]", "--encoder", str(encoder)))
    rows += [_peer(task, peer) for peer in others]
    print(table(rows), end="\n\n", flush=True)
    return rows


def _faqbot(task: Task, name: str, *arguments: str) -> Row:
    command = [*COMMAND, *task.arguments, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"faqbot evaluate failed on {task.name}: {ran.stderr.strip()}")
    told = json.loads(ran.stdout)
    latency = told["latency_ms"]
    kept = "top1 mcc best_mcc in_scope_accuracy oos_recall wrong_rate ece".split()
    return {
        "set": task.name,
        "matcher": name,
        **{key: told[key] for key in kept},
        "p50": latency["p50"],
        "p99": latency["p99"],
        "load": told["load_s"],
        "memory": told["rss_mb"],
    }


def _peer(task: Task, peer: Peer) -> Row:
    began = time.perf_counter()
    find = peer.fit([text for _, text in task.phrasings], [entry for entry, _ in task.phrasings])
    loaded = time.perf_counter() - began
    find("warm up")
    found = report([_trial(labelled, find) for labelled in task.questions], load_s=loaded)
    told = found.as_json()
    return {
        "set": task.name,
        "matcher": peer.name,
        "top1": told["top1"],
        "best_mcc": told["best_mcc"],
        "p50": round(found.p50, 3),
        "p99": round(found.p99, 3),
        "load": told["load_s"],
    }


def _trial(labelled: LabelledQuestion, find: Callable[[str], tuple[str, float]]) -> Prediction:
    began = time.perf_counter()
    guess, score = find(labelled.question)
    seconds = time.perf_counter() - began
    owed = "+".join(sorted(labelled.entries)) if labelled.expect is Expect.ANSWER else NO_ENTRY
    return Prediction(
        expect=labelled.expect,
        expected=owed,
        guess=owed if owed and guess in labelled.accept else guess,
        confidence=score,
        answer=NO_ENTRY,
        seconds=seconds,
    )


if __name__ == "__main__":
    main()
