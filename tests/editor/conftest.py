from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from faqbot.app import heading_classifier
from faqbot.editor.commits import GitMode
from faqbot.editor.pages import EditorPages
from faqbot.editor.server import editor_pages
from faqbot.matching.training_data import shared_resources

ROLE = """\
# agreed with the kitchen
role: office-cook    # never change this
title: "Office Cook"
reviewed: 2026-11-01
sections:
  overview: >
    Cooks lunch for the office
    and plans the menu.
  responsibilities:   # in the order of a day
  - Plan the menu
  - Cook
  skills: {required: [Knife skills], preferred: [French]}
faqs:
  - id: knives
    question: Do I need my own knives?
    answer: Bring them if you like.
"""

FAQS = """\
faqs:
  - id: parking
    question: Where can I park?
    answer: Behind the house.
"""

RESOURCES = shared_resources()
Call = Callable[..., Any]


def pages_of(folder: Path, mode: GitMode = GitMode.OFF) -> EditorPages:
    return editor_pages(folder, mode, lambda: RESOURCES, heading_classifier)


class Editor:
    """A browser tab of the editor, without the browser."""

    def __init__(self, folder: Path, mode: GitMode = GitMode.OFF) -> None:
        self.folder = folder
        self.client = TestClient(pages_of(folder, mode).app(), base_url="http://127.0.0.1")

    def call(self, name: str, /, status: int = 200, **asked: Any) -> Any:
        answer = self.client.post(f"/calls/{name}", json=asked)
        assert answer.status_code == status, answer.text
        return answer.json()

    def open(self, file: str = "roles/office-cook.yaml", number: int = 0) -> Any:
        return self.call("document", file=file, number=number)

    def save(self, opened: Any, form: Any, status: int = 200) -> Any:
        base = {"form": opened["form"], "version": opened["version"]}
        where = {"file": opened["file"], "number": opened["number"]}
        return self.call("save", status, form=form, base=base, **where)

    def check(self, opened: Any, form: Any, *, ask: bool = False) -> Any:
        where = {"file": opened["file"], "number": opened["number"]}
        return self.call("check", form=form, ask=ask, **where)

    def text(self, file: str = "roles/office-cook.yaml") -> str:
        return (self.folder / file).read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("roles/office-cook.yaml", ROLE), ("faqs/general.yaml", FAQS)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def editor(folder: Path) -> Editor:
    return Editor(folder)
