"""Measure content of others with one phrasing an entry: `python -m benchmarks.folders --data DIR`.

Every question is asked twice: of the whole folder, and of the folder without the entries that
answer it. The peers learn the same phrasings; their thresholds are tuned on the questions that
faqbot's verifier was fitted on, and none on those that are reported for the handbook.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.peers import Find, Peer, nearest_peers
from benchmarks.record import Row, table, write
from faqbot.engine import Engine
from faqbot.evaluation.datasets import Expect, LabelledQuestion, Mark, mark, to_question
from faqbot.evaluation.metrics import NO_LABEL, THRESHOLDS, mcc
from faqbot.evaluation.runner import predict_all, report
from faqbot.index.builder import build_index
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.training_data import SharedResources
from faqbot.model import Answer, Choices, KnowledgeBase, Outcome
from tools.train_verifier.collection import Asked, Collection, read_folder, with_strangers

UNRELATED = 30
"""Questions of other folders that each folder is asked."""

MAX_WRONG = 0.07
"""The share of wrong answers that a peer's second threshold allows."""

AT_MOST = f"{MAX_WRONG:.0%} wrong"

REPORTED = "handbook, second half"
FITTED = "folders that the verifier was fitted on"
UNSEEN = "folders that nothing was tuned on"
MEAN_LEFT_OUT = "folders, each left out of the fit"

NOTES = (
    "One phrasing an entry. Shares of the questions with an answer: right; right or offered (one",
    "of up to four choices is right); wrong (another entry is answered); removed, answered: the",
    "same questions, asked of the folder without the entries that answer them. Near, answered:",
    "questions that share the folder's words but that nothing answers; unrelated, answered:",
    "questions of other folders. ECE: expected calibration error.",
    "",
    "Two thresholds of each peer are tuned on the first half of the handbook's questions, and on",
    "the folders that the verifier was fitted on, if they are asked: that with the best MCC, and",
    "the lowest from which at most 7 % of the questions with an answer are answered wrongly. The",
    "second half of the handbook is unseen by all, and so are folders of which the table says so.",
    "The handbook has no near questions.",
)
LEFT_OUT_NOTES = (
    "",
    "Left out: the mean over all folders, each asked with weights that the other folders taught.",
    "`tools.train_verifier` prints these figures. It asks the verifier alone, without the author's",
    "own questions, vetoes and conversation of the product, and its out of scope has near and",
    "unrelated questions together.",
)

Said: TypeAlias = tuple[str, bool]
"""What came of a question: "right", "offered", "wrong" or ""; and whether it was answered."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a question; and with its right entries taken away, if any answers it."""

    asked: Asked
    whole: Said
    removed: Said | None


Measure: TypeAlias = Callable[[Collection], Sequence[Told]]


def main() -> None:
    """Measure faqbot and its peers on the handbook and on folders; write the figures."""
    options = _options()
    handbook = read_folder(options.data / "handbook")
    half = len(handbook.questions) // 2
    first = replace(handbook, questions=handbook.questions[:half])
    second = replace(handbook, questions=handbook.questions[half:])
    folders = _folders(options.folders)
    tuned = [] if options.unseen else folders
    place = tempfile.TemporaryDirectory(prefix="faqbot-folders-")
    # Vectors on disk: a folder without one entry is encoded once with all others.
    resources = SharedResources(cache=Path(place.name))
    measures: dict[str, Measure] = {"faqbot": lambda asked: _faqbot(asked, resources)}
    for peer in nearest_peers():
        tried = _tried(peer, with_strangers([first, *tuned], UNRELATED))
        for what, threshold in (("best MCC", tried.best_mcc()), (AT_MOST, tried.few_wrong())):
            name = f"{peer.name}, {what} ({threshold:.2f})"
            measures[name] = _with_threshold(peer, threshold)
    rows: list[Row] = []
    reported, *others = with_strangers([second, *folders], UNRELATED)
    unrelated = len(reported.questions) - len(second.questions)
    for name, measure in measures.items():
        row: dict[str, object] = {
            "content": REPORTED,
            "matcher": name,
            **_figures(measure(reported), unrelated),
        }
        if name == "faqbot":
            row["ece"] = round(_calibration_error(second, resources), 3)
        rows.append(row)
        print(table(rows[-1:]).splitlines()[-1], flush=True)
    for name, measure in measures.items() if folders else ():
        shares = []
        for folder in others:
            shares.append(_figures(measure(folder), unrelated))
            print(name, folder.name, shares[-1], flush=True)
        content = UNSEEN if options.unseen else FITTED
        rows.append({"content": content, "matcher": name, **_means(shares)})
    place.cleanup()
    notes: tuple[str, ...] = NOTES
    if options.left_out:
        rows.append(_left_out(options.left_out))
        notes = (*NOTES, *LEFT_OUT_NOTES)
    print(table(rows))
    if options.write:
        write("folders", "Content of others, one phrasing an entry", notes, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.folders", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with handbook/")
    parser.add_argument("--folders", type=Path, help="a folder for each organisation")
    parser.add_argument("--unseen", action="store_true", help="nothing was tuned on the folders")
    parser.add_argument("--left-out", type=Path, help="what tools.train_verifier printed")
    parser.add_argument("--no-write", dest="write", action="store_false")
    return parser.parse_args()


def _folders(place: Path | None) -> list[Collection]:
    if place is None:
        return []
    found = sorted(path.parent for path in place.glob("*/questions.jsonl"))
    if not found:
        sys.exit(f"{place} has no ORGANISATION/questions.jsonl. Name a folder of such folders.")
    return [read_folder(folder) for folder in found]


def _faqbot(collection: Collection, resources: SharedResources) -> list[Told]:
    """The answers of the product; questions with the same entries share one smaller folder."""
    whole = _engine(collection.knowledge_base, resources)
    smaller: dict[frozenset[str], Engine] = {}
    told = []
    for asked in collection.questions:
        said = _said(_labelled(asked), whole)
        if not asked.right:
            told.append(Told(asked, said, None))
            continue
        if asked.right not in smaller:
            # Questions of one entry follow each other, so one folder at a time is enough.
            left = _without(collection.knowledge_base, asked.right)
            smaller = {asked.right: _engine(left, resources)}
        unanswered = _labelled(Asked(asked.text, frozenset()))
        told.append(Told(asked, said, _said(unanswered, smaller[asked.right])))
    return told


def _engine(knowledge_base: KnowledgeBase, resources: SharedResources) -> Engine:
    return Engine(build_index(knowledge_base, resources), ConversationMemory(time.monotonic))


def _without(knowledge_base: KnowledgeBase, ids: frozenset[str]) -> KnowledgeBase:
    return replace(
        knowledge_base, faqs=tuple(faq for faq in knowledge_base.faqs if faq.id not in ids)
    )


def _labelled(asked: Asked) -> LabelledQuestion:
    right = tuple(sorted(asked.right))
    if not right:
        return LabelledQuestion(asked.text, Expect.DECLINE)
    return LabelledQuestion(asked.text, Expect.ANSWER, right[:1], right)


def _said(labelled: LabelledQuestion, engine: Engine) -> Said:
    outcome: Outcome = engine.ask(to_question(labelled)).outcome
    match outcome:
        case Answer():
            right = mark(labelled, outcome) is Mark.RIGHT
            return ("right" if right else "wrong"), True
        case Choices(options=options):
            offered = bool({option.id for option in options} & set(labelled.accept))
            return ("offered" if offered else ""), False
    return "", False


def _calibration_error(collection: Collection, resources: SharedResources) -> float:
    """The expected calibration error on the questions of a collection."""
    engine = _engine(collection.knowledge_base, resources)
    asked = [_labelled(asked) for asked in collection.questions]
    return report(predict_all(engine, asked)).ece


def _fit(peer: Peer, knowledge_base: KnowledgeBase) -> Find:
    known = [(t, faq.id) for faq in knowledge_base.faqs for t in (faq.question, *faq.phrasings)]
    return peer.fit([text for text, _ in known], [entry for _, entry in known])


@dataclass(frozen=True, slots=True)
class Tried:
    """What a peer finds for questions: the class that it owes, its guess, and how sure it is."""

    owed: npt.NDArray[np.int64]
    guessed: npt.NDArray[np.int64]
    sure: npt.NDArray[np.float64]

    def best_mcc(self) -> float:
        """The threshold with the highest MCC."""
        return max(self._thresholds(), key=lambda least: mcc(self.owed, self._answers(least)))

    def few_wrong(self) -> float:
        """The lowest threshold from which few questions that have an answer get another one."""
        inside = self.owed != NO_LABEL
        for least in self._thresholds():
            answers = self._answers(least)[inside]
            wrong = (answers != NO_LABEL) & (answers != self.owed[inside])
            if wrong.mean() <= MAX_WRONG:
                return least
        return self._thresholds()[-1]

    def _answers(self, least: float) -> npt.NDArray[np.int64]:
        return np.where(self.sure >= least, self.guessed, NO_LABEL)

    def _thresholds(self) -> list[float]:
        tried: list[float] = np.quantile(self.sure, np.linspace(0, 1, THRESHOLDS)).tolist()
        return tried


def _tried(peer: Peer, collections: Sequence[Collection]) -> Tried:
    names: dict[tuple[int, str], int] = {}
    owed, guesses, scores = [], [], []
    for number, collection in enumerate(collections):
        find = _fit(peer, collection.knowledge_base)
        for asked in collection.questions:
            guess, score = find(asked.text)
            right = guess if guess in asked.right else min(asked.right, default=None)
            label = NO_LABEL
            if right is not None:
                label = names.setdefault((number, right), len(names))
            owed.append(label)
            guesses.append(names.setdefault((number, guess), len(names)))
            scores.append(score)
    return Tried(np.array(owed), np.array(guesses), np.array(scores))


def _with_threshold(peer: Peer, threshold: float) -> Measure:
    def measure(collection: Collection) -> list[Told]:
        find = _fit(peer, collection.knowledge_base)
        told = []
        for asked in collection.questions:
            removed = None
            if asked.right:
                smaller = _fit(peer, _without(collection.knowledge_base, asked.right))
                removed = _peer_said(smaller, asked, threshold)
            told.append(Told(asked, _peer_said(find, asked, threshold), removed))
        return told

    return measure


def _peer_said(find: Find, asked: Asked, threshold: float) -> Said:
    guess, score = find(asked.text)
    if score < threshold:
        return "", False
    return ("right" if guess in asked.right else "wrong"), True


def _figures(told: Sequence[Told], unrelated: int) -> dict[str, float | int | None]:
    """Shares of the questions; the last ones are `unrelated`."""
    inside = [one for one in told if one.asked.right]
    own, others = told[: len(told) - unrelated], told[len(told) - unrelated :]

    def share(hits: Sequence[bool]) -> float | None:
        return round(sum(hits) / len(hits), 3) if hits else None

    return {
        "questions": len(inside),
        "right": share([one.whole[0] == "right" for one in inside]),
        "right or offered": share([one.whole[0] in ("right", "offered") for one in inside]),
        "wrong": share([one.whole[0] == "wrong" for one in inside]),
        "removed, answered": share([bool(one.removed and one.removed[1]) for one in inside]),
        "near, answered": share([one.whole[1] for one in own if not one.asked.right]),
        "unrelated, answered": share([one.whole[1] for one in others]),
    }


def _means(shares: Sequence[Mapping[str, float | int | None]]) -> Row:
    """Means over folders; the number of questions is their sum."""
    row: dict[str, object] = {}
    for key in shares[0]:
        values = [value for share in shares if (value := share[key]) is not None]
        total = sum(values)
        row[key] = total if key == "questions" else round(total / len(values), 3)
    return row


def _left_out(path: Path) -> Row:
    """The mean that `tools.train_verifier` printed for the encoder that is used."""
    line = next(_means_of(path))
    figures = dict(zip(line[0::2], map(float, line[1::2]), strict=True))
    names = {"removed": "removed, answered", "out": "near or unrelated, answered"}
    renamed = {names.get(key, key): value for key, value in figures.items()}
    return {"content": MEAN_LEFT_OUT, "matcher": "faqbot's verifier alone", **renamed}


def _means_of(path: Path) -> Iterator[list[str]]:
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("mean "):
            cells = [cell.rpartition(" ") for cell in line[4:].strip().split("  ") if cell.strip()]
            yield [part.strip() for name, _, value in cells for part in (name, value)]


if __name__ == "__main__":
    main()
