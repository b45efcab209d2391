"""Vectors of sentences, kept: those of the shipped sentences, and those of content on disk.

A vector is kept as whole numbers from -127 to 127, under the hash of its sentence and the
fingerprint of its encoder. Vectors that were just made are rounded alike, so that an answer doesn't
depend on what was kept.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from faqbot.errors import ServiceError
from faqbot.matching.encoders import Encoder
from faqbot.matching.safetensors import Tensors, write_tensors
from faqbot.matching.text import ROLE_NOUN, ROLE_WORD
from faqbot.matching.tfidf import Floats

LEVELS: Final = 127
"""Steps from 0 to the largest number of a vector."""

HASH_BYTES: Final = 8
"""Bytes of a sentence's hash: among a million sentences two are alike once in 37 million caches."""

MAX_KEPT: Final = 60_000
"""Vectors that are kept on disk, some 24 MB."""

QUESTION_CACHE_SIZE: Final = 256
"""Vectors of the latest questions: a question is compared with several scopes."""

_log = logging.getLogger(__name__)


def _with_role_noun(text: str) -> str:
    """Return a text with an ordinary word in place of a masked role."""
    return text.replace(ROLE_WORD, ROLE_NOUN)


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=HASH_BYTES).digest()
    return int.from_bytes(digest, "little", signed=True)


def vectors_folder(cache: Path | None) -> Path | None:
    """Return the folder of the vectors in the cache folder; its dot keeps it from being pruned."""
    return cache / ".vectors" if cache else None


@dataclass(frozen=True, slots=True)
class Quantised:
    """Vectors as whole numbers.

    Attributes:
        levels: shape (vectors, dimensions), int8.
        scales: what a level is worth, shape (vectors), float32.
    """

    levels: npt.NDArray[np.int8]
    scales: Floats

    @classmethod
    def of(cls, vectors: Floats) -> Quantised:
        """Round vectors of shape (vectors, dimensions)."""
        largest = np.abs(vectors).max(axis=1, initial=0.0).astype(np.float32)
        scales: Floats = np.where(largest > 0, largest, 1).astype(np.float32) / np.float32(LEVELS)
        return cls(np.rint(vectors / scales[:, None]).astype(np.int8), scales)

    def vectors(self) -> Floats:
        """Return the rounded vectors, brought to length 1; zero vectors stay zero."""
        vectors: Floats = self.levels.astype(np.float32) * self.scales[:, None]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        lengths[lengths == 0] = 1
        vectors /= lengths
        return vectors


@dataclass(frozen=True, slots=True)
class VectorTable:
    """The rounded vectors of some sentences, by hash.

    Attributes:
        rows: the row of each hash.
        quantised: the vectors.
    """

    rows: dict[int, int]
    quantised: Quantised

    @classmethod
    def read(cls, path: Path, fingerprint: str) -> VectorTable | None:
        """Return the table of a file; None where it is of another encoder.

        Raises:
            ServiceError: the file is missing or damaged.
        """
        tensors = Tensors.read(path)
        if tensors.metadata.get("encoder") != fingerprint:
            return None
        hashes = tensors.get("hashes", "I64", None)
        levels = tensors.get("levels", "I8", len(hashes), None)
        scales = tensors.get("scales", "F32", len(hashes))
        rows = {number: row for row, number in enumerate(hashes.tolist())}
        return cls(rows, Quantised(levels, scales))

    @classmethod
    def of(cls, texts: Sequence[str], quantised: Quantised) -> VectorTable:
        """Return the table of different texts and their vectors."""
        return cls({_hash(text): row for row, text in enumerate(texts)}, quantised)

    def write(self, path: Path, fingerprint: str) -> None:
        """Write the table to a file, at once or not at all."""
        hashes = np.fromiter(self.rows, dtype=np.int64, count=len(self.rows))
        rows = np.fromiter(self.rows.values(), dtype=np.int64, count=len(self.rows))
        arrays: dict[str, npt.NDArray[Any]] = {
            "hashes": hashes,
            "levels": self.quantised.levels[rows],
            "scales": self.quantised.scales[rows],
        }
        descriptor, unfinished = tempfile.mkstemp(prefix=".vectors-", dir=path.parent)
        os.close(descriptor)
        try:
            write_tensors(Path(unfinished), arrays, {"encoder": fingerprint})
            Path(unfinished).replace(path)
        finally:
            Path(unfinished).unlink(missing_ok=True)


class CachedEncoder:
    """An encoder that keeps the vectors of sentences that it has seen.

    Args:
        encoder: makes the vectors that aren't kept.
        shipped: the file of the shipped sentences; None for none.
        folder: where to keep the vectors of content; None keeps them in memory only.

    Attributes:
        fingerprint: that of the encoder.
    """

    def __init__(
        self, encoder: Encoder, shipped: Path | None = None, folder: Path | None = None
    ) -> None:
        self.encoder = encoder
        self.fingerprint: Final = encoder.fingerprint
        self._tables: list[VectorTable] = []
        # Development changes the sentences before their file is made anew: then they are encoded.
        if shipped is not None and shipped.is_file():
            table = VectorTable.read(shipped, self.fingerprint)
            self._tables += [table] if table else []
        name = hashlib.blake2b(self.fingerprint.encode(), digest_size=8).hexdigest()
        self._path = folder / f"vectors-{name}.safetensors" if folder else None
        self._kept: VectorTable | None = None
        self._is_failure_told = False
        self._questions: OrderedDict[str, Floats] = OrderedDict()
        self._lock = Lock()

    @cached_property
    def _written(self) -> VectorTable | None:
        """The vectors that were on disk; they are read when content is first encoded."""
        return self._read_kept()

    def _read_kept(self) -> VectorTable | None:
        if self._path is None:
            return None
        try:
            kept = self._path.is_file()
            return VectorTable.read(self._path, self.fingerprint) if kept else None
        except (ServiceError, OSError) as error:
            _log.warning("%s It is made anew.", error)
            return None

    def encode_question(self, text: str) -> Floats:
        """Return the unit vector of a question, of shape (dimensions,), read-only."""
        return self.encode_questions((text,))[0]

    def encode_questions(self, texts: Sequence[str]) -> list[Floats]:
        """Return the unit vectors of questions, which go through the encoder together.

        They are kept for a moment: a question is encoded once, however many scopes are searched.
        """
        with self._lock:
            found = {text: self._questions[text] for text in texts if text in self._questions}
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            fresh = self.encoder.encode([_with_role_noun(text) for text in missing])
            for text, vector in zip(missing, fresh, strict=True):
                found[text] = vector.copy()  # a row alone would keep all rows in memory
                found[text].flags.writeable = False
        with self._lock:
            for text, vector in found.items():
                self._questions[text] = vector
                self._questions.move_to_end(text)
            while len(self._questions) > QUESTION_CACHE_SIZE:
                self._questions.popitem(last=False)
        return [found[text] for text in texts]

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return unit vectors of shape (texts, dimensions), float32, rounded as they are kept."""
        texts = [_with_role_noun(text) for text in texts]
        different = tuple(dict.fromkeys(texts))
        kept = self._kept or self._written
        known = [*self._tables, *([kept] if kept else [])]
        hashes = {text: _hash(text) for text in different}
        missing = [t for t in different if not any(hashes[t] in table.rows for table in known)]
        fresh = VectorTable.of(missing, Quantised.of(self.encoder.encode(missing)))
        known.append(fresh)
        if self._path is not None and missing:
            self._keep(fresh)
        if not texts:
            return fresh.quantised.vectors()
        levels, scales = [], []
        for text in texts:
            number = hashes[text]
            table = next(table for table in known if number in table.rows)
            row = table.rows[number]
            levels.append(table.quantised.levels[row])
            scales.append(table.quantised.scales[row])
        return Quantised(np.stack(levels), np.array(scales, dtype=np.float32)).vectors()

    def _keep(self, fresh: VectorTable) -> None:
        """Add vectors to those of the file; the oldest ones give way."""
        assert self._path is not None
        tables = [table for table in (self._kept or self._written, fresh) if table]
        self._kept = _joined(tables, MAX_KEPT)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._kept.write(self._path, self.fingerprint)
        except OSError as error:  # a full disk, no permission: only time is lost
            if not self._is_failure_told:
                _log.warning(
                    "Vectors of content aren't kept in %s (%s), so each start takes longer: let "
                    "faqbot write there, or set FAQBOT_CACHE.",
                    self._path,
                    error.strerror or error,
                )
            self._is_failure_told = True


def _joined(tables: Iterable[VectorTable], limit: int) -> VectorTable:
    parts = list(tables)
    hashes = [number for table in parts for number in table.rows][-limit:]
    rows = [np.fromiter(t.rows.values(), dtype=np.int64, count=len(t.rows)) for t in parts]
    levels = np.concatenate([t.quantised.levels[r] for t, r in zip(parts, rows, strict=True)])[
        -limit:
    ]
    scales = np.concatenate([t.quantised.scales[r] for t, r in zip(parts, rows, strict=True)])[
        -limit:
    ]
    return VectorTable({n: row for row, n in enumerate(hashes)}, Quantised(levels, scales))
