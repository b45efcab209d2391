"""The sentence encoder that comes with the package: static token vectors, no network, no GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, Generic, ParamSpec, TypeVar
from weakref import WeakMethod

import numpy as np

from faqbot.errors import UsageError
from faqbot.matching.safetensors import Tensors
from faqbot.matching.tfidf import Floats
from faqbot.matching.wordpiece import WordPiece

MAX_TOKENS: Final = 512
"""Tokens of a text that count; those behind them are left out."""


class StaticEncoder:
    """The bundled encoder: a vector and a weight for each token of a vocabulary.

    The files are those of a model2vec model, and the vectors are those that model2vec gives.

    Raises:
        ServiceError: a file is missing or damaged.
    """

    def __init__(self) -> None:
        with as_file(files("faqbot.matching") / "encoder") as folder:
            self._tokenizer = WordPiece.read(folder / "tokenizer.json")
            tensors = Tensors.read(folder / "model.safetensors")
        tokens = len(self._tokenizer.vocabulary)
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
            ids = [token for token in tokens if token != self._tokenizer.unknown]
            if ids:
                vectors[row] = self._weights[ids] @ self._table[ids].astype(np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        lengths[lengths == 0] = 1
        vectors /= lengths
        return vectors

    def language(self, most: int | None = None) -> frozenset[str]:
        """Whole words that the model knows: what counts as correctly spelt English.

        Args:
            most: only the tokens before that rank; they are numbered by falling frequency.
        """
        return frozenset(
            token
            for token, rank in self._tokenizer.vocabulary.items()
            if token.isalpha() and token.islower() and (most is None or rank < most)
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
    """A sentence-transformers model from a local folder; texts become vectors of length 1.

    It runs on the processor, so that the same content gives the same answers on every start, and
    nothing is ever downloaded.

    Args:
        folder: what `SentenceTransformer.save` wrote.

    Raises:
        UsageError: sentence-transformers is missing, or the folder holds no loadable model.
    """

    def __init__(self, folder: Path) -> None:
        check_folder(folder)
        sentence_transformer = _knowledge_base()
        try:
            self._model = sentence_transformer(str(folder), device="cpu", local_files_only=True)
            vector = self._encode(["a"])[0]
        except Exception as error:  # a loader of others' files fails in ways that no list names
            raise UsageError(
                f"Can't load the encoder {folder}: {_first(error)} {_ADVICE}"
            ) from error
        self._dimensions = len(vector)

    def encode(self, texts: Sequence[str]) -> Floats:
        """Vectors of shape (texts, dimensions), encoded in batches."""
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


def check_folder(folder: Path) -> None:
    """Refuse a folder that can't be a model, without loading it.

    Raises:
        UsageError: there is no such folder, or it lacks the files that make it a model.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder} to take the encoder from. {_ADVICE}")
    if not any((folder / name).is_file() for name in ("modules.json", "config.json")):
        raise UsageError(f"{folder} is no model: it has no modules.json. {_ADVICE}")


def _knowledge_base() -> Any:
    """The class that loads models, without its progress bars and reports on standard error."""
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise UsageError(_MISSING) from error
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return SentenceTransformer


def _first(error: Exception) -> str:
    """The first line of what a library says, as a sentence."""
    line = next(iter(str(error).splitlines()), "") or type(error).__name__
    return line.rstrip(". ") + "."


P = ParamSpec("P")
T = TypeVar("T")


class WeakMethodProxy(Generic[P, T]):
    """A method of an object that it doesn't keep alive; whoever calls it does."""

    def __init__(self, method: Callable[P, T]) -> None:
        self._method: WeakMethod[Any] = WeakMethod(method)

    @property
    def method(self) -> Callable[P, T]:
        """The method, bound to its object."""
        found: Callable[P, T] | None = self._method()
        assert found is not None
        return found

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.method(*args, **kwargs)


def weak_lru_cache(method: Callable[P, T], most: int) -> Callable[P, T]:
    """A method that remembers its results, the least recently used forgotten first."""
    found: Any = lru_cache(maxsize=most)(WeakMethodProxy(method))
    kept: Callable[P, T] = found
    return kept
