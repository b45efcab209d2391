"""Content files as the editor reads and writes them: listed, saved, merged, undone."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from faqbot.content.fields import make_id
from faqbot.content.files import content_files, decode, file_version, has_content, read_bytes
from faqbot.content.format import SCHEMA_PATH, schema_text
from faqbot.content.publisher import FileEdit
from faqbot.content.writer import write_bytes
from faqbot.content.yaml_edits import edit_document
from faqbot.content.yaml_tree import Node
from faqbot.content.yaml_values import compose, plain_value
from faqbot.editor.commits import Commits
from faqbot.editor.forms import FormPath, Merge, from_form, to_form
from faqbot.errors import Problem, UsageError

MAX_UNDONE: Final = 50
"""Saves that can be undone."""

_CHANGED: Final = "Somebody else has changed this meanwhile"


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """A document of a file: the path below the content folder, and its number in the file."""

    file: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class ContentDocument:
    """A document: its form, the version of its file, and what it holds: "role", "faqs" or ""."""

    ref: DocumentRef
    form: Mapping[str, Any]
    version: str
    kind: str


@dataclass(frozen=True, slots=True)
class PendingEdit:
    """An edit that owners have to approve, with the document's form before and after."""

    edit: FileEdit
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Saved:
    """A save.

    Attributes:
        ref: the document.
        version: the version of its file now.
        note: what became of it in git, if anything.
        is_pending: whether the file stays as it was until somebody approves the change.
        pending: the edit to propose, where nothing else records it.
    """

    ref: DocumentRef
    version: str
    note: str = ""
    is_pending: bool = False
    pending: PendingEdit | None = None


class EditConflictError(UsageError):
    """Somebody else saved first.

    Args:
        merged: the form with the changes of both.
        version: the version of the file that `merged` was made from.
        theirs: what the other one changed, as paths in the form.
        both: what both changed, as paths in the form; `merged` has the value of the one who asks.
    """

    def __init__(
        self,
        merged: Mapping[str, Any],
        version: str,
        theirs: Sequence[FormPath],
        both: Sequence[FormPath],
    ) -> None:
        super().__init__(f"{_CHANGED}: look at the changes, then save again.")
        self.merged, self.version = merged, version
        self.theirs, self.both = theirs, both


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a file: its bytes before and after; None where it wasn't there."""

    path: Path
    before: bytes | None
    after: bytes | None


@dataclass
class ContentFiles:
    """The files of a content folder.

    Args:
        folder: the content folder.
        commits: records saves in git, or doesn't.
        proposes: whether a save is an edit to propose, and no file is ever written.
    """

    folder: Path
    commits: Commits
    proposes: bool = False
    _changes: list[_Change] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def documents(self) -> tuple[list[ContentDocument], list[Problem]]:
        """Return all documents in the order of their files, and the files that can't be read."""
        found: list[ContentDocument] = []
        problems: list[Problem] = []
        for path in self.paths():
            name = path.relative_to(self.folder).as_posix()
            try:
                text, version = self._read(path)
                roots = compose(text)
            except UsageError as error:
                problems.append(Problem(name, 1, 1, str(error)))
                continue
            for number, root in enumerate(roots):
                value = plain_value(root)
                if isinstance(value, dict):
                    ref = DocumentRef(name, number)
                    found.append(ContentDocument(ref, to_form(value), version, _kind(value)))
        return found, problems

    def document(self, ref: DocumentRef) -> ContentDocument:
        """Return one document.

        Raises:
            UsageError: there is none, or its file isn't YAML.
        """
        text, version = self._read(self._path(ref))
        value = plain_value(_root(text, ref))
        return ContentDocument(ref, to_form(value), version, _kind(value))

    def raw_text(self, ref: DocumentRef) -> str:
        """Return the text of a document's file as it is.

        Raises:
            UsageError: it is gone, or can't be read.
        """
        return self._read(self._path(ref))[0]

    def draft(
        self, ref: DocumentRef | None, form: Mapping[str, Any]
    ) -> tuple[DocumentRef, str, str]:
        """Return where a form would be saved, and the text of that file before and after.

        Args:
            ref: the document; None for a new one.
            form: its form.

        Raises:
            UsageError: there is no such document, or it can't be edited here.
        """
        if ref is not None:
            return ref, self.raw_text(ref), self.text(ref, form)
        faqs = form.get("faqs")
        first = faqs[0] if isinstance(faqs, list) and faqs else {}
        named = first.get("id") if isinstance(first, Mapping) else ""
        stem = str(form.get("role") or form.get("about") or named or "faqs")
        taken = {path.stem for path in self.paths()}
        place = Path("roles" if "role" in form else "faqs") / f"{make_id(stem, taken)}.yaml"
        head = "# yaml-language-server: $schema=../schema.json\n"
        text = edit_document(f"{head}new: true\n", 0, from_form(form, {}))
        return DocumentRef(place.as_posix()), "", text

    def text(self, ref: DocumentRef, form: Mapping[str, Any]) -> str:
        """Return the text of a file with a form in place of one of its documents.

        Raises:
            UsageError: there is no such document, or it can't be edited here.
        """
        text, _ = self._read(self._path(ref))
        old = plain_value(_root(text, ref))
        return edit_document(text, ref.number, from_form(form, old))

    def save(
        self,
        ref: DocumentRef,
        form: Mapping[str, Any],
        base: ContentDocument,
        message: str,
    ) -> Saved:
        """Save a form.

        Args:
            ref: the document.
            form: its new form.
            base: the document as it was when the form was opened.
            message: says in git what was changed.

        Raises:
            EditConflictError: somebody else has saved the same document since.
            UsageError: the file is gone, can't be written, or can't be edited here.
        """
        with self._lock:
            path = self._path(ref)
            now = self.document(ref)
            if now.version != base.version and now.form != base.form:
                raise _conflict(base.form, form, now)
            after = self.text(ref, form).encode()
            return self._write(ref, path, after, message, (now.form, form))

    def create(self, form: Mapping[str, Any]) -> Saved:
        """Create a file with one document.

        Args:
            form: the form of the document.

        Raises:
            UsageError: the file can't be written.
        """
        with self._lock:
            ref, _, text = self.draft(None, form)
            if not (self.folder / SCHEMA_PATH.name).exists() and not self.waits:
                # Text editors check the same files by it.
                write_bytes(self.folder / SCHEMA_PATH.name, schema_text().encode(), force=True)
            message = f"Add {Path(ref.file).stem}"
            return self._write(ref, self.folder / ref.file, text.encode(), message, ({}, form))

    def remove(self, ref: DocumentRef, message: str) -> Saved:
        """Remove the file of a document that is the only one in it.

        Raises:
            UsageError: the file holds more than this, or can't be removed.
        """
        with self._lock:
            path = self._path(ref)
            text, _ = self._read(path)
            if len(compose(text)) > 1:
                raise UsageError(f"{ref.file} holds more than this: remove it in a text editor.")
            return self._write(ref, path, None, message, (self.document(ref).form, {}))

    def undo(self) -> Saved | None:
        """Undo the last save that isn't undone; returns None if there is none.

        Raises:
            UsageError: the file was changed since by somebody else.
        """
        with self._lock:
            if not self._changes:
                return None
            change = self._changes[-1]
            if _bytes_of(change.path) != change.after:
                raise UsageError(f"{_CHANGED}: it can't be undone here any more.")
            ref = DocumentRef(change.path.relative_to(self.folder.resolve()).as_posix())
            saved = self._write(ref, change.path, change.before, "Undo the last change")
            # The undoing itself is no change to undo, or a second click would bring it back.
            del self._changes[-2:]
            return saved

    @property
    def can_undo(self) -> bool:
        """Whether there is a save to undo."""
        return bool(self._changes)

    @property
    def waits(self) -> bool:
        """Whether files stay as they are until somebody approves a change."""
        return self.proposes or self.commits.to_branch

    def _write(
        self,
        ref: DocumentRef,
        path: Path,
        after: bytes | None,
        message: str,
        forms: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
    ) -> Saved:
        # A link stays a link: what it points to is written.
        path = path.resolve()
        before = _bytes_of(path)
        if before == after:
            return Saved(ref, file_version(after))
        if self.proposes:
            text = None if after is None else after.decode()
            edit = FileEdit(ref.file, file_version(before), text)
            return Saved(ref, edit.version, is_pending=True, pending=PendingEdit(edit, *forms))
        if self.commits.to_branch:
            note = self.commits.propose(path, after, message)
            return Saved(ref, file_version(before), note, is_pending=True)
        if after is None:
            try:
                path.unlink()
            except OSError as error:
                raise UsageError(f"Can't remove {path}: {error.strerror or error}.") from error
        else:
            write_bytes(path, after, force=True)
        self._changes = [*self._changes, _Change(path, before, after)][-MAX_UNDONE:]
        return Saved(ref, file_version(after), self.commits.commit(path, message))

    def paths(self) -> list[Path]:
        """Return the files of the content; none in a folder that is empty or not there yet."""
        return content_files(self.folder) if has_content(self.folder) else []

    def _path(self, ref: DocumentRef) -> Path:
        """Return the path of a document's file; only files of the content count."""
        for path in self.paths():
            if path.relative_to(self.folder).as_posix() == ref.file:
                return path
        raise UsageError(f"{ref.file} isn't there any more: load the page anew.")

    def _read(self, path: Path) -> tuple[str, str]:
        raw = read_bytes(path, path.name)
        if isinstance(raw, Problem):
            raise UsageError(f"{path.name} {raw.message}.")
        decoded = decode(raw, path.name)
        if decoded.text is None:
            raise UsageError(f"{path.name} {decoded.problems[0].message}.")
        return raw.decode(), file_version(raw)


def _root(text: str, ref: DocumentRef) -> Node:
    roots = compose(text)
    if not 0 <= ref.number < len(roots) or not isinstance(roots[ref.number], yaml.MappingNode):
        raise UsageError(f"{ref.file} has no such role or FAQs any more: load the page anew.")
    return roots[ref.number]


def _kind(value: Mapping[str, Any]) -> str:
    return next((key for key in ("role", "faqs") if key in value), "")


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"Can't read {path}: {error.strerror or error}.") from error


def _conflict(
    base: Mapping[str, Any], mine: Mapping[str, Any], now: ContentDocument
) -> EditConflictError:
    merge = Merge()
    merged = merge.of(base, mine, now.form)
    return EditConflictError(merged, now.version, merge.theirs, merge.both)
