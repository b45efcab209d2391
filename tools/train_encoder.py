"""Train faqbot's static sentence encoder from all-MiniLM-L6-v2, offline; see `--help`."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the teacher comes out of a Python package

from tokenizers import Tokenizer

from tools.encoder import artefact, bags, card, corpus, distilled, measure, student, vocabulary
from tools.encoder.split import split
from tools.encoder.teacher import Teacher

EXAMPLE = """\
example, from the project's folder, in an environment of its own (Python 3.11):
  pip install -r tools/requirements-encoder.txt
  python -m tools.train_encoder --data ../shared/data --out faqbot/matching/encoder \\
      --cache /tmp/encoder

The data folder holds sentences.tsv.gz, onet_30_1_text.zip, job-documents/, hint3/ and banking77/;
faqbot/matching/encoder/README.md names their public sources. A stopped run goes on where it was:
the teacher's vectors are kept in the cache folder.
"""

SHIPPED = Path("faqbot/content/defaults")


def arguments() -> argparse.Namespace:
    """The command line, with the recipe's defaults."""
    recipe = student.Recipe()
    parser = argparse.ArgumentParser(
        prog="python -m tools.train_encoder",
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder with the training texts")
    add("--out", type=Path, default=Path("faqbot/matching/encoder"), help="where the artefact goes")
    add("--cache", type=Path, required=True, help="folder for the teacher's vectors (300 MB)")
    add("--results", type=Path, default=Path("benchmarks/results/encoder.json"))
    add("--dimensions", type=int, default=recipe.dimensions)
    add("--epochs", type=int, default=recipe.epochs)
    add("--held-out", type=int, default=3000, help="lines that only measure")
    add("--seed", type=int, default=recipe.seed)
    return parser.parse_args()


@dataclass(frozen=True)
class Texts:
    """The lines to train on and the held-out ones, each with the teacher's vectors."""

    known: list[str]
    wanted: student.Vectors
    unseen: list[str]
    unseen_wanted: student.Vectors


def read(options: argparse.Namespace, teacher: Teacher) -> Texts:
    """Gather the lines, split them, and let the teacher encode them."""
    lines = corpus.training_lines(options.data, SHIPPED, options.seed)
    rows, out = split(lines, options.held_out, options.seed)
    print(f"{len(lines):,} lines: {len(rows):,} to train on, {len(out):,} held out", flush=True)
    vectors = teacher.encode(lines, "lines")
    return Texts(
        [lines[row] for row in rows], vectors[rows], [lines[row] for row in out], vectors[out]
    )


@dataclass(frozen=True)
class Measures:
    """The development measures of any encoder that lives in the rotated space."""

    unseen: measure.Unseen
    sets: list[measure.Labelled]

    def of(self, encode: measure.Encode) -> dict[str, float]:
        """Cosines to the teacher, and accuracies averaged over the data sets."""
        return self.unseen.cosines(encode) | measure.mean(measure.accuracies(self.sets, encode))


def encoding(tokenizer: Tokenizer, vectors: student.Vectors) -> measure.Encode:
    """What encodes texts with token vectors, before they are quantised."""
    return lambda texts: student.sentence_vectors(vectors, bags.tokenise(tokenizer, texts))


def main() -> None:
    """Read, encode with the teacher, start the student, train it, write it, measure it."""
    options = arguments()
    started = time.monotonic()
    teacher = Teacher(options.cache)
    texts = read(options, teacher)
    recipe = student.Recipe(dimensions=options.dimensions, epochs=options.epochs, seed=options.seed)
    directions = student.rotation(texts.wanted, recipe.dimensions)
    measures = Measures(
        measure.Unseen.of(texts.unseen, texts.unseen_wanted @ directions, options.seed),
        measure.labelled(options.data, options.seed),
    )

    spec, distilled_vectors = vocabulary.trim(*distilled.plain(options.cache))
    tokenizer = Tokenizer.from_str(json.dumps(spec))
    typed = bags.typed(tokenizer, texts.known, options.seed)
    start = student.mapped(distilled_vectors, typed.normalised, texts.wanted @ directions)
    report = progress(measures, tokenizer)
    print(f"  as distilled: {report(start)}", flush=True)
    vectors = student.train(start, typed, texts.wanted, directions, recipe=recipe, report=report)

    size = artefact.write(options.out, spec, vectors)
    results = {
        **card.machine(),
        "lines": {"train": len(texts.known), "held out": len(texts.unseen)},
        "recipe": asdict(recipe),
        "artefact": {"bytes": size, "tokens": len(vectors), "dimensions": recipe.dimensions},
        **final(measures, encoding(tokenizer, start), artefact.load(options.out).encode, teacher),
        "speed": card.speed(options.out),
        "run seconds": round(time.monotonic() - started),
    }
    card.publish(options.out, options.results, results)
    print(json.dumps(card.rounded(results), indent=2))


def progress(measures: Measures, tokenizer: Tokenizer) -> Callable[[student.Vectors], str]:
    """What turns token vectors into the measures that a line of progress shows."""

    def report(vectors: student.Vectors) -> str:
        found = measures.of(encoding(tokenizer, vectors))
        return ", ".join(f"{name} {value:.3f}" for name, value in found.items())

    return report


def final(
    measures: Measures, start: measure.Encode, written: measure.Encode, teacher: Teacher
) -> dict[str, dict[str, dict[str, float]]]:
    """The measures of the start, of what was written, and of the teacher."""
    sets = measures.sets
    own = measure.accuracies(sets, lambda texts: teacher.encode(list(texts), "questions"))
    return {
        "measures": {
            "as distilled": measures.of(start),
            "trained, int8": measures.of(written),
            "the teacher": measure.mean(own),
        },
        "trained, int8, by data set": measure.accuracies(sets, written),
    }


if __name__ == "__main__":
    main()
