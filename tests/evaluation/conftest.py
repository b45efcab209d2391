from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from faqbot.cli.main import main

Run = Callable[..., tuple[int, str, str]]

TRAIN = """\
sentence,label
Where is my parcel?,parcel
track my order,parcel
my package has not arrived,parcel
where's the delivery I am waiting for,parcel
How do I send it back?,returns
I want to return this,returns
return a product that I bought,returns
what is your return policy,returns
Which sizes do you have?,sizes
what size should I buy,sizes
is there a size chart,sizes
does it come in large sizes,sizes
"""
TEST = """\
sentence,label
where is the parcel I ordered,parcel
can I return what I bought,returns
size chart please,sizes
who won the football match,NONE
tell me a joke about penguins,NONE
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run `faqbot evaluate`: its exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["faqbot", "evaluate", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        caught = capfdbinary.readouterr()
        return code, caught.out.decode(), caught.err.decode()

    return run


@pytest.fixture
def intents(tmp_path: Path) -> tuple[str | Path, ...]:
    """The options for a small intent set."""
    (tmp_path / "train.csv").write_text(TRAIN, encoding="utf-8")
    (tmp_path / "test.csv").write_text(TEST, encoding="utf-8")
    files = ("--train", tmp_path / "train.csv", "--test", tmp_path / "test.csv")
    return (*files, "--text-column", "sentence", "--none-label", "NONE")
