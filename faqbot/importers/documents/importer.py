"""Documents -> role files, and a report of what became of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from faqbot.content.fields import without_controls
from faqbot.content.writer import role_file
from faqbot.errors import MissingExtraError, UsageError
from faqbot.importers.documents.blocks import Boilerplate, Heading, ImportedDocument, words_of
from faqbot.importers.documents.headings import HeadingClassifier
from faqbot.importers.documents.reader import read_document
from faqbot.importers.documents.role_draft import MappedRole, map_document

_SEPARATORS = re.compile(r"[-_]+")


@dataclass(frozen=True, slots=True)
class ImportedRole:
    """A file and the role that it became.

    `source` and `arrived` count words: those of the document, and those of them that stand in the
    role file.
    """

    path: Path
    mapped: MappedRole
    text: str
    source_words: int
    kept_words: int
    missing_words: tuple[str, ...]
    left_out: tuple[Boilerplate, ...]


def import_documents(
    paths: Iterable[Path], headings: HeadingClassifier
) -> Iterator[ImportedRole | UsageError]:
    """Each file as a role, or why it can't be one; roles of one name are told apart by a number."""
    taken: set[str] = set()
    titles: set[str] = set()
    for path in paths:
        try:
            document = _without_controls(read_document(path))
        except MissingExtraError:
            raise  # one message for all files instead of the same one for each
        except UsageError as error:
            yield error
            continue
        title, guessed = _find_title(path, document)
        placed = map_document(document, _unique_title(title, titles), headings)
        titles.add(placed.role.title.casefold())
        if guessed:
            placed.notes.setdefault("title", []).append("check: the title is from the file's name")
        if placed.role.id in taken:
            number = 2
            while f"{placed.role.id}-{number}" in taken:
                number += 1
            placed = _with_id(placed, f"{placed.role.id}-{number}")
        taken.add(placed.role.id)
        yield _imported_role(path, document, placed)


def _imported_role(path: Path, document: ImportedDocument, placed: MappedRole) -> ImportedRole:
    heading = [f"Made from {path.name}. What to look at is marked with “check:”."]
    text = role_file(placed.role, schema="../schema.json", heading=heading, notes=placed.notes)
    source = Counter(word for block in document.blocks for word in words_of(block.text))
    missing = source - Counter(words_of(text))
    count = sum(source.values())
    return ImportedRole(
        path=path,
        mapped=placed,
        text=text,
        source_words=count,
        kept_words=count - sum(missing.values()),
        missing_words=tuple(sorted(missing)),
        left_out=document.left_out,
    )


def _find_title(path: Path, document: ImportedDocument) -> tuple[str, bool]:
    """The title of a document, and whether it had to be guessed from the file's name."""
    if document.title:
        return document.title, False
    first = document.blocks[0]
    if isinstance(first, Heading):
        return first.text, False
    words = _SEPARATORS.sub(" ", path.stem).strip() or "Role"
    return words[:1].upper() + words[1:], True


def _unique_title(title: str, titles: set[str]) -> str:
    number, unique = 1, title
    while unique.casefold() in titles:
        number += 1
        unique = f"{title} ({number})"
    return unique


def _with_id(placed: MappedRole, role_id: str) -> MappedRole:
    role = placed.role
    sections = tuple(replace(section, role=role_id) for section in role.sections)
    faqs = tuple(replace(faq, role=role_id) for faq in role.faqs)
    return replace(placed, role=replace(role, id=role_id, sections=sections, faqs=faqs))


def _without_controls(document: ImportedDocument) -> ImportedDocument:
    """The document without characters that content can't hold."""
    blocks = tuple(replace(block, text=without_controls(block.text)) for block in document.blocks)
    return replace(document, blocks=blocks, title=without_controls(document.title).strip())
