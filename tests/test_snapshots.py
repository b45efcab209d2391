"""Built content on disk: the same answers as before, and never a reason not to start."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from faqbot import app
from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Engine, Index
from faqbot.index import builder
from faqbot.index.cache import MAX_SNAPSHOTS, Snapshots, code_digest, snapshot_key
from faqbot.matching import matcher
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.training_data import shared_resources
from faqbot.model import Audience, Question

SHIPPED = Path(__file__).resolve().parent.parent / "knowledge"
RESOURCES = shared_resources()
ASKED = (
    "what degree do i need for pyhton backend?",
    "qa engineer certs and daily tasks",
    "difference between data analyst and data engineer",
    "when will i hear back after the interview",
    "responsibilities of a kindergarten teacher",
    "what time is it",
    "skills",
)


@pytest.fixture(scope="module", params=[12_000, 100], ids=["ridge", "shortlist"])
def built(request: pytest.FixtureRequest) -> Index:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matcher, "MAX_RIDGE_PHRASINGS", request.param)
        return builder.build_index(load_knowledge_base(SHIPPED), RESOURCES)


def said(knowledge: Index) -> list[object]:
    engine = Engine(knowledge, ConversationMemory(lambda: 0.0))
    found: list[object] = []
    for text in ASKED:
        result = engine.ask(Question(text, audience=Audience.EMPLOYEES))
        found.append((result.outcome, result.parsed, result.reply))
    return found


def test_kept_content_answers_to_the_last_digit_like_built_content(
    built: Index, tmp_path: Path
) -> None:
    before = said(built)  # caches are full when it is kept
    snapshots = Snapshots(tmp_path / "cache")
    snapshots.save("some", built, RESOURCES)
    kept = snapshots.load("some", RESOURCES)
    assert kept is not None
    assert said(kept) == before
    assert said(kept) == said(built)


@pytest.mark.parametrize("name", ["objects.pickle", "arrays.bin", "sizes.json"])
def test_a_damaged_snapshot_is_thrown_away(
    name: str, built: Index, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.save("some", built, RESOURCES)
    damaged = tmp_path / "some" / name
    damaged.write_bytes(damaged.read_bytes()[:-9])
    assert snapshots.load("some", RESOURCES) is None
    assert "built anew" in caplog.text
    assert not (tmp_path / "some").exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners and modes here")
def test_a_snapshot_that_others_may_write_is_not_read(
    built: Index, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.save("some", built, RESOURCES)
    (tmp_path / "some").chmod(0o777)
    assert snapshots.load("some", RESOURCES) is None
    assert "others may write there" in caplog.text


def test_where_nothing_can_be_kept_a_line_says_so(
    built: Index, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken = tmp_path / "file"
    taken.write_text("in the way", encoding="utf-8")
    snapshots = Snapshots(taken)
    for key in ("some", "another"):
        snapshots.save(key, built, RESOURCES)
    assert caplog.text.count("isn't kept") == 1
    assert "let faqbot write there, or set FAQBOT_CACHE" in caplog.text
    assert taken.read_text(encoding="utf-8") == "in the way"


def test_old_snapshots_go(built: Index, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    for number in range(MAX_SNAPSHOTS + 2):
        snapshots.save(f"key{number}", built, RESOURCES)
        os.utime(tmp_path / f"key{number}", (number, number))
    snapshots.save("newest", built, RESOURCES)
    left = {path.name for path in tmp_path.iterdir()}
    assert len(left) == MAX_SNAPSHOTS
    assert "newest" in left


def test_other_content_has_another_key(tmp_path: Path) -> None:
    faqs = tmp_path / "faqs.yaml"
    faqs.write_text("faqs:\n  - id: a\n    question: Where?\n    answer: Here.\n", encoding="utf-8")
    first = snapshot_key(tmp_path, None)
    assert snapshot_key(tmp_path, None) == first
    faqs.write_text(faqs.read_text(encoding="utf-8").replace("Here", "There"), encoding="utf-8")
    assert snapshot_key(tmp_path, None) != first


def weights(numbers: bytes, **metadata: str) -> bytes:
    described = {"dtype": "I8", "shape": [len(numbers)], "data_offsets": [0, len(numbers)]}
    header = json.dumps({"__metadata__": metadata, "rows": described}).encode()
    return len(header).to_bytes(8, "little") + header + numbers


@pytest.mark.parametrize(
    ("name", "content", "changed"),
    [
        ("rules.py", b"LIMIT = 1", b"LIMIT = 2"),
        ("model.safetensors", weights(b"12", digest="a"), weights(b"13", digest="b")),
        ("model.safetensors", weights(b"12"), weights(b"13")),
        ("model.safetensors", b"damaged", b"damaged otherwise"),
    ],
    ids=["code", "weights with a digest", "weights without one", "no weights"],
)
def test_digest_of_the_code_changes_with_code_and_weights(
    name: str, content: bytes, changed: bytes, tmp_path: Path
) -> None:
    (tmp_path / "matching").mkdir()
    file = tmp_path / "matching" / name
    file.write_bytes(content)
    before = code_digest(tmp_path)
    code_digest.cache_clear()
    assert code_digest(tmp_path) == before
    file.write_bytes(changed)
    code_digest.cache_clear()
    assert code_digest(tmp_path) != before


def test_digest_that_weights_state_stands_for_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "matching").mkdir()
    file = tmp_path / "matching" / "model.safetensors"
    found = set[str]()
    for numbers in (b"12", b"13"):
        file.write_bytes(weights(numbers, digest="a"))
        code_digest.cache_clear()
        found.add(code_digest(tmp_path))
    assert len(found) == 1


def test_a_second_start_reads_what_the_first_one_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "MIN_CACHED_SECONDS", 0.0)
    question = Question("what degree do i need for pyhton backend?")
    first = app.load_engine(SHIPPED, cache=tmp_path / "cache").ask(question)

    def building(*_: object) -> Index:
        raise AssertionError("built again")

    monkeypatch.setattr(builder, "build_index", building)
    second = app.load_engine(SHIPPED, cache=tmp_path / "cache").ask(question)
    assert second.outcome == first.outcome
