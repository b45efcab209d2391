"""Fixtures of the content tests: a folder to write files to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Write = Callable[..., Path]


@pytest.fixture
def knowledge(tmp_path: Path) -> Path:
    """An empty folder for content."""
    folder = tmp_path / "knowledge"
    folder.mkdir()
    return folder


@pytest.fixture
def write(knowledge: Path) -> Write:
    """Write a content file: `write("a.yaml", text)`; the text is dedented."""

    def to_file(name: str, content: str | bytes) -> Path:
        path = knowledge / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())
        return path

    return to_file
