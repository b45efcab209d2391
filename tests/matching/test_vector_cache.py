"""Vectors that are kept: those of content, on disk, and never those of questions."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Engine
from faqbot.errors import ServiceError
from faqbot.index.builder import build_index
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.encoders import StaticEncoder
from faqbot.matching.safetensors import Tensors
from faqbot.matching.tfidf import Floats
from faqbot.matching.training_data import SharedResources
from faqbot.matching.vector_cache import CachedEncoder

SENTENCES = ("who mends the roof", "when is the harvest", "", "who mends the roof")
STATIC = StaticEncoder()


@dataclass
class CountingEncoder:
    """The static encoder under a name of its own, and the sentences that it was given."""

    fingerprint: str = "one"
    sign: float = 1.0
    given: list[str] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> Floats:
        self.given += texts
        vectors: Floats = self.sign * STATIC.encode(texts)
        return vectors


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_vectors_are_the_same_without_a_folder_and_before_and_after_they_are_kept(
    tmp_path: Path,
) -> None:
    in_memory = CachedEncoder(CountingEncoder()).encode(SENTENCES)
    first = CachedEncoder(CountingEncoder(), folder=tmp_path).encode(SENTENCES)
    kept = CachedEncoder(again := CountingEncoder(), folder=tmp_path).encode(SENTENCES)
    assert again.given == []
    assert in_memory.tobytes() == first.tobytes() == kept.tobytes()


def test_a_rounded_vector_has_length_one_and_lies_by_the_one_it_is_made_of() -> None:
    exact, rounded = STATIC.encode(SENTENCES), CachedEncoder(CountingEncoder()).encode(SENTENCES)
    assert np.linalg.norm(rounded, axis=1) == pytest.approx([1, 1, 0, 1], abs=1e-6)
    assert (exact * rounded).sum(axis=1) == pytest.approx([1, 1, 0, 1], abs=1e-3)


def test_only_sentences_that_are_not_kept_are_encoded_and_they_are_kept_then(
    tmp_path: Path,
) -> None:
    CachedEncoder(CountingEncoder(), folder=tmp_path).encode(["roof", "harvest"])
    CachedEncoder(second := CountingEncoder(), folder=tmp_path).encode(["harvest", "mill"])
    CachedEncoder(third := CountingEncoder(), folder=tmp_path).encode(["mill", "roof", "harvest"])
    assert (second.given, third.given) == (["mill"], [])


def test_vectors_of_another_encoder_are_not_used(tmp_path: Path) -> None:
    CachedEncoder(CountingEncoder("one"), folder=tmp_path).encode(SENTENCES)
    other = CountingEncoder("two", sign=-1)
    vectors = CachedEncoder(other, folder=tmp_path).encode(SENTENCES)
    assert other.given == list(dict.fromkeys(SENTENCES))
    assert (
        vectors.tobytes() == CachedEncoder(CountingEncoder("two", -1)).encode(SENTENCES).tobytes()
    )


def test_a_file_under_the_name_of_another_encoder_is_not_used(tmp_path: Path) -> None:
    CachedEncoder(CountingEncoder("one"), folder=tmp_path).encode(SENTENCES)
    (of_one,) = files_in(tmp_path)
    CachedEncoder(CountingEncoder("two", -1), folder=tmp_path).encode(SENTENCES)
    of_two = next(path for path in files_in(tmp_path) if path != of_one)
    of_two.write_bytes(of_one.read_bytes())
    CachedEncoder(again := CountingEncoder("two", -1), folder=tmp_path).encode(SENTENCES)
    assert again.given


def test_shipped_vectors_of_another_encoder_are_not_used(tmp_path: Path) -> None:
    CachedEncoder(CountingEncoder("one"), folder=tmp_path).encode(SENTENCES)
    (shipped,) = files_in(tmp_path)
    CachedEncoder(same := CountingEncoder("one"), shipped).encode(SENTENCES)
    CachedEncoder(other := CountingEncoder("two"), shipped).encode(SENTENCES)
    assert (same.given, len(other.given)) == ([], 3)


@pytest.mark.parametrize("content", [b"", b"no vectors", b"\xff" * 64, None])
def test_a_damaged_file_is_made_anew_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    CachedEncoder(CountingEncoder(), folder=tmp_path).encode(SENTENCES)
    (path,) = files_in(tmp_path)
    path.write_bytes(path.read_bytes()[:-5] if content is None else content)
    with caplog.at_level(logging.WARNING):
        vectors = CachedEncoder(CountingEncoder(), folder=tmp_path).encode(SENTENCES)
    assert str(path) in caplog.text
    assert vectors.tobytes() == CachedEncoder(CountingEncoder()).encode(SENTENCES).tobytes()
    CachedEncoder(again := CountingEncoder(), folder=tmp_path).encode(SENTENCES)
    assert again.given == []


def test_a_damaged_file_of_shipped_vectors_is_an_error(tmp_path: Path) -> None:
    damaged = tmp_path / "vectors.safetensors"
    damaged.write_bytes(b"no vectors")
    with pytest.raises(ServiceError, match="vectors"):
        CachedEncoder(CountingEncoder(), damaged)


def test_a_file_is_written_at_once_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    CachedEncoder(CountingEncoder(), folder=tmp_path).encode(["roof"])
    (path,) = files_in(tmp_path)
    # Somebody reads the file while another process replaces it: the old one stays whole.
    with path.open("rb") as reader:
        before = path.read_bytes()
        CachedEncoder(CountingEncoder(), folder=tmp_path).encode(["harvest"])
        assert reader.read() == before
    assert files_in(tmp_path) == [path]
    assert len(Tensors.read(path).get("hashes", "I64", None)) == 2


def test_a_folder_that_cannot_be_written_costs_time_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    encoder = CachedEncoder(CountingEncoder(), folder=tmp_path / "taken")
    with caplog.at_level(logging.WARNING):
        vectors = encoder.encode(SENTENCES)
    assert "taken" in caplog.text
    assert vectors.tobytes() == CachedEncoder(CountingEncoder()).encode(SENTENCES).tobytes()


def test_questions_are_never_kept(tmp_path: Path) -> None:
    content, kept = tmp_path / "content", tmp_path / "kept"
    content.mkdir()
    (content / "faqs.yaml").write_text(
        "faqs:\n"
        "  - {id: roof, question: Who mends the roof?, answer: The thatcher.}\n"
        "  - {id: harvest, question: When is the harvest?, answer: In August.}\n"
    )
    resources = SharedResources(cache=kept)
    index = build_index(load_knowledge_base(content), resources)
    engine = Engine(index, ConversationMemory(time.monotonic))
    before = [(path.name, path.read_bytes()) for path in files_in(kept)]
    assert before
    for question in (
        "is the thatcher paid by the hour",
        "roof leak. My neighbour insults me every day",
        "who mends it and when is it?",
    ):
        engine.ask(question)
    assert [(path.name, path.read_bytes()) for path in files_in(kept)] == before
