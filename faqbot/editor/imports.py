"""Files that are dropped on the editor: documents and tables become forms to review."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from faqbot.content.writer import faq_file, role_file
from faqbot.content.yaml_values import compose, plain_value
from faqbot.editor.files import ContentDocument, ContentFiles
from faqbot.editor.forms import to_form, written
from faqbot.errors import UsageError
from faqbot.importers.documents.blocks import HeadingClassifier
from faqbot.importers.documents.importer import ImportedRole, import_documents
from faqbot.model import Faq, KnowledgeBase
from faqbot.spreadsheet.files import SheetChoiceError, read_file
from faqbot.spreadsheet.reader import HeaderChoiceError, TableContent, read_table

TABLES: Final = (".csv", ".tsv", ".xls", ".xlsx", ".ods")
"""Suffixes of tables; those that can't be read are refused with what to save them as."""


@dataclass(frozen=True, slots=True)
class Imports:
    """Reads dropped files.

    Args:
        files: the content, which may have a part of what a table says.
        headings: returns the classifier of headings in documents.
    """

    files: ContentFiles
    headings: Callable[[], HeadingClassifier]

    def read(self, name: str, raw: bytes, sheet: str = "", header_row: int = 0) -> dict[str, Any]:
        """Return the forms that a file becomes and the report, or what to ask about it first.

        Args:
            name: the file's name.
            raw: its bytes.
            sheet: which sheet of a table; empty unless somebody chose one.
            header_row: which row of a table names the columns, from 1; 0 unless somebody chose one.

        Raises:
            UsageError: the file can't be read; the message says what to do.
        """
        with tempfile.TemporaryDirectory(prefix="faqbot-import-") as place:
            path = Path(place) / name
            path.write_bytes(raw)
            try:
                if path.suffix.lower() in TABLES:
                    return self._table(path, sheet, header_row)
                return self._document(path)
            except UsageError as error:
                raise UsageError(str(error).replace(f"{place}/", "")) from error

    def _document(self, path: Path) -> dict[str, Any]:
        read = next(iter(import_documents([path], self.headings())))
        if isinstance(read, UsageError):
            raise read
        form = to_form(plain_value(compose(read.text)[0]))
        return {"drafts": [{"kind": "role", "form": form, "report": _report(read)}]}

    def _table(self, path: Path, sheet: str, header_row: int) -> dict[str, Any]:
        try:
            found = read_table(read_file(path, sheet), path.name, header_row)
        except SheetChoiceError as error:
            return {"choose": {"what": "sheet", "options": list(error.sheets)}}
        except HeaderChoiceError as error:
            rows = [" | ".join(filter(None, row))[:200] for row in error.rows]
            return {"choose": {"what": "row", "options": rows, "likely": error.likely}}
        drafts = list(self._drafts(found))
        return {"drafts": drafts, "table": _summary(found, drafts)}

    def _drafts(self, found: TableContent) -> Iterator[dict[str, Any]]:
        """Yield a form for each role and each file of FAQs that a table adds or changes."""
        documents, _ = self.files.documents()
        roles = {one.form["role"]: one for one in documents if "role" in one.form}
        for role in found.knowledge_base.roles:
            form = _form_of(role_file(role))
            yield from _changed(roles.get(role.id), form, "role")
        homes = {
            str(faq.get("id")): one
            for one in documents
            if one.kind == "faqs" and "about" not in one.form
            for faq in one.form["faqs"]
        }
        new = [faq for faq in found.knowledge_base.faqs if faq.key not in homes]
        for home in {one.ref: one for one in homes.values()}.values():
            changed = {
                faq.key: _faq_form(faq)
                for faq in found.knowledge_base.faqs
                if homes.get(faq.key) is home
            }
            faqs = [_with(faq, changed.get(str(faq.get("id")))) for faq in home.form["faqs"]]
            yield from _changed(home, {**home.form, "faqs": faqs}, "faqs")
        if new:
            yield from _changed(None, {"faqs": [_faq_form(faq) for faq in new]}, "faqs")


def _changed(
    document: ContentDocument | None, form: Mapping[str, Any], kind: str
) -> Iterator[dict[str, Any]]:
    """Yield the draft of a form: of something new, or of a document that it changes."""
    if document is None:
        yield {"kind": kind, "form": form}
    elif written(form) != written(document.form):
        base = {"form": document.form, "version": document.version}
        where = {"file": document.ref.file, "number": document.ref.number}
        yield {"kind": kind, "form": form, "base": base, **where}


def _with(faq: Mapping[str, Any], changed: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return an FAQ with what a table says; what the table has no column for stays."""
    return faq if changed is None else {**faq, **changed}


def _form_of(text: str) -> dict[str, Any]:
    return to_form(plain_value(compose(text)[0]))


def _faq_form(faq: Faq) -> Mapping[str, Any]:
    form: Mapping[str, Any] = _form_of(faq_file([faq]))["faqs"][0]
    return form


def _report(read: ImportedRole) -> dict[str, Any]:
    return {
        "words": read.source_words,
        "kept": read.kept_words,
        "missing": list(read.missing_words),
        "leftOut": [{"kind": one.kind, "text": one.text} for one in read.left_out],
        "checks": list(read.mapped.checks),
    }


def _summary(found: TableContent, drafts: list[dict[str, Any]]) -> dict[str, Any]:
    knowledge_base: KnowledgeBase = found.knowledge_base
    return {
        "roles": len(knowledge_base.roles),
        "faqs": len(knowledge_base.faqs),
        "unknown": list(found.unknown_columns),
        "changed": sum("file" in one for one in drafts),
    }
