"""The static encoder: its vectors are those of model2vec, which trained and wrote it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from faqbot.matching.encoders import StaticEncoder

RECORDED = Path(__file__).with_name("model2vec.json")


@pytest.fixture(scope="module")
def encoder() -> StaticEncoder:
    return StaticEncoder()


def test_vectors_are_those_of_model2vec(encoder: StaticEncoder) -> None:
    recorded = np.load(RECORDED.with_suffix(".npy"))
    texts = [case["text"] for case in json.loads(RECORDED.read_text(encoding="utf-8"))]
    vectors = encoder.encode(texts[: len(recorded)])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, recorded, rtol=0, atol=1e-6)


def test_vectors_have_length_one_or_none(encoder: StaticEncoder) -> None:
    lengths = np.linalg.norm(encoder.encode(["skills?", "", "\x07", "x" * 101]), axis=1)
    np.testing.assert_allclose(lengths, [1, 0, 0, 0], atol=1e-6)


def test_no_texts_have_no_vectors(encoder: StaticEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.encode(["a"]).shape[1])


def test_a_text_is_read_up_to_a_limit(encoder: StaticEncoder) -> None:
    long, longer = encoder.encode(["a " * 512 + "b", "a " * 512 + "b c"])
    assert np.array_equal(long, longer)
