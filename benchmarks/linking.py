"""Measure role linking on all of O*NET: `python -m benchmarks.linking --data DIR`."""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from benchmarks.onet import Onet
from benchmarks.record import Row, table, write
from benchmarks.typing_errors import Asked, questions
from faqbot.app import build_index
from faqbot.evaluation.runner import resident_mb
from faqbot.matching.matcher import Matcher
from faqbot.matching.text import normalise, words
from faqbot.model import KnowledgeBase, Role

SEED = 2026
NOTES = (
    "A question is right when the one role that it is linked to holds the title, or when the title",
    "is shared and the choice of roles holds one of its own; `right or in choice` also counts a",
    "title of one role where that role is among several. All roles of all mentions are a choice.",
    "`nothing`: no role was found, or the words were taken for a role that the content lacks.",
    "Errors are swapped, dropped and doubled letters and neighbouring keys, in the title.",
    "Milliseconds are of one question, read as a whole: spelling, roles, parts.",
)

Link = Callable[[str], tuple[str, ...] | None]
"""The roles that a question is linked to; None when it is said to name an unknown one."""


class Found(StrEnum):
    """What linking made of a question."""

    RIGHT = "right"
    IN_CHOICE = "in choice"
    WRONG = "wrong"
    NONE = "none"
    UNKNOWN = "unknown"


def main() -> None:
    """Link questions with none, one and two typing errors, and the same by rapidfuzz."""
    options = _options()
    roles = Onet(options.data).roles()
    began = time.perf_counter()
    matcher = build_index(KnowledgeBase(roles=roles)).matcher
    loaded = time.perf_counter() - began
    holders = _holders(roles)
    titles = sorted({title for role in roles for title in (role.title, *role.aliases)})
    print(f"{len(roles)} roles, {len(titles)} titles, loaded in {loaded:.1f} s", flush=True)
    rows: list[Row] = []
    for errors in (0, 1, 2):
        asked = questions(titles, options.questions, errors, random.Random(options.seed + errors))
        peers = asked[: options.peer_questions]
        done = _ask(asked, _faqbot(matcher), holders)
        rows.append(_row("faqbot", errors, done))
        _show([one for one in done if one.found is not Found.RIGHT][: options.show])
        if peers:
            same = _row("faqbot, the first of these", errors, done[: len(peers)])
            other = _row(
                "rapidfuzz WRatio, the same", errors, _ask(peers, _rapidfuzz(roles), holders)
            )
            rows += [same, {**other, **_compared(same, other)}]
    print(table(rows))
    if options.seed == SEED and not options.show:
        size = f"{len(roles)} roles with {len(titles)} titles, loaded in {loaded:.1f} s; "
        write("linking", "Role linking", (f"{size}{resident_mb():.0f} MB.", "", *NOTES), rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.linking", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with O*NET's zip file")
    parser.add_argument("--seed", type=int, default=SEED, help="only the default is written")
    parser.add_argument("--questions", type=int, default=2000, help="for each number of errors")
    parser.add_argument("--peer-questions", type=int, default=200, help="for rapidfuzz, being slow")
    parser.add_argument("--show", type=int, default=0, help="print so many that are not right")
    return parser.parse_args()


def _holders(roles: Sequence[Role]) -> Mapping[str, frozenset[str]]:
    """The roles that hold each title, compared as the words that a reader sees."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for role in roles:
        for title in (role.title, *role.aliases):
            found[_key(title)].add(role.id)
    return {key: frozenset(ids) for key, ids in found.items()}


def _key(title: str) -> str:
    return " ".join(words(normalise(title)))


def _faqbot(matcher: Matcher) -> Link:
    def link(text: str) -> tuple[str, ...] | None:
        parsed = matcher.parse(text)
        if parsed.unknown_role:
            return None
        return tuple(dict.fromkeys(link.role for link in parsed.links))

    return link


def _rapidfuzz(roles: Sequence[Role]) -> Link:
    from rapidfuzz import fuzz, process, utils

    by_title: defaultdict[str, list[str]] = defaultdict(list)
    for role in roles:
        for title in (role.title, *role.aliases):
            by_title[utils.default_process(title)].append(role.id)
    titles = list(by_title)

    def link(text: str) -> tuple[str, ...]:
        found = process.extractOne(utils.default_process(text), titles, scorer=fuzz.WRatio)
        return tuple(by_title[found[0]])

    return link


@dataclass(frozen=True, slots=True)
class Linked:
    """One question with what linking made of it, among how many roles, in how long."""

    asked: Asked
    roles: tuple[str, ...]
    found: Found
    milliseconds: float


def _ask(asked: Sequence[Asked], link: Link, holders: Mapping[str, frozenset[str]]) -> list[Linked]:
    link("warm up: what does a manager do")
    done = []
    for one in asked:
        began = time.perf_counter()
        roles = link(one.text)
        took = 1000 * (time.perf_counter() - began)
        done.append(Linked(one, roles or (), _judged(roles, holders[_key(one.title)]), took))
    return done


def _row(matcher: str, errors: int, done: Sequence[Linked]) -> Row:
    counts = Counter(one.found for one in done)
    times = [one.milliseconds for one in done]
    sizes = [len(one.roles) for one in done if len(one.roles) > 1]

    def share(*found: Found) -> float:
        return round(sum(counts[one] for one in found) / len(done), 4)

    return {
        "matcher": matcher,
        "errors": errors,
        "questions": len(done),
        "right": share(Found.RIGHT),
        "right or in choice": share(Found.RIGHT, Found.IN_CHOICE),
        "wrong": share(Found.WRONG),
        "nothing": share(Found.NONE, Found.UNKNOWN),
        "roles of a choice": round(float(np.mean(sizes)), 1) if sizes else None,
        "p50": round(float(np.percentile(times, 50)), 3),
        "p99": round(float(np.percentile(times, 99)), 3),
    }


def _show(done: Sequence[Linked]) -> None:
    for one in done:
        roles = ", ".join(one.roles[:6]) + (" ..." if len(one.roles) > 6 else "")
        print(f"{one.found.value:10} {one.asked.title!r}: {one.asked.text} -> {roles}")


def _judged(linked: tuple[str, ...] | None, holders: frozenset[str]) -> Found:
    if linked is None:
        return Found.UNKNOWN
    if not linked:
        return Found.NONE
    if not holders & set(linked):
        return Found.WRONG
    return Found.RIGHT if len(linked) == 1 or len(holders) > 1 else Found.IN_CHOICE


def _compared(ours: Row, theirs: Row) -> Row:
    """How many times faster and how many times as often right faqbot is."""

    def ratio(above: Row, below: Row, key: str) -> float | None:
        one, other = above[key], below[key]
        assert isinstance(one, int | float)
        assert isinstance(other, int | float)
        return round(one / other, 1) if other else None

    return {
        "faqbot is faster": ratio(theirs, ours, "p50"),
        "and right as often": ratio(ours, theirs, "right or in choice"),
    }


if __name__ == "__main__":
    main()
