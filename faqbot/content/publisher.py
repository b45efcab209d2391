"""Publish what owners approve: write it into the content folder and reload it.

Phrasings go into the file of accepted suggestions, or into files of authors.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import yaml

from faqbot.content.files import SUFFIXES, file_version
from faqbot.content.writer import (
    PROPOSALS_FOLDER,
    SCHEMA_ABOVE,
    dump_yaml,
    new_faq_key,
    write_bytes,
    write_faq,
    write_file,
)
from faqbot.content.yaml_edits import edit_document
from faqbot.content.yaml_values import compose, plain_value
from faqbot.errors import FaqbotError, UsageError
from faqbot.model import Audience, Faq, KnowledgeBase

PHRASINGS_FILE: Final = "phrasings.yaml"


def write_phrasing(folder: Path, entry_id: str, text: str) -> tuple[Path, str | None]:
    """Add a phrasing to the file of accepted suggestions.

    Returns:
        The path of the file, and its text before; None if it is new.

    Raises:
        UsageError: The folder can't be written to, or the file isn't a file of phrasings.
    """
    target = folder / PROPOSALS_FOLDER / PHRASINGS_FILE
    before: str | None = None
    phrasings: dict[str, list[str]] = {}
    try:
        if target.exists():
            before = target.read_text(encoding="utf-8")
            phrasings = dict(yaml.safe_load(before)["phrasings"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UsageError(f"{target} can't be added to: correct it with faqbot check.") from error
    texts = phrasings.setdefault(entry_id, [])
    if text not in texts:
        texts.append(text)
    text = f"# yaml-language-server: $schema={SCHEMA_ABOVE}\n{dump_yaml({'phrasings': phrasings})}"
    write_file(target, text, force=True)
    return target, before


def add_phrasings(text: str, more: Mapping[str, Sequence[str]]) -> str:
    """Return the text of a content file with phrasings added.

    Args:
        text: the text of the file.
        more: phrasings by the id of a section or an FAQ; those of other files are ignored.

    Raises:
        UsageError: as edit_document.
    """
    for number, root in enumerate(compose(text)):
        if isinstance(root, yaml.MappingNode):
            text = edit_document(text, number, _document(plain_value(root), more))
    return text


def _document(document: dict[str, Any], more: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return a role or a file of FAQs with phrasings added."""
    role = document.get("role")
    about = role or document.get("about")
    changed = dict(document)
    if "faqs" in document:
        before = f"{about}/faq" if about else "faq"
        changed["faqs"] = [
            _entry(faq, more.get(f"{before}/{faq['id']}", ()), after="question")
            for faq in document["faqs"]
        ]
    if "sections" in document:
        changed["sections"] = {
            key: _entry(section, more.get(f"{role}/{key}", ()), after="title")
            for key, section in document["sections"].items()
        }
    return changed


def _entry(entry: Any, texts: Iterable[str], after: str) -> Any:
    """Return a section or an FAQ with phrasings added; the first ones stand behind a key."""
    whole: dict[str, Any] = entry
    if not isinstance(entry, dict):  # the short form of a text or a list
        whole = {"text" if isinstance(entry, str) else "items": entry}
    known = whole.get("phrasings", [])
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    if not missing:
        return entry
    if known:
        return whole | {"phrasings": [*known, *missing]}
    parts = list(whole.items())
    place = list(whole).index(after) + 1 if after in whole else 0
    return dict([*parts[:place], ("phrasings", missing), *parts[place:]])


class HasKnowledgeBase(Protocol):
    """An engine, or all engines that share a content folder."""

    @property
    def knowledge_base(self) -> KnowledgeBase:
        """Knowledge base that is in use now."""
        ...


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A new text for a content file.

    Attributes:
        file: the path below the content folder.
        version: of the file that the text was made from; empty where there was none.
        text: the whole new text; None removes the file.
    """

    file: str
    version: str
    text: str | None


class Publisher(Protocol):
    """Adds approved FAQs, phrasings and edits to the content."""

    async def publish(self, faq: ApprovedFaq) -> str:
        """Add an FAQ to the content; returns the id of the entry.

        Raises:
            FaqbotError: It can't be added; the content is unchanged.
        """
        ...

    async def add_phrasing(self, entry_id: str, text: str) -> None:
        """Add a phrasing to an entry.

        Raises:
            FaqbotError: It can't be added; the content is unchanged.
        """
        ...

    async def write_edit(self, edit: FileEdit) -> None:
        """Write an edited file.

        Raises:
            FaqbotError: It can't be written, or has changed since; the content is unchanged.
        """
        ...


class ReadOnlyPublisher:
    """Publisher for content that can't be written from Slack: refuses, and says why.

    Args:
        reason: A sentence that says what to do instead.
    """

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def publish(self, faq: ApprovedFaq) -> str:  # noqa: ARG002
        """Raise `UsageError`."""
        raise UsageError(self._reason)

    async def add_phrasing(self, entry_id: str, text: str) -> None:  # noqa: ARG002
        """Raise `UsageError`."""
        raise UsageError(self._reason)

    async def write_edit(self, edit: FileEdit) -> None:  # noqa: ARG002
        """Raise `UsageError`."""
        raise UsageError(self._reason)


class ContentPublisher:
    """Publisher that writes into the content folder and reloads the engine.

    Args:
        engine: The engine that answers from the folder.
        folder: The content folder.
        reload: Loads the folder into the engine.
    """

    def __init__(
        self, engine: HasKnowledgeBase, folder: Path, reload: Callable[[], Awaitable[bool]]
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._reload = reload
        # One at a time: what a failed reload undoes must be what made it fail.
        self._lock = asyncio.Lock()

    async def publish(self, faq: ApprovedFaq) -> str:
        """Add an FAQ to the content; returns the id of the entry.

        Raises:
            FaqbotError: It can't be written, or the content doesn't load with it; the content is
                unchanged.
        """
        async with self._lock:
            knowledge_base = self._engine.knowledge_base
            entry = Faq(
                role=faq.role if knowledge_base.role(faq.role) else None,
                key=new_faq_key(faq.question, faq.role, knowledge_base),
                question=faq.question,
                answer=faq.answer,
                audience=faq.audience,
                owner=faq.owner,
                reviewed=faq.approved,
            )
            path = await asyncio.to_thread(write_faq, self._folder, entry)
            try:
                await self._reload()
            except FaqbotError:
                # Left there, the bad file would keep the whole folder from loading again.
                path.unlink(missing_ok=True)
                raise
            return entry.id

    async def add_phrasing(self, entry_id: str, text: str) -> None:
        """Add a phrasing to an entry.

        Raises:
            FaqbotError: It can't be written, or the content doesn't load with it; the content is
                unchanged.
        """
        async with self._lock:
            path, before = await asyncio.to_thread(write_phrasing, self._folder, entry_id, text)
            try:
                await self._reload()
            except FaqbotError:
                if before is None:
                    path.unlink(missing_ok=True)
                else:
                    path.write_text(before, encoding="utf-8")
                raise

    async def write_edit(self, edit: FileEdit) -> None:
        """Write an edited file.

        Raises:
            FaqbotError: It can't be written, has changed since the edit was made, or the content
                doesn't load with it; the content is unchanged.
        """
        async with self._lock:
            path = _path_of(self._folder, edit.file)
            before = await asyncio.to_thread(_checked_bytes, path, edit)
            after = None if edit.text is None else edit.text.encode()
            await asyncio.to_thread(_replace, path, after)
            try:
                await self._reload()
            except FaqbotError:
                await asyncio.to_thread(_replace, path, before)
                raise


def _path_of(folder: Path, file: str) -> Path:
    """Return the path of a content file by its name, which comes from a database."""
    name = Path(file)
    hidden = any(part.startswith(".") for part in name.parts)
    if hidden or name.is_absolute() or name.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{file} is no content file: reject this one.")
    # A link stays a link: what it points to is written.
    return (folder / name).resolve()


def _checked_bytes(path: Path, edit: FileEdit) -> bytes | None:
    """Return what a file holds, if that is what an edit was made from."""
    try:
        before = path.read_bytes()
    except FileNotFoundError:
        before = None
    except OSError as error:
        raise UsageError(f"Can't read {edit.file}: {error.strerror or error}.") from error
    if file_version(before) == edit.version:
        return before
    if not edit.version:
        raise UsageError(
            f"{edit.file} was made by somebody else meanwhile: reject this one, and add what is "
            "missing to the file in the editor."
        )
    raise UsageError(
        f"{edit.file} has changed since this was proposed: reject this one, make the change again "
        "in the editor, which shows the file as it is now, and propose that."
    )


def _replace(path: Path, content: bytes | None) -> None:
    """Write a file; None removes it."""
    if content is not None:
        write_bytes(path, content, force=True)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"Can't remove {path.name}: {error.strerror or error}.") from error


@dataclass(frozen=True, slots=True)
class ApprovedFaq:
    """An approved FAQ; `role` is None for a general one, `approved` the day of the approval.

    `owner` is empty if the owner of its role owns it.
    """

    question: str
    answer: str
    role: str | None
    audience: Audience
    approved: dt.date
    owner: str = ""
