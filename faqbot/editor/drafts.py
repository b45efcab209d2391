"""Drafts: what is on the page, checked and asked as if it were saved, or proposed to owners.

Where owners decide before a file is written, a draft becomes a proposal.
"""

from __future__ import annotations

import datetime as dt
import re
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from cachetools import LRUCache

from faqbot.content.loader import check_folder
from faqbot.content.publisher import FileEdit
from faqbot.content.yaml_edits import BYTE_ORDER_MARK
from faqbot.content.yaml_tree import Node
from faqbot.content.yaml_values import compose, plain_value
from faqbot.editor.changes import changes_in_words
from faqbot.editor.files import ContentFiles, DocumentRef, PendingEdit
from faqbot.editor.forms import to_form_path
from faqbot.engine import Engine
from faqbot.errors import ContentError, UsageError
from faqbot.evaluation.content_tests import content_findings
from faqbot.index.builder import build_index
from faqbot.lint.findings import RULES, Finding, FindingLevel, finding_of_problem
from faqbot.lint.rules import check_knowledge_base
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.training_data import SharedResources
from faqbot.model import KnowledgeBase
from faqbot.storage.models import EDIT, Proposal, utc_now
from faqbot.storage.store import new_id

MAX_ENGINES: Final = 2
"""Contents of which an engine is kept: the one on disk, and the one on the page."""

CONTENT: Final = "content"
"""The rule of problems that keep content from loading; they know their column."""

ENTRY_DEPTH: Final = 2
"""Steps of a path that lead to a section or an FAQ."""


_MISSING: Final = re.compile(r" needs `(\w+)`$")

MAX_COLUMN: Final = 1_000_000
"""Behind every line: rules know the line of an entry, not the column."""

_NO_WORDS: Final = "- Only how the file is written"


@dataclass(frozen=True, slots=True)
class DraftFinding:
    """A finding about a draft.

    Attributes:
        path: where in the form; empty where it is about the whole, or another file.
        level: "error", "warning" or "note".
        message: what is wrong.
        advice: what to do, where the message doesn't say it.
        file: the file, where it isn't the draft's own.
    """

    path: tuple[str | int, ...]
    level: str
    message: str
    advice: str = ""
    file: str = ""


class Drafts:
    """Checks and asks drafts.

    Args:
        files: the content.
        resources: returns what all indexes share; called when something is asked first.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        files: ContentFiles,
        resources: Callable[[], SharedResources],
        clock: Callable[[], float],
    ) -> None:
        self._files = files
        self._resources = resources
        self._clock = clock
        self._engines: LRUCache[str, Engine] = LRUCache(MAX_ENGINES)
        self._lock = threading.Lock()

    def check(
        self, ref: DocumentRef | None, form: Mapping[str, Any], *, ask: bool = False
    ) -> list[DraftFinding]:
        """Return the findings about a draft, errors first.

        Args:
            ref: the document; None for a new one.
            form: its form.
            ask: whether each question and test of the content is asked too, which takes seconds.

        Raises:
            UsageError: the document is gone, or its file can't be edited here.
        """
        ref, _, text = self._files.draft(ref, form)
        with self._overlay(ref, text) as folder:
            knowledge_base, problems = check_folder(folder)
            if knowledge_base is None:
                found = [finding_of_problem(problem) for problem in problems]
            else:
                found = list(self._findings(knowledge_base, ask=ask))
            own = str(folder / ref.file)
            places = _Places(text, ref.number, form)
            shown = [
                self._shown(one, places, folder, own)
                for one in found
                if one.path == own or one.level is FindingLevel.ERROR
            ]
        levels = ["error", "warning", "note"]
        return sorted(shown, key=lambda one: levels.index(one.level))

    @contextmanager
    def engine(self, ref: DocumentRef | None, form: Mapping[str, Any] | None) -> Iterator[Engine]:
        """Yield an engine that answers from a draft, to one thread at a time.

        Args:
            ref: the document; None for a new one.
            form: its form; without it, the content as saved is asked.

        Raises:
            ContentError: the draft, or the rest of the content, has problems.
            UsageError: the document is gone, or its file can't be edited here.
        """
        if form is None:
            knowledge_base, problems = check_folder(self._files.folder)
        else:
            place, _, text = self._files.draft(ref, form)
            with self._overlay(place, text) as folder:
                knowledge_base, problems = check_folder(folder)
        if knowledge_base is None:
            raise ContentError(problems)
        with self._engine(knowledge_base) as engine:
            yield engine

    def require_loading(self, edit: FileEdit) -> None:
        """Check that the content loads with an edited file.

        Raises:
            UsageError: it doesn't; the message names the first problem.
        """
        with self._overlay(DocumentRef(edit.file), edit.text) as folder:
            _, problems = check_folder(folder)
            for one in problems[:1]:
                name = Path(one.path).relative_to(folder).as_posix()
                raise UsageError(
                    f"Mend what is marked first: {one.message} ({name}, line {one.line})."
                )

    @staticmethod
    def _shown(one: Finding, places: _Places, folder: Path, own: str) -> DraftFinding:
        by_rule = one.rule != CONTENT
        advice = RULES[one.rule].advice if by_rule else ""
        if one.path != own:
            file = Path(one.path).relative_to(folder).as_posix()
            return DraftFinding((), one.level.value, one.message, advice, file)
        column = MAX_COLUMN if by_rule else one.column
        path = places.path_at(one.line, column, whole_entry=by_rule)
        if missing := _MISSING.search(one.message):
            # What isn't there has no line of its own: the problem is at what comes first beside it.
            path = (*path[:-1], missing[1])
        return DraftFinding(path, one.level.value, one.message, advice)

    @contextmanager
    def _engine(self, knowledge_base: KnowledgeBase) -> Iterator[Engine]:
        with self._lock:
            engine = self._engines.get(knowledge_base.version)
            if engine is None:
                index = build_index(knowledge_base, self._resources())
                engine = Engine(index, ConversationMemory(self._clock))
                self._engines[knowledge_base.version] = engine
            # Each call of the page runs in a thread of its own.
            yield engine

    def _findings(self, knowledge_base: KnowledgeBase, *, ask: bool) -> Iterable[Finding]:
        encoder = self._resources().static_vectors
        today = dt.datetime.now().astimezone().date()
        if ask:
            with self._engine(knowledge_base) as engine:
                return list(content_findings(knowledge_base, engine, encoder, today))
        # Asking needs an index, which takes too long for each pause while somebody types.
        return check_knowledge_base(knowledge_base, encoder, None, today)

    @contextmanager
    def _overlay(self, ref: DocumentRef, text: str | None) -> Iterator[Path]:
        """Yield a copy of the content folder in which one file has another text, or is gone."""
        with tempfile.TemporaryDirectory(prefix="faqbot-draft-") as place:
            folder = Path(place)
            own = folder / ref.file
            own.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                own.write_text(text, encoding="utf-8", newline="")
            for path in self._files.paths():
                target = folder / path.relative_to(self._files.folder)
                if target != own:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.symlink_to(path.resolve())
            yield folder


class _Places:
    """Where a document's form has what stands in a line of its file.

    Args:
        text: the text of the file.
        number: which document of the file.
        form: what the document was made from.
    """

    def __init__(self, text: str, number: int, form: Mapping[str, Any]) -> None:
        roots = compose(text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n"))
        self._root = roots[number]
        self._form = form
        self._value = plain_value(self._root)

    def path_at(self, line: int, column: int, *, whole_entry: bool) -> tuple[str | int, ...]:
        """Return the path in the form of what stands at a line and column, from 1.

        Args:
            line: the line.
            column: the column.
            whole_entry: whether a section or an FAQ is meant, not a field of it.
        """
        path: list[str | int] = []
        node: Node = self._root
        while (inside := self._inside(node, line - 1, column - 1)) is not None:
            step, node = inside
            path.append(step)
        if whole_entry:
            path = path[:ENTRY_DEPTH] if path[:1] in (["faqs"], ["sections"]) else path[:0]
        return to_form_path(self._form, self._value, tuple(path))

    def _inside(self, node: Node, line: int, column: int) -> tuple[str | int, Node] | None:
        """Return the part of a node that begins last before a place, with its key or number."""
        parts: list[tuple[int, int, str | int, Node]] = []
        if isinstance(node, yaml.MappingNode):
            parts = [
                (key.start_mark.line, key.start_mark.column, key.value, value)
                for key, value in node.value
            ]
        elif isinstance(node, yaml.SequenceNode):
            parts = [
                (value.start_mark.line, node.start_mark.column, number, value)
                for number, value in enumerate(node.value)
            ]
        before = [
            (step, value)
            for at, beside, step, value in parts
            if at < line or (at == line and beside <= column)
        ]
        return before[-1] if before else None


def proposal_of(pending: PendingEdit, person: str, roles: Collection[str]) -> Proposal:
    """Return the proposal of an edit, which no workspace has yet.

    Args:
        pending: the edit.
        person: who proposes it.
        roles: the ids of the roles in the content.
    """
    edit, now = pending.edit, utc_now()
    return Proposal(
        id=new_id(),
        team="",
        kind=EDIT,
        question=_what_is_edited(pending),
        answer="\n".join(changes_in_words(pending.before, pending.after)) or _NO_WORDS,
        role=_role_of_edit(pending, roles),
        proposed_by=person,
        created=now,
        changed=now,
        file=edit.file,
        version=edit.version,
        text=edit.text,
    )


def _what_is_edited(pending: PendingEdit) -> str:
    """Return in words what an edit is about."""
    form = pending.before or pending.after
    about = form.get("about")
    title = form.get("title") or (f"FAQs about {about}" if about else "General FAQs")
    if not pending.edit.version:
        return f"New: {title}"
    return f"{title}" if pending.edit.text is not None else f"Remove {title}"


def _role_of_edit(pending: PendingEdit, roles: Collection[str]) -> str | None:
    """Return the role whose owners decide about an edit; None leaves it to the default owners.

    What moves from one role to another is for both, so neither decides alone.
    """
    named = {
        str(form.get("role") or form.get("about") or "")
        for form in (pending.before, pending.after)
        if form
    }
    known = sorted(named & set(roles))
    return known[0] if len(known) == 1 and "" not in named else None
