"""Measure what people really type: `python -m benchmarks.strangers --data DIR`.

Questions over the shipped content are asked and scored by the data's own script; titles, codes and
own words by the engine.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.overheard import overheard
from benchmarks.peers import nearest_peers
from benchmarks.record import Row, table, write
from benchmarks.tiny_folders import TINY_FOLDERS, TinyFaq
from faqbot.app import load_engine
from faqbot.engine import Engine
from faqbot.model import Answer, Audience, KnowledgeBase, Question, Surface

ROOT = Path(__file__).resolve().parent.parent
NOTES = (
    "Shares of the questions. Typed over the shipped content: right and wrong as the data's own",
    "`score.py` says. Titles: 25 roles whose titles hold ordinary words, each reached by its own.",
    "Codes there: answered by their FAQ; codes not there: one character or letter apart, where",
    "every answer is wrong and all else right. Own words: FAQs that name roles, added to the",
    "shipped content, asked word for word. Tiny folders: ten folders of two FAQs. Peers know the",
    "same titles and questions and always answer with the nearest. All but the tiny folders are",
    "development data: faqbot was improved on them.",
    "In a thread: how many lines are answered in the local workspace, of those that are talk among",
    "people (none should be), of follow-ups and calls (all should be). Edited lines name faqbot;",
    "they count when they have one answer, that to the edited question. Small talk put to",
    "faqbot counts when it is answered as such: then it is no question in any report.",
)


@dataclass(frozen=True, slots=True)
class Owed:
    """A question, and the id of the role or entry that must answer; None: nothing may."""

    text: str
    entry: str | None


@dataclass(frozen=True, slots=True)
class Content:
    """Questions about a folder of content, and the (text, entry) pairs that the peers learn."""

    name: str
    engine: Engine
    owed: tuple[Owed, ...]
    known: tuple[tuple[str, str], ...]


Find = Callable[[str], str | None]


def main() -> None:
    """Ask all of them, print the shares and write them."""
    options = _options()
    data = options.data / "strangers"
    rows: list[Row] = [_typed(data)]
    print(table(rows), flush=True)
    threads = overheard(data, load_engine(ROOT / "knowledge"))
    print(table(threads), flush=True)
    others = list(nearest_peers())
    told: dict[tuple[str, str], list[str]] = {}
    with tempfile.TemporaryDirectory(prefix="faqbot-strangers-") as place:
        for content in _contents(data, Path(place)):
            finders = {"faqbot": _asked_of(content.engine)}
            for peer in others:
                texts, entries = zip(*content.known, strict=True)
                finders[peer.name] = _nearest(peer.fit(texts, entries))
            for name, find in finders.items():
                verdicts = told.setdefault((content.name, name), [])
                verdicts += [_verdict(owed, find) for owed in content.owed]
                if name == "faqbot":
                    _show_misses(content, find)
    rows += [_row(content, name, verdicts) for (content, name), verdicts in told.items()]
    print(table(rows))
    if options.write:
        write("strangers", "What people really type", NOTES, [*rows, *threads])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.strangers", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with strangers/")
    parser.add_argument("--no-write", dest="write", action="store_false")
    return parser.parse_args()


def _typed(data: Path) -> Row:
    """The last line of score.py, which asks the `faqbot` beside this Python."""
    beside = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    ran = subprocess.run(
        [sys.executable, str((data / "score.py").resolve())],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )
    found = re.search(r"good ([\d.]+) %.* wrong ([\d.]+) %.* of (\d+)", ran.stdout)
    if found is None:
        sys.exit(f"score.py gave no figures: {ran.stderr.strip() or ran.stdout.strip()}")
    print(ran.stdout)
    good, wrong, count = found.groups()
    return {
        "content": "typed over the shipped content",
        "matcher": "faqbot",
        "questions": int(count),
        "right": round(float(good) / 100, 3),
        "wrong": round(float(wrong) / 100, 3),
    }


def _contents(data: Path, place: Path) -> Iterator[Content]:
    yield _titles(data / "titles")
    codes = load_engine(data / "codes")
    known = tuple(_questions(codes.knowledge_base))
    # The lines of there.txt stand in the order of the FAQs.
    there = zip(_lines(data / "codes" / "there.txt"), known, strict=True)
    yield Content("codes there", codes, tuple(Owed(text, faq) for text, (_, faq) in there), known)
    absent = tuple(Owed(text, None) for text in _lines(data / "codes" / "not-there.txt"))
    yield Content("codes not there", codes, absent, known)
    yield _own_words(data / "own-words", place / "own-words")
    for number, faqs in enumerate(TINY_FOLDERS):
        yield from _tiny(faqs, place / f"tiny-{number}")


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def _questions(knowledge_base: KnowledgeBase) -> Iterator[tuple[str, str]]:
    return ((faq.question, faq.id) for faq in knowledge_base.faqs)


def _titles(folder: Path) -> Content:
    engine = load_engine(folder)
    titles = {role.title: role.id for role in engine.knowledge_base.roles}

    def named(text: str) -> str:
        # "IT Manager" holds the title "Manager" as well: the longest one is meant.
        return titles[max((title for title in titles if title in text), key=len)]

    owed = tuple(Owed(text, named(text)) for text in _lines(folder / "questions.txt"))
    return Content("titles", engine, owed, tuple(titles.items()))


def _own_words(folder: Path, place: Path) -> Content:
    shutil.copytree(ROOT / "knowledge", place)
    shutil.copy(folder / "terms.yaml", place / "faqs" / "own-words.yaml")
    engine = load_engine(place)
    known = tuple(_questions(engine.knowledge_base))
    ids = dict(known)
    owed = tuple(Owed(text, ids[text]) for text in _lines(folder / "questions.txt"))
    return Content("own words, word for word", engine, owed, known)


def _tiny(faqs: Sequence[TinyFaq], place: Path) -> Iterator[Content]:
    (place / "faqs").mkdir(parents=True)
    written = [
        {"id": f"faq-{number}", "question": faq.question, "answer": faq.answer}
        for number, faq in enumerate(faqs)
    ]
    # JSON is YAML as well.
    (place / "faqs" / "faqs.yaml").write_text(json.dumps({"faqs": written}), encoding="utf-8")
    engine = load_engine(place)
    known = tuple(_questions(engine.knowledge_base))
    ids = dict(known)
    same = tuple(Owed(faq.question, ids[faq.question]) for faq in faqs)
    yield Content("tiny folders, word for word", engine, same, known)
    other = tuple(Owed(faq.paraphrase, ids[faq.question]) for faq in faqs)
    yield Content("tiny folders, paraphrased", engine, other, known)


def _asked_of(engine: Engine) -> Find:
    def find(text: str) -> str | None:
        question = Question(text, audience=Audience.EMPLOYEES, surface=Surface.DIRECT)
        outcome = engine.ask(question).outcome
        if not isinstance(outcome, Answer):
            return None
        first = outcome.entries[0]
        return first.role or first.id

    return find


def _nearest(find: Callable[[str], tuple[str, float]]) -> Find:
    return lambda text: find(text)[0]


def _verdict(owed: Owed, find: Find) -> str:
    given = find(owed.text)
    if given == owed.entry:
        return "right"
    return "wrong" if given is not None else "unanswered"


def _show_misses(content: Content, find: Find) -> None:
    for owed in content.owed:
        verdict = _verdict(owed, find)
        if verdict != "right":
            print(f"{content.name}: {verdict}: {owed.text!r} -> {find(owed.text)}", flush=True)


def _row(content: str, matcher: str, verdicts: Sequence[str]) -> Row:
    shares = {name: verdicts.count(name) / len(verdicts) for name in ("right", "wrong")}
    return {
        "content": content,
        "matcher": matcher,
        "questions": len(verdicts),
        **{name: round(share, 3) for name, share in shares.items()},
    }


if __name__ == "__main__":
    main()
