"""Records what model2vec makes of texts, for the test of faqbot's own reader of the encoder.

    python -m tools.encoder.record

reads the texts of tests/matching/model2vec.json and writes their token ids there, and the vectors
of the first of them beside it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from model2vec import StaticModel

FILE = Path("tests/matching/model2vec.json")
ENCODER = Path("faqbot/matching/encoder")

VECTORS = 120
"""Texts whose vectors are kept: 1 KB each."""


def main() -> None:
    """Tokenise all texts and encode the first ones."""
    model = StaticModel.from_pretrained(ENCODER)
    texts = [case["text"] for case in json.loads(FILE.read_text(encoding="utf-8"))]
    found = model.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    cases = zip(texts, found, strict=True)
    lines = (json.dumps({"text": text, "ids": tokens.ids}) for text, tokens in cases)
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    np.save(FILE.with_suffix(".npy"), model.encode(texts[:VECTORS]).astype(np.float32))


if __name__ == "__main__":
    main()
