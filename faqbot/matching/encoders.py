"""Sentence encoders: texts become unit vectors. None uses a network or a GPU.

The bundled one adds up static token vectors, distilled from all-MiniLM-L6-v2 by model2vec
(`faqbot/matching/encoder/README.md`); another one runs a sentence-transformers model. Texts in
scripts that an encoder doesn't know are embedded by their letters.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, Generic, ParamSpec, Protocol, TypeVar
from weakref import WeakMethod
from zlib import crc32

import numpy as np

from faqbot.errors import UsageError
from faqbot.matching.safetensors import Tensors
from faqbot.matching.text import words
from faqbot.matching.tfidf import Floats, letter_runs, words_and_pairs
from faqbot.matching.wordpiece import WordPiece

MAX_TOKENS: Final = 512
"""Tokens of a text that count; those behind them are left out."""


class Encoder(Protocol):
    """Embeds texts."""

    @property
    def fingerprint(self) -> str:
        """The name of the encoder and its weights: vectors of two fingerprints don't compare."""
        ...

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return unit vectors of shape (texts, dimensions), float32.

        A text without a known word has the zero vector.
        """
        ...


class StaticEncoder:
    """The bundled encoder: a vector and a weight for each token of a vocabulary.

    The files are those of a model2vec model, and the vectors are those that model2vec gives.

    Attributes:
        fingerprint: names the encoder and its weights.

    Raises:
        ServiceError: a file is missing or damaged.
    """

    def __init__(self) -> None:
        with as_file(files("faqbot.matching") / "encoder") as folder:
            self._tokenizer = WordPiece.read(folder / "tokenizer.json")
            tensors = Tensors.read(folder / "model.safetensors")
        tokens = len(self._tokenizer.vocabulary)
        self.fingerprint: Final = f"static:{tensors.digest()}"
        self._table = tensors.get("embeddings", "I8", tokens, None)
        self._weights = tensors.get("weights", "F32", tokens)

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return unit vectors of shape (texts, dimensions), float32.

        Each is the weighted sum of the vectors of a text's tokens, brought to length 1. A text
        without known tokens has the zero vector.
        """
        vectors: Floats = np.zeros((len(texts), self._table.shape[1]), dtype=np.float32)
        for row, text in enumerate(texts):
            tokens = self._tokenizer.tokenize(text, MAX_TOKENS)
            # model2vec leaves unknown tokens out of the sum, too.
            ids = [token for token in tokens if token != self._tokenizer.unknown]
            if ids:
                # Only these rows become floats: the whole table would take four times its memory.
                vectors[row] = self._weights[ids] @ self._table[ids].astype(np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        # Zero divided by zero is NaN, which would make every cosine of the text NaN.
        lengths[lengths == 0] = 1
        vectors /= lengths
        return vectors

    def language(self, max_rank: int | None = None) -> frozenset[str]:
        """Return the whole words of the vocabulary: what counts as correctly spelt English.

        Args:
            max_rank: only the tokens before that rank; they are numbered by falling frequency.
        """
        return frozenset(
            token
            for token, rank in self._tokenizer.vocabulary.items()
            if token.isalpha() and token.islower() and (max_rank is None or rank < max_rank)
        )


TRANSFORMER_BATCH = 64
"""Texts that are encoded at a time."""

_MISSING = (
    "FAQBOT_ENCODER and --encoder need sentence-transformers, which no extra of faqbot installs: "
    "pip install sentence-transformers."
)
_ADVICE = (
    "Name the folder of a sentence-transformers model, as SentenceTransformer.save writes it, "
    "or unset FAQBOT_ENCODER to use the bundled encoder."
)


class TransformerEncoder:
    """A sentence-transformers model from a local folder.

    It runs on the CPU, so that the same content gives the same answers on every start. It downloads
    nothing.

    Args:
        folder: what `SentenceTransformer.save` wrote.

    Raises:
        UsageError: sentence-transformers is missing, or the folder holds no loadable model.
    """

    def __init__(self, folder: Path) -> None:
        check_folder(folder)
        sentence_transformer = _sentence_transformer()
        try:
            self._model = sentence_transformer(str(folder), device="cpu", local_files_only=True)
            # A model that loads but can't encode fails now, not at the first question.
            vector = self._encode(["a"])[0]
        except Exception as error:  # each model type raises its own errors
            raise UsageError(
                f"Can't load the encoder {folder}: {_first_line(error)} {_ADVICE}"
            ) from error
        self._dimensions = len(vector)
        self.fingerprint: Final = f"transformer:{_folder_digest(folder)}"

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return unit vectors of shape (texts, dimensions), float32."""
        if not texts:
            return np.zeros((0, self._dimensions), dtype=np.float32)
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Floats:
        vectors = self._model.encode(
            list(texts),
            batch_size=TRANSFORMER_BATCH,
            convert_to_numpy=True,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        result: Floats = np.asarray(vectors, dtype=np.float32)
        return result


def _folder_digest(folder: Path) -> str:
    """Return a digest of a model's files by name, size and time: to read them takes a second."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr(stats).encode()).hexdigest()[:16]


def check_folder(folder: Path) -> None:
    """Raise an error for a folder that can't be a model, without loading it.

    Raises:
        UsageError: there is no such folder, or it lacks the files that make it a model.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder} to take the encoder from. {_ADVICE}")
    if not any((folder / name).is_file() for name in ("modules.json", "config.json")):
        raise UsageError(f"{folder} is no model: it has no modules.json. {_ADVICE}")


def _sentence_transformer() -> Any:
    """Return the class SentenceTransformer; its progress bars and warnings are off."""
    try:
        # Imported on demand: no extra installs it, and it takes seconds to load.
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise UsageError(_MISSING) from error
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return SentenceTransformer


def _first_line(error: Exception) -> str:
    """Return the first line of a library's error as a sentence."""
    line = next(iter(str(error).splitlines()), "") or type(error).__name__
    return line.rstrip(". ") + "."


P = ParamSpec("P")
T = TypeVar("T")


class WeakMethodProxy(Generic[P, T]):
    """Callable that stands for a bound method without keeping its object alive."""

    def __init__(self, method: Callable[P, T]) -> None:
        self._method: WeakMethod[Any] = WeakMethod(method)

    @property
    def method(self) -> Callable[P, T]:
        """The bound method, while its object lives."""
        method: Callable[P, T] | None = self._method()
        assert method is not None
        return method

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.method(*args, **kwargs)


MAX_SHORT: Final = 200
"""Characters of a question that somebody may ask again: what is found of others isn't kept."""


def weak_lru_cache(method: Callable[P, T], maxsize: int) -> Callable[P, T]:
    """Return a bound method with an LRU cache of its results.

    An lru_cache in an attribute of the object would refer back to it, and a replaced index would
    stay in memory until the garbage collector runs.
    """
    cached: Any = lru_cache(maxsize=maxsize)(WeakMethodProxy(method))
    typed: Callable[P, T] = cached
    return typed


KNOWN_LETTERS: Final = 0x0250
"""The first letter beyond Latin, in Unicode's order."""

MIN_OTHER_SHARE: Final = 0.5
"""Share of the letters of a text beyond Latin from which it is in another script."""


class OtherScripts:
    """An encoder that embeds texts in other scripts than Latin by their letters.

    An encoder of English has one unknown token for most of Chinese, and single letters for Hindi:
    all such texts would mean much the same. Feature hashing (Weinberger et al. 2009) gives them
    vectors whose cosine is that of their words and runs of letters, at right angles to all others.

    Args:
        encoder: embeds all other texts.

    Attributes:
        fingerprint: that of the encoder.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.fingerprint: Final = encoder.fingerprint

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return unit vectors of shape (texts, dimensions), float32."""
        vectors = self._encoder.encode(texts)
        other = [row for row, text in enumerate(texts) if is_other_script(text)]
        if other:
            vectors = vectors.copy()
            for row in other:
                vectors[row] = hashed_vector(texts[row], vectors.shape[1])
        return vectors


def is_other_script(text: str) -> bool:
    """Return whether most letters of a text are of another script than Latin."""
    if text.isascii():
        return False
    letters = [letter for letter in text if letter.isalpha()]
    beyond = sum(ord(letter) >= KNOWN_LETTERS for letter in letters)
    return beyond > 0 and beyond >= MIN_OTHER_SHARE * len(letters)


def hashed_vector(text: str, dimensions: int) -> Floats:
    """Return the unit vector of a text's words, pairs of words and runs of letters."""
    features = words_and_pairs(text)
    features += [run for word in words(text) if len(word) > 1 for run in letter_runs(word)]
    vector = np.zeros(dimensions)
    for feature, count in Counter(features).items():
        number = crc32(feature.encode())
        vector[number % dimensions] += count**0.5 if number >> 31 else -(count**0.5)
    length = float(np.linalg.norm(vector))
    unit: Floats = (vector / length if length else vector).astype(np.float32)
    return unit
