"""Compare answers with recorded ones: `python -m benchmarks.answers --data DIR`.

Asks all labelled questions of tests/questions and the questions of the golden messages over the
shipped content, and 500 questions over three families of O*NET, all by `faqbot ask --json --batch`.
Each difference in outcome, role, entries, confidence, fact or text is printed, and the exit code
is then 1. Confidences are compared as they are printed.

`--write` records the answers anew in `benchmarks/recorded`: commit that together with the change
that the answers differ by. Another processor may round a confidence otherwise in its last digit:
record and compare on the same one.
"""

from __future__ import annotations

import argparse
import difflib
import json
import random
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import recording
from benchmarks.installation import Installation
from benchmarks.onet_questions import FAMILIES, archive, questions
from benchmarks.record import Row, table, write
from benchmarks.recording import FIELDS, Answer, Asked

ROOT = Path(__file__).resolve().parent.parent
SEED = 2026
ONET = 500
WIDTH = 200
"""Characters that are shown of a field whose recorded value isn't known."""

GOLDEN = (
    "python developer skills",
    "python developer",
    "skills and education for data analyst",
    "what is the tech stack of a python developer",
    "how can I apply for a job",
    "what skills do I need?",
    "how do I fix ImportError: No module named flask",
    "what skills does a plumber need",
)
"""What the golden messages of tests/slack answer; asked of the shipped content here."""

NOTES = (
    "Answers as recorded in `benchmarks/recorded`, by `faqbot ask --json --batch`. Seconds are of",
    "all commands of a set, from start to exit; those of O*NET include its import.",
)


def main() -> None:
    """Ask everything; then record the answers, or compare them and fail when one differs."""
    options = _options()
    installation = Installation.of(options.faqbot)
    rows: list[Row] = []
    differences = 0
    with tempfile.TemporaryDirectory(prefix="faqbot-answers-") as name:
        home = Path(name)
        for one in _sets(options):
            found, row = _measured(one, installation, home)
            if options.write:
                one.recording.write(found)
            else:
                row["differences"] = _compare(one, found)
                differences += row["differences"]
            rows.append(row)
    print(table(rows))
    if options.write:
        write("answers", "Recorded answers", NOTES, rows)
    if differences:
        raise SystemExit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.answers", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with O*NET's zip file")
    parser.add_argument("--faqbot", metavar="COMMAND", help="another installation's faqbot")
    parser.add_argument("--write", action="store_true", help="record instead of comparing")
    return parser.parse_args()


@dataclass(frozen=True, slots=True)
class _Set:
    """Questions with the content that they are asked of and where their answers are recorded.

    Args:
        name: for people.
        asked: the questions.
        recording: where the answers are.
        data: the folder of O*NET's zip file; None: the shipped content answers.
    """

    name: str
    asked: tuple[Asked, ...]
    recording: recording.Whole | recording.Digests
    data: Path | None = None


def _sets(options: argparse.Namespace) -> Iterator[_Set]:
    """What is asked: recorded questions, or the present ones where they are recorded anew."""
    whole = recording.Whole(recording.FOLDER)
    labelled = _labelled()
    asked = labelled if options.write else whole.asked()
    missing = len(set(labelled) - set(asked))
    if missing:
        print(f"{missing} labelled questions are not recorded: --write records them.")
    yield _Set("shipped content", asked, whole)
    if options.data is None:
        print("Without --data nothing is asked of O*NET.")
        return
    digests = recording.Digests(recording.FOLDER)
    drawn = questions(options.data, ONET, random.Random(SEED)) if options.write else ()
    asked = tuple(Asked(text) for text in drawn) if options.write else digests.asked()
    yield _Set("O*NET", asked, digests, options.data)


def _labelled() -> tuple[Asked, ...]:
    """The labelled questions and those of the golden messages, each once."""
    lines = [
        json.loads(line)
        for path in sorted((ROOT / "tests" / "questions").glob("*.jsonl"))
        for line in recording.lines_of(path)
    ]
    asked = [Asked(line["question"], line.get("role")) for line in lines]
    return tuple(dict.fromkeys((*asked, *(Asked(text) for text in GOLDEN))))


def _measured(
    one: _Set, installation: Installation, home: Path
) -> tuple[Mapping[Asked, Answer], dict[str, Any]]:
    began = time.perf_counter()
    content = home / ("knowledge" if one.data is None else "onet")
    if one.data is None:
        _copy_content(content)
    else:
        only = [word for family in FAMILIES for word in ("--only", family)]
        zipped = str(archive(one.data).resolve())
        installation.run(home, "import", "onet", zipped, "--quiet", "--out", str(content), *only)
    found = _ask(one.asked, installation, home, content)
    seconds = time.perf_counter() - began
    outcomes = Counter(answer["outcome"] for answer in found.values())
    row = {"content": one.name, "questions": len(found), **dict(sorted(outcomes.items()))}
    return found, {**row, "seconds": round(seconds, 1)}


def _copy_content(folder: Path) -> None:
    """Copy the shipped content without periods of review: answers then don't depend on the day."""
    shutil.copytree(ROOT / "knowledge", folder)
    for path in folder.rglob("*.yaml"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.lstrip().startswith("review_every:")]
        path.write_text("".join(kept), encoding="utf-8")


def _ask(
    asked: Sequence[Asked], installation: Installation, home: Path, content: Path
) -> Mapping[Asked, Answer]:
    """The answers by question, from one process for each role that a conversation is about."""
    by_role: defaultdict[str | None, list[Asked]] = defaultdict(list)
    for question in asked:
        by_role[question.role].append(question)
    found: dict[Asked, Answer] = {}
    for role, group in by_role.items():
        ran = installation.run(
            *(home, "ask", "--json", "--batch", "-", "--knowledge", str(content)),
            *(("--role", role) if role else ()),
            given="".join(json.dumps(question.text) + "\n" for question in group),
        )
        answers = [json.loads(line, parse_float=str) for line in ran.output.split("\n")[:-1]]
        if [answer["question"] for answer in answers] != [question.text for question in group]:
            raise SystemExit("faqbot ask --batch doesn't answer line by line.")
        found |= zip(group, map(recording.answer_of, answers), strict=True)
    return {question: found[question] for question in asked}


def _compare(one: _Set, found: Mapping[Asked, Answer]) -> int:
    """Print how answers differ from the recorded ones. Returns the number of those that do."""
    differing = 0
    fields: Counter[str] = Counter()
    for question, then, now in one.recording.differences(found):
        differing += 1
        about = f" (about {question.role})" if question.role else ""
        print(f"\n{one.name}: {question.text!r}{about}")
        for field in FIELDS:
            if field not in then and isinstance(one.recording, recording.Digests):
                print(f"  {field} now: {_brief(now.get(field))}")
            elif then.get(field) != now.get(field):
                fields[field] += 1
                print("\n".join(_difference(field, then.get(field), now.get(field))))
    if fields:
        counts = ", ".join(f"{field} {count}" for field, count in fields.most_common())
        print(f"\n{one.name}: {differing} answers differ: {counts}\n")
    return differing


def _difference(field: str, then: Any, now: Any) -> Iterator[str]:
    """A field that differs, in lines."""
    if field == "text":
        yield "  text:"
        lines = difflib.unified_diff(then.split("\n"), now.split("\n"), lineterm="", n=0)
        yield from (f"    {line}" for line in list(lines)[2:] if not line.startswith("@@"))
    elif field == "entries" and _entries(then) != _entries(now):
        yield f"  entries: {_entries(then)} -> {_entries(now)}"
    else:
        yield f"  {field}: {json.dumps(then)} -> {json.dumps(now)}"


def _entries(entries: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(f"{entry['id']} {entry['confidence']}" for entry in entries) or "none"


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]} ..."


if __name__ == "__main__":
    main()
