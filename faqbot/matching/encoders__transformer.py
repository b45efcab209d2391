"""A sentence-transformers model from a local folder, with the extra `faqbot[transformer]`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from faqbot.errors import UsageError
from faqbot.matching.tfidf import Floats

TRANSFORMER_BATCH = 64
"""Texts that are encoded at a time."""

_MISSING = "FAQBOT_ENCODER and --encoder need an extra: pip install 'faqbot[transformer]'."
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
        UsageError: the extra is missing, or the folder holds no model that can be loaded.
    """

    def __init__(self, folder: Path) -> None:
        check_folder(folder)
        sentence_transformer = _library()
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


def _library() -> Any:
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
