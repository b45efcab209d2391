"""Fits the weights of the verifier and writes faqbot/matching/verifier.json.

    python -m tools.train_verifier --data ../shared/data --folders FOLDER \
        --encoders HALF-0 HALF-1 [--out FILE]

FOLDER holds a folder for each organisation (`tools/train_verifier/collection.py` says how it
looks); the content of others is read from there and never becomes part of faqbot. HALF-0 and HALF-1
hold encoders that learnt from one half of the folders each (`tools/minilm/fine_tuned.py`): each
folder is embedded by the encoder that hasn't seen it, as vectors of content that was learnt from
are better than any user's are. Each folder is also asked with weights that it had no part in; these
figures are printed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from faqbot.matching.encoders import OtherScripts
from faqbot.matching.minilm import MiniLMEncoder
from faqbot.matching.training_data import SharedResources
from faqbot.matching.vector_cache import CachedEncoder
from faqbot.matching.verifier import FEATURES
from tools.train_verifier.collection import (
    PART,
    Collection,
    halves,
    read_folder,
    read_folders,
    read_intents,
    with_parts,
    with_strangers,
)
from tools.train_verifier.examples import Example, Kind, examples
from tools.train_verifier.fit import Doubles, fit

FOLDS = 8
"""Parts of the folders; each part is asked with weights that it had no part in."""

ANSWER, OFFER = 0.5, 0.06
"""Probabilities from which the printed figures count an answer, and an offer."""


def main() -> None:
    """Fit weights for both encoders."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="../shared/data")
    parser.add_argument("--folders", type=Path, required=True, help="a folder an organisation")
    parser.add_argument("--encoders", type=Path, nargs=2, required=True, help="one a half")
    parser.add_argument("--out", type=Path, default=Path("faqbot/matching/verifier.json"))
    options = parser.parse_args()
    collections = _read(options.data, options.folders)
    first_half = {each.name for each in halves(read_folders(options.folders))[0]}
    written = {}
    with tempfile.TemporaryDirectory(prefix="faqbot-verifier-") as place:
        # Vectors on disk: the shipped sentences are encoded once for all collections.
        by_half = [
            _resources(CachedEncoder(OtherScripts(MiniLMEncoder(path)), folder=Path(place)))
            for path in options.encoders
        ]
        static = _resources(SharedResources().static_vectors)
        for name in ("minilm", "static"):
            observed: list[Example] = []
            for each in collections:
                # The encoder of the other half.
                whole = each.name.removesuffix(PART)
                own = static if name == "static" else by_half[int(whole in first_half)]
                observed += examples(each, own)
            written[name] = _fitted(name, observed)
    options.out.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def _resources(encoder: CachedEncoder) -> SharedResources:
    resources = SharedResources()
    resources.encoder = encoder
    return resources


def _fitted(name: str, observed: Sequence[Example]) -> dict[str, object]:
    """Return the weights for an encoder as they are written, and print what they reach."""
    print(name)
    _print_left_out(observed)
    weights, constant = fit(observed)
    named = zip((feature.name for feature in FEATURES), weights.tolist(), strict=True)
    return {
        "weights": {feature: round(weight, 4) for feature, weight in named if weight},
        "constant": round(constant, 4),
    }


def _read(data: Path, folders: Path) -> list[Collection]:
    found = read_folders(folders)
    handbook = read_folder(data / "handbook")
    # Its second half is reported, so it is not learnt from.
    half = handbook.questions[: len(handbook.questions) // 2]
    first_half = Collection("handbook", handbook.knowledge_base, half)
    return [*with_parts(with_strangers([first_half, *found])), *read_intents(data)]


def _print_left_out(observed: Sequence[Example]) -> None:
    """Print the figures of each folder, with weights that folders of other folds taught."""
    rows = []
    names = tuple(dict.fromkeys(one.collection for one in observed if one.is_folder))
    for fold in (names[at::FOLDS] for at in range(FOLDS)):
        weights = fit([one for one in observed if one.collection not in fold])
        for name in fold:
            row = _figures([one for one in observed if one.collection == name], *weights)
            rows.append(row)
            print(f"{name:28}", "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    print(f"{'mean':28}", "  ".join(f"{key} {value:.3f}" for key, value in means.items()))


def _figures(asked: Sequence[Example], weights: Doubles, constant: float) -> Mapping[str, float]:
    outcomes: dict[str, list[bool]] = {
        key: [] for key in ("right", "right or offered", "wrong", "removed", "out")
    }
    for one in asked:
        chances = 1 / (1 + np.exp(-(one.features @ weights + constant)))
        best = int(chances.argmax())
        answered = bool(chances[best] >= ANSWER)
        if one.kind is Kind.IN_SCOPE:
            right = answered and bool(one.right[best])
            offered = not answered and bool(chances[best] >= OFFER and one.right.any())
            outcomes["right"].append(right)
            outcomes["right or offered"].append(right or offered)
            outcomes["wrong"].append(answered and not right)
        else:
            outcomes[one.kind.value].append(answered)
    return {key: float(np.mean(each)) if each else 0.0 for key, each in outcomes.items()}


if __name__ == "__main__":
    main()
