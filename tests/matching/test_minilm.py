"""MiniLM: near its weights in float64, and the same bytes in numpy and C, alone and in a batch."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faqbot.errors import ServiceError
from faqbot.matching import minilm
from faqbot.matching.minilm import (
    MAX_TOKENS,
    TENSORS,
    Ids,
    MiniLMEncoder,
    MiniLMWeights,
    NumpyForward,
    Probe,
)
from faqbot.matching.minilm_compiler import (
    LIBRARY,
    CompilerError,
    compile_kernel,
    find_compiler,
)
from faqbot.matching.minilm_kernel import Kernel, load_kernel
from faqbot.matching.safetensors import Tensors
from faqbot.matching.tfidf import Floats

ARTEFACT = Path(minilm.__file__).parent / "minilm" / "model.safetensors"
PROBE = ARTEFACT.with_name("probe.json")
RECORDED = Path(__file__).with_name("minilm.json")
TEXTS: list[str] = json.loads(RECORDED.read_text(encoding="utf-8"))

BYTES = "d2d88b1214c0de57a56823954da46156"
"""The hash of the vectors of TEXTS, on every machine."""

try:
    COMPILER = find_compiler()
except CompilerError:
    COMPILER = []
needs_compiler = pytest.mark.skipif(not COMPILER, reason="needs a C compiler")


@pytest.fixture(scope="module")
def weights() -> MiniLMWeights:
    return MiniLMWeights.read(ARTEFACT)


@pytest.fixture(scope="module")
def in_numpy(weights: MiniLMWeights) -> NumpyForward:
    return NumpyForward(weights.arrays)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kernel") / "libminilm.so"
    compile_kernel(path)
    return path


@pytest.fixture(scope="module")
def in_c(weights: MiniLMWeights, library: Path) -> Kernel:
    kernel = load_kernel([weights.arrays[name] for name, *_ in TENSORS], library)
    assert kernel is not None
    return kernel


@pytest.fixture(scope="module")
def encoder() -> MiniLMEncoder:
    return MiniLMEncoder(kernel=False)


def packed(texts: list[list[int]]) -> tuple[Ids, Ids]:
    ids = np.array([token for text in texts for token in text], dtype=np.int32)
    return ids, np.array([len(text) for text in texts], dtype=np.int32)


@pytest.fixture(scope="module")
def vectors(encoder: MiniLMEncoder) -> Floats:
    return encoder.encode(TEXTS)


def test_vectors_are_near_those_of_the_weights_before_rounding(vectors: Floats) -> None:
    cosines = (vectors * np.load(RECORDED.with_suffix(".npy"))).sum(axis=1)
    # A single word, said more than a hundred times, is the text that rounding moves most.
    one_word = np.array([len(set(text.split())) == 1 < len(text.split()) for text in TEXTS])
    assert cosines.mean() > 0.9995
    assert cosines[~one_word].min() > 0.998
    assert cosines[one_word].min() > 0.996


def test_vectors_are_the_same_bytes_on_every_machine(vectors: Floats) -> None:
    assert hashlib.sha256(vectors.tobytes()).hexdigest()[:32] == BYTES


def test_sentences_of_one_meaning_are_nearer_than_others(encoder: MiniLMEncoder) -> None:
    happy, dog, happier, sunny = encoder.encode(TEXTS[:4])
    assert happy @ happier == pytest.approx(0.957, abs=0.005)
    assert happy @ dog == pytest.approx(0.725, abs=0.005)
    assert happy @ sunny == pytest.approx(0.298, abs=0.005)


def test_vectors_have_length_one(vectors: Floats) -> None:
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_text_has_the_same_bytes_in_every_batch(encoder: MiniLMEncoder, vectors: Floats) -> None:
    alone = [encoder.encode([text])[0] for text in TEXTS[::6]]
    backwards = encoder.encode(TEXTS[::-6])
    assert [row.tobytes() for row in alone] == [row.tobytes() for row in vectors[::6]]
    assert [row.tobytes() for row in backwards] == [row.tobytes() for row in vectors[::-6]]


def test_texts_are_read_up_to_a_limit(encoder: MiniLMEncoder) -> None:
    inside, just, longer = "word " * (MAX_TOKENS - 3), "word " * (MAX_TOKENS - 2), "word " * 600
    assert len(encoder.tokenize(longer)) == MAX_TOKENS
    first, second, third = encoder.encode([inside, just, longer])
    assert second.tobytes() == third.tobytes() != first.tobytes()


def test_no_texts_have_no_vectors(encoder: MiniLMEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_the_fingerprint_names_the_weights(encoder: MiniLMEncoder) -> None:
    data = ARTEFACT.read_bytes()
    arrays = data[8 + int.from_bytes(data[:8], "little") :]
    digest = hashlib.sha256(arrays).hexdigest()[:16]
    assert encoder.fingerprint == f"all-MiniLM-L6-v2-int8:{digest}"


ID = st.one_of(st.integers(0, 30_521), st.sampled_from([0, 100, 101, 102, 999, 1000, 30_521]))
TOKENS = st.lists(ID, min_size=1, max_size=24) | st.builds(
    lambda ids, length: (ids * length)[:length],
    st.lists(ID, min_size=1, max_size=9),
    st.integers(100, MAX_TOKENS),
)


@needs_compiler
class TestKernel:
    @settings(
        max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(texts=st.lists(TOKENS, min_size=1, max_size=4))
    def test_c_and_numpy_give_the_same_bytes(
        self, in_c: Kernel, in_numpy: NumpyForward, texts: list[list[int]]
    ) -> None:
        assert in_c(*packed(texts)).tobytes() == in_numpy(*packed(texts)).tobytes()

    def test_any_batch_gives_the_same_bytes(
        self, in_c: Kernel, encoder: MiniLMEncoder, vectors: Floats
    ) -> None:
        texts = [encoder.tokenize(text) for text in TEXTS]
        assert in_c(*packed(texts)).tobytes() == vectors.tobytes()
        assert in_c(*packed(texts[::-1])).tobytes() == vectors[::-1].tobytes()
        assert in_c(*packed([])).shape == (0, 384)

    @pytest.mark.parametrize("levels", [(), ("avx2",)])
    def test_each_level_of_processor_gives_the_same_bytes(
        self,
        weights: MiniLMWeights,
        encoder: MiniLMEncoder,
        vectors: Floats,
        tmp_path: Path,
        levels: tuple[str, ...],
    ) -> None:
        """The best level is what the other tests run; this one runs the others."""
        compile_kernel(tmp_path / "library.so", levels=levels)
        arrays = [weights.arrays[name] for name, *_ in TENSORS]
        kernel = load_kernel(arrays, tmp_path / "library.so")
        assert kernel is not None
        texts = [encoder.tokenize(text) for text in TEXTS]
        assert kernel(*packed(texts)).tobytes() == vectors.tobytes()

    @pytest.mark.parametrize("scale", [1e-30, 1e12])
    def test_extreme_weights_give_the_same_bytes(
        self, weights: MiniLMWeights, library: Path, scale: float
    ) -> None:
        """Values that are clamped, rows of zeros, and ends of the range of float32."""
        arrays = {
            name: array * np.float32(scale) if name.endswith("up.scale") else array
            for name, array in weights.arrays.items()
        }
        arrays["0.output.weight"] = np.zeros_like(arrays["0.output.weight"])
        arrays["0.attention.weight"] = np.zeros_like(arrays["0.attention.weight"])
        arrays["0.attention.bias"] = np.zeros_like(arrays["0.attention.bias"])
        kernel = load_kernel([arrays[name] for name, *_ in TENSORS], library)
        assert kernel is not None
        batch = packed([[101, 2054, 102], [101, 102]])
        assert kernel(*batch).tobytes() == NumpyForward(arrays)(*batch).tobytes()

    @pytest.mark.parametrize(
        ("ids", "lengths", "reason"),
        [
            ([101, 30_522, 102], [3], "vocabulary"),
            ([101, -1, 102], [3], "vocabulary"),
            ([101, 2**31 - 1], [2], "vocabulary"),
            ([101, 102], [2, 0], "no tokens"),
            ([101] * 129, [129], "too many"),
            ([101, 102, 102], [4, -1], "too many"),
            ([101, 102], [3], "add up"),
            ([101, 102], [1], "add up"),
            ([], [2**31 - 1, 2**31 - 1, 2], "add up"),
        ],
    )
    def test_what_is_out_of_bounds_is_refused(
        self, in_c: Kernel, ids: list[int], lengths: list[int], reason: str
    ) -> None:
        with pytest.raises(ValueError, match=reason):
            in_c(np.array(ids, dtype=np.int32), np.array(lengths, dtype=np.int32))

    def test_threads_do_not_disturb_each_other(
        self, in_c: Kernel, encoder: MiniLMEncoder, vectors: Floats
    ) -> None:
        texts = [encoder.tokenize(text) for text in TEXTS]
        found: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: found.append(in_c(*packed(texts)).tobytes()))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [vectors.tobytes()] * 4

    def test_the_encoder_uses_a_kernel_of_this_source(
        self, library: Path, monkeypatch: pytest.MonkeyPatch, vectors: Floats
    ) -> None:
        monkeypatch.setattr(minilm, "load_kernel", lambda weights: load_kernel(weights, library))
        encoder = MiniLMEncoder()
        assert encoder.backend == "c"
        assert encoder.encode(TEXTS[:9]).tobytes() == vectors[:9].tobytes()

    def test_a_kernel_of_another_source_is_not_used(
        self, weights: MiniLMWeights, library: Path, tmp_path: Path
    ) -> None:
        stale = tmp_path / "stale.so"
        source = load_source(library)
        stale.write_bytes(library.read_bytes().replace(source, source[::-1]))
        assert load_kernel([weights.arrays[name] for name, *_ in TENSORS], stale) is None

    def test_a_kernel_that_computes_otherwise_is_not_used(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def wrong(ids: Ids, lengths: Ids) -> Floats:
            return np.nextafter(
                np.zeros((len(lengths), 384), dtype=np.float32), np.float32(len(ids))
            )

        monkeypatch.setattr(minilm, "load_kernel", lambda _weights: wrong)
        assert MiniLMEncoder().backend == "numpy"

    def test_compilers_that_fail_say_why(self, tmp_path: Path) -> None:
        with pytest.raises(CompilerError, match="nowhere"):
            compile_kernel(tmp_path / "k.so", [str(tmp_path / "nowhere")])
        with pytest.raises(CompilerError, match="failed"):
            compile_kernel(tmp_path / "k.so", [shutil.which("false") or "false"])
        assert list(tmp_path.iterdir()) == []


def load_source(library: Path) -> bytes:
    import ctypes

    loaded = ctypes.CDLL(str(library))
    loaded.faqbot_minilm_source.restype = ctypes.c_char_p
    source: bytes = loaded.faqbot_minilm_source()
    return source


def test_no_module_has_the_name_of_the_library() -> None:
    """Python would import the library in its place."""
    assert not LIBRARY.with_suffix(".py").exists()


def test_a_file_that_is_no_library_is_not_used(weights: MiniLMWeights, tmp_path: Path) -> None:
    path = tmp_path / "libminilm.so"
    arrays = [weights.arrays[name] for name, *_ in TENSORS]
    assert load_kernel(arrays, path) is None
    path.write_bytes(b"\x7fELF and then nothing")
    assert load_kernel(arrays, path) is None


def damaged(change: Callable[[bytearray, dict[str, Any], int], None]) -> bytes:
    """The artefact after a change of its bytes, its header, or both."""
    content = bytearray(ARTEFACT.read_bytes())
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    change(content, header, 8 + length)
    return bytes(content)


def overwritten(name: str, at: int, value: bytes) -> bytes:
    def change(content: bytearray, header: dict[str, Any], start: int) -> None:
        place = start + header[name]["data_offsets"][0] + at
        assert content[place : place + len(value)] != value
        content[place : place + len(value)] = value

    return damaged(change)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        ARTEFACT.read_bytes()[:1000],
        ARTEFACT.read_bytes()[:-1],
        overwritten("3.up.weight", 77_777, b"\x05"),
        overwritten("5.norm.bias", 0, b"\0\0\0\0"),
        overwritten("vocabulary", 3, b"\xff"),
        overwritten("vocabulary", 3, b"\n"),
        overwritten("words.scale", 4, b"\0\0\xc0\x7f"),
    ],
    ids="empty head tail weight bias encoding token scale".split(),
)
def test_a_damaged_artefact_is_named_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    shutil.copy(PROBE, tmp_path)
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ServiceError, match=r"model\.safetensors: .*install faqbot again"):
        MiniLMEncoder(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"ids": [101, 30522], "digest": ""}',
        '{"ids": [-1], "digest": ""}',
        '{"ids": [4294967296], "digest": ""}',
        '{"ids": [[101]], "digest": ""}',
        '{"ids": [], "digest": ""}',
        '{"ids": ["word"], "digest": ""}',
        '{"ids": [101, 102]}',
    ],
)
def test_a_damaged_probe_is_named_with_what_to_do(tmp_path: Path, content: str) -> None:
    path = tmp_path / "probe.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ServiceError, match=r"probe\.json: .*install faqbot again"):
        Probe.read(path, 30_522)


def test_weights_keep_sums_exact(weights: MiniLMWeights) -> None:
    for name, kind, shape in TENSORS:
        if kind == "I8" and name != "words.weight":
            rows = np.abs(weights.arrays[name].astype(np.int64))
            parts = rows.reshape(shape[0] or 0, -1, minilm.HIDDEN).sum(axis=2)
            assert parts.max() * minilm.LEVELS < 2**24, name


def test_the_artefact_is_a_safetensors_file_with_its_licence() -> None:
    assert Tensors.read(ARTEFACT).metadata["license"] == "Apache-2.0"
    assert {"LICENSE", "NOTICE", "README.md"} <= {path.name for path in ARTEFACT.parent.iterdir()}
