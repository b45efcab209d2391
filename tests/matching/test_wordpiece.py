"""WordPiece: the token ids are those of the library `tokenizers`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faqbot.errors import ServiceError
from faqbot.matching import wordpiece
from faqbot.matching.wordpiece import WordPiece, words_of

RECORDED: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("model2vec.json").read_text(encoding="utf-8")
)
BUNDLED = Path(wordpiece.__file__).parent / "encoder" / "tokenizer.json"
TOKENIZER = WordPiece.read(BUNDLED)
SMALL = WordPiece({"[UNK]": 0, "un": 1, "##able": 2, "##a": 3, "able": 4, "!": 5}, 0)


def test_token_ids_are_those_of_the_library() -> None:
    wrong = [
        case["text"] for case in RECORDED if TOKENIZER.tokenize(case["text"], 512) != case["ids"]
    ]
    assert len(RECORDED) > 300
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("unable", [1, 2]),
        ("UNABLE!", [1, 2, 5]),
        ("una", [1, 3]),
        ("unab", [0]),
        ("able unable", [4, 1, 2]),
        ("unàble", [1, 2]),
        ("", []),
        ("un" + "a" * 98, [1, *[3] * 98]),
        ("un" + "a" * 99, [0]),
    ],
)
def test_the_longest_token_that_fits_is_taken(text: str, ids: list[int]) -> None:
    assert SMALL.tokenize(text, 512) == ids


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop", ["don", "'", "t", "stop"]),
        ("ΣΟΦΌΣ İstanbul", ["σοφοσ", "istanbul"]),
        ("数据 x", ["数", "据", "x"]),
        ("a\x0bb\u200bc\u0085d", ["abcd"]),
        ("a\tb\u3000c\u2028d", ["a", "b", "c", "d"]),
        ("[PAD]", ["[", "pad", "]"]),
        ("「引用」", ["「", "引", "用", "」"]),
        ("half \ud83d a pair", ["half", "a", "pair"]),
    ],
)
def test_words_are_folded_and_punctuation_stands_alone(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text(max_size=200), st.integers(min_value=0, max_value=40))
def test_a_limit_cuts_the_same_tokens_off(text: str, limit: int) -> None:
    assert TOKENIZER.tokenize(text, limit) == TOKENIZER.tokenize(text, 10_000)[:limit]


@given(st.text(st.characters(codec="utf-8"), max_size=100))
def test_every_text_has_ids_of_the_vocabulary(text: str) -> None:
    ids = TOKENIZER.tokenize(text, 512)
    assert all(0 <= token < len(TOKENIZER.vocabulary) for token in ids)
    assert len(ids) >= len(words_of(text))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"model": null}',
        b'{"model": {"vocab": {"a": 0}, "unk_token": "[UNK]"}}',
        b'{"model": {"vocab": {"[UNK]": 0, "a": 2}, "unk_token": "[UNK]"}}',
        b'{"model": {"vocab": {"[UNK]": 0, "a": "1"}, "unk_token": "[UNK]"}}',
    ],
)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(ServiceError, match=r"tokenizer\.json: .*install faqbot again"):
        WordPiece.read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"nowhere\.json"):
        WordPiece.read(tmp_path / "nowhere.json")
