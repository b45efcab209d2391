"""Files of recorded answers: complete ones, with each line of text stored once, or digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "recorded"
FIELDS = ("outcome", "role", "entries", "fact", "text")
"""What is compared of the JSON contract; keys that are added to it change nothing."""

Answer = Mapping[str, Any]
"""The FIELDS of an answer, confidences as they were printed; no `fact` where there is none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the id of the role that the conversation is about."""

    text: str
    role: str | None = None


def answer_of(printed: Mapping[str, Any]) -> Answer:
    """Return what is compared of a line that `faqbot ask --json` printed."""
    return {field: printed[field] for field in FIELDS if field in printed}


class Whole:
    """Answers with all that they say, in three files that a person can read.

    `lines.txt` holds each line of all texts once. `answers.jsonl` holds each answer once, without
    confidences, its text as numbers of lines. `questions.jsonl` holds for each question the number
    of its answer and the confidences of its entries.
    """

    def __init__(self, folder: Path) -> None:
        self._lines = folder / "lines.txt"
        self._answers = folder / "answers.jsonl"
        self._questions = folder / "questions.jsonl"

    def write(self, found: Mapping[Asked, Answer]) -> None:
        """Replace the recording.

        Raises:
            SystemExit: an answer doesn't read back as it is.
        """
        lines: dict[str, int] = {}
        answers: dict[str, int] = {}
        questions = []
        for asked, answer in found.items():
            numbers = [lines.setdefault(line, len(lines)) for line in answer["text"].split("\n")]
            kept = {
                **answer,
                "entries": [entry["id"] for entry in answer["entries"]],
                "text": _as_ranges(numbers),
            }
            at = answers.setdefault(_dumped(kept), len(answers))
            confidences = [entry["confidence"] for entry in answer["entries"]]
            questions.append(_dumped([asked.text, asked.role, at, *confidences]))
        _write(self._lines, lines)
        _write(self._answers, answers)
        _write(self._questions, questions)
        for asked, then, _ in self.differences(found):
            raise SystemExit(f"The answer to {asked.text!r} reads back as {then}.")

    def asked(self) -> tuple[Asked, ...]:
        """Return the recorded questions in their order."""
        return tuple(self._read())

    def differences(self, found: Mapping[Asked, Answer]) -> Iterator[tuple[Asked, Answer, Answer]]:
        """Yield each question whose answer differs, with the recorded and the new answer."""
        for asked, then in self._read().items():
            if found[asked] != then:
                yield asked, then, found[asked]

    def _read(self) -> Mapping[Asked, Answer]:
        lines = lines_of(self._lines)
        answers = [json.loads(line) for line in lines_of(self._answers)]
        found: dict[Asked, Answer] = {}
        for text, role, at, *confidences in map(json.loads, lines_of(self._questions)):
            kept = answers[at]
            found[Asked(text, role)] = {
                **kept,
                "entries": list(map(_entry, kept["entries"], confidences)),
                "text": "\n".join(lines[number] for number in _as_numbers(kept["text"])),
            }
        return found


class Digests:
    """Answers of which `onet.jsonl` keeps the outcome and half a SHA-256 of everything."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "onet.jsonl"

    def write(self, found: Mapping[Asked, Answer]) -> None:
        """Replace the recording."""
        rows = ((asked.text, answer["outcome"], _digest(answer)) for asked, answer in found.items())
        _write(self._file, map(_dumped, rows))

    def asked(self) -> tuple[Asked, ...]:
        """Return the recorded questions in their order."""
        return tuple(Asked(json.loads(line)[0]) for line in lines_of(self._file))

    def differences(self, found: Mapping[Asked, Answer]) -> Iterator[tuple[Asked, Answer, Answer]]:
        """Yield each question whose answer differs, with what is known of the recorded answer."""
        for text, outcome, digest in map(json.loads, lines_of(self._file)):
            now = found[Asked(text)]
            if (now["outcome"], _digest(now)) != (outcome, digest):
                yield Asked(text), {"outcome": outcome}, now


def _entry(id_: str, confidence: str) -> Mapping[str, object]:
    """An entry as the JSON contract prints it: its id implies its kind and its role."""
    first, _, rest = id_.partition("/")
    general = first == "faq" and rest
    kind = "faq" if general or rest.startswith("faq/") else "section" if rest else "role"
    role = None if general else first
    return {"id": id_, "kind": kind, "role": role, "confidence": confidence}


def _digest(answer: Answer) -> str:
    canonical = json.dumps(answer, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def _as_ranges(numbers: Sequence[int]) -> str:
    """Numbers as ranges: 3, 4, 5, 9 become "3-5,9"."""
    ranges = []
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        ranges.append(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]))
    return ",".join(ranges)


def _as_numbers(ranges: str) -> Iterator[int]:
    for one in ranges.split(","):
        first, _, last = one.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _write(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file. Only a line feed ends one: JSON and texts may hold others."""
    return path.read_bytes().decode().split("\n")[:-1]
