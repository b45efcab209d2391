"""A folder of YAML -> a `Library`, or everything that is wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from faqbot.content.files import content_files
from faqbot.content.files__decoding import decode, read_bytes
from faqbot.content.format import FaqFile, PhrasingFile, RoleFile, keys_of
from faqbot.content.git__version import version_of
from faqbot.content.loader__assembling import faqs_of, role_of
from faqbot.content.loader__phrasings import unknown_entries, with_phrasings
from faqbot.content.messages import advise
from faqbot.content.references import check_references
from faqbot.content.yaml_tree import Document, parse
from faqbot.errors import ContentError, Problem
from faqbot.errors__wording import nearest, printable, quoted
from faqbot.model import Faq, Library, Role

_ROLE_LINE: Final = re.compile(rb"^role: *[\"']?([a-z0-9-]+)", re.MULTILINE)
_TOP_KEYS: Final = ("role", "faqs", "phrasings")


@dataclass
class _Reading:
    """What has been read so far."""

    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    unread_roles: set[str] = field(default_factory=set)


def load_library(folder: Path) -> Library:
    """All content below a folder.

    Raises:
        UsageError: The folder is missing, not a folder, unreadable or without content.
        ContentError: Something is wrong in the files; it holds every problem of every file.
    """
    library, problems = check_folder(folder)
    if library is None:
        raise ContentError(problems)
    return library


def check_folder(folder: Path) -> tuple[Library | None, tuple[Problem, ...]]:
    """The content below a folder, or None with every problem of every file.

    Raises:
        UsageError: The folder is missing, not a folder, unreadable or without content.
    """
    reading = _read(folder)
    roles: list[Role] = []
    faqs: list[Faq] = []
    about: list[tuple[Document, FaqFile]] = []
    more: list[tuple[Document, PhrasingFile]] = []
    for document in reading.documents:
        try:
            if "role" in document.value:
                roles.append(role_of(document, RoleFile.model_validate(document.value)))
                continue
            if "phrasings" in document.value:
                more.append((document, PhrasingFile.model_validate(document.value)))
                continue
            file = FaqFile.model_validate(document.value)
            if file.about:
                about.append((document, file))
            else:
                faqs += faqs_of(document, file)
        except ValidationError as error:
            reading.problems += advise(document, error)
    reading.problems += check_references(reading.documents, frozenset(reading.unread_roles))
    roles = [_with_faqs(role, about) for role in roles]
    library = Library(tuple(roles), tuple(faqs), version_of(folder, reading.files))
    if not reading.problems:
        reading.problems += unknown_entries(more, library)
    if reading.problems:
        return None, tuple(_one_a_place(reading.problems))
    return with_phrasings(library, [file for _, file in more]), ()


def _with_faqs(role: Role, files: Iterable[tuple[Document, FaqFile]]) -> Role:
    """The role with the FAQs that files of their own hold about it."""
    own = [
        faq
        for document, file in files
        if file.about == role.id
        for faq in faqs_of(document, file, role)
    ]
    return replace(role, faqs=(*role.faqs, *own)) if own else role


def _read(folder: Path) -> _Reading:
    reading = _Reading()
    for path in content_files(folder):
        shown = printable(os.fsencode(path).decode("utf-8", "replace"))
        raw = read_bytes(path, shown)
        if isinstance(raw, Problem):
            reading.problems.append(raw)
            continue
        reading.files[path.relative_to(folder).as_posix()] = raw
        if not _read_documents(raw, shown, reading):
            reading.unread_roles |= {name.decode() for name in _ROLE_LINE.findall(raw)}
    return reading


def _read_documents(raw: bytes, shown: str, reading: _Reading) -> bool:
    """Add the documents of one file; whether all of it could be read."""
    decoded = decode(raw, shown)
    reading.problems += decoded.problems
    if decoded.text is None:
        return False
    documents, problems = parse(decoded.text, shown)
    reading.problems += problems
    if not documents and not problems:
        reading.problems.append(
            Problem(shown, 1, 1, "is empty; write a role or FAQs, or delete it")
        )
    for document in documents:
        about = _not_content(document)
        if about:
            reading.problems.append(about)
        else:
            reading.documents.append(document)
    return not problems


def _not_content(document: Document) -> Problem | None:
    """Why a document is neither a role nor general FAQs, if so."""
    value = document.value
    if value is None:
        return document.problem((), "is empty; write a role or FAQs, or delete it")
    if not isinstance(value, dict):
        return document.problem((), "needs keys with values; start it with `role:` or `faqs:`")
    if any(key in value for key in _TOP_KEYS):
        return None
    for key in value:
        near = nearest(key, _TOP_KEYS)
        if near:
            message = f"{quoted(key)} is not a key of a file; did you mean `{near}`?"
            return document.problem((key,), message, key=True)
    known = set(keys_of(RoleFile)) & set(value)
    hint = "this looks like a role: add `role:` with its id" if known else ""
    message = f"needs `role:` or `faqs:` as a top key{'; ' + hint if hint else ''}"
    return document.problem((), message)


def _one_a_place(problems: list[Problem]) -> Iterator[Problem]:
    """The problems in reading order; of several at one place the first that was found."""
    places = set()
    kept = []
    for problem in problems:
        place = (problem.path, problem.line, problem.column)
        if place not in places:
            places.add(place)
            kept.append(problem)
    return iter(sorted(kept))
