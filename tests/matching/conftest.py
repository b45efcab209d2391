"""An engine over content that a test writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

import faqbot
from faqbot import Engine

Load = Callable[..., Engine]


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Return an engine over texts, each a content file; they are dedented."""

    def from_texts(*texts: str) -> Engine:
        folder = tmp_path_factory.mktemp("knowledge")
        for number, text in enumerate(texts):
            Path(folder / f"content-{number}.yaml").write_text(dedent(text), encoding="utf-8")
        return faqbot.load(folder)

    return from_texts
