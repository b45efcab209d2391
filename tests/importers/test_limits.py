"""Files that take more memory or time than a document can need are refused with advice."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from faqbot.content import archives
from faqbot.content.archives import Archive, TimeLimit
from faqbot.errors import UsageError
from faqbot.importers.documents import pdf
from faqbot.importers.documents.blocks import HeadingClassifier
from faqbot.importers.documents.importer import import_documents
from faqbot.importers.documents.plain_text import MAX_LINES
from faqbot.spreadsheet.files import read_file
from tests.importers.conftest import paragraph, pdf_pages, word_file

Refused = Callable[[str, bytes], str]


@pytest.fixture
def refused(tmp_path: Path, headings: HeadingClassifier) -> Refused:
    """Return the advice that a document is refused with, one line."""

    def do(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        (found,) = import_documents([tmp_path / name], headings)
        assert isinstance(found, UsageError), found
        assert "\n" not in str(found)
        return str(found)

    return do


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return buffer.getvalue()


def with_member(raw: bytes, name: str, content: bytes) -> bytes:
    """A Word file with another member, or one in place of its own."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    return zipped(files | {name: content})


def test_archive_that_unpacks_to_many_times_its_size_is_refused(refused: Refused) -> None:
    padding = with_member(word_file(paragraph("Clerk")), "word/media/a.bin", b"0" * 2_000_000)
    assert len(padding) < 10_000
    assert "unpacks to over 200 times its size" in refused("a.docx", padding)


@pytest.mark.parametrize("tag", ["<div>", "<ul><li>x", "<p>"])
def test_page_of_too_many_elements_within_each_other_is_refused(refused: Refused, tag: str) -> None:
    page = f"<h1>Clerk</h1>{tag * 900}"
    assert "more than 300 elements within each other: copy" in refused("a.html", page.encode())


def test_archive_with_too_much_in_all_is_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 2_000)
    large = with_member(word_file(paragraph("Clerk")), "word/media/a.bin", b"01" * 2_000)
    assert "unpacks to" in refused("a.docx", large)


def test_archive_with_too_many_files_is_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    assert "contains 4 files, more than 3" in refused("a.docx", word_file(paragraph("Clerk")))


def test_size_that_the_directory_hides_is_found_while_unpacking(tmp_path: Path) -> None:
    raw = zipped({"a.xml": b"<a>" + b"0" * 5_000 + b"</a>"})
    archive = Archive(tmp_path / "a.docx", raw, TimeLimit.of(tmp_path / "a.docx"))
    with pytest.raises(UsageError, match=r"contains a\.xml with more than"):
        archive.read("a.xml", 1_000)


def test_xml_within_xml_without_end_is_refused(refused: Refused) -> None:
    depth = archives.MAX_XML_DEPTH + 10
    deep = "<w:sdt><w:sdtContent>" * depth + paragraph("x") + "</w:sdtContent></w:sdt>" * depth
    assert "more than 200 parts within each other" in refused("a.docx", word_file(deep))


def test_xml_of_too_many_elements_is_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_XML_ELEMENTS", 1_000)
    many = word_file(paragraph("Clerk", "H1"), "<w:p/>" * 1_000)
    assert "has more than 1,000 parts: split it" in refused("a.docx", many)


def test_entities_are_refused_before_they_grow(refused: Refused) -> None:
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        b"<document><body><p><r><t>&b;</t></r></p></body></document>"
    )
    content = with_member(word_file(paragraph("Clerk")), "word/document.xml", bomb)
    assert "contains a DTD" in refused("a.docx", content)


def test_workbook_with_a_dtd_is_refused(tmp_path: Path) -> None:
    import openpyxl

    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    part = b"<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet/>"
    path = tmp_path / "a.xlsx"
    path.write_bytes(with_member(buffer.getvalue(), "xl/worksheets/sheet1.xml", part))
    with pytest.raises(UsageError, match="contains a DTD"):
        read_file(path)


def test_file_that_takes_too_long_is_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = staticmethod(lambda path: TimeLimit(path, 20.0, 0.0))
    monkeypatch.setattr(TimeLimit, "of", over)
    page = [(50.0, 800.0, 12.0, "Clerk")]
    assert "takes more than 20 seconds to read" in refused("a.pdf", pdf_pages(page))
    many = word_file(paragraph("Clerk", "H1"), "<w:p/>" * 5_000)
    assert "takes more than 20 seconds to read" in refused("a.docx", many)


def test_pdf_of_too_many_pages_is_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "MAX_PAGES", 2)
    page = [(50.0, 800.0, 12.0, "Clerk")]
    assert "has 3 pages, more than 2" in refused("a.pdf", pdf_pages(page, page, page))


def test_workbook_given_as_a_document_is_named_as_such(refused: Refused) -> None:
    import openpyxl

    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    assert "is no Word document" in refused("a.docx", buffer.getvalue())


def test_pdf_with_a_password_or_without_text_is_refused_with_what_to_do(refused: Refused) -> None:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf_pages([(50.0, 800.0, 12.0, "Clerk")])))
    writer.encrypt("secret", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    assert "protected by a password: save it without one" in refused("a.pdf", buffer.getvalue())
    assert "only pictures of pages: run text recognition" in refused("b.pdf", pdf_pages([]))


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.docx"])
def test_document_of_too_many_lines_is_refused(refused: Refused, name: str) -> None:
    times = MAX_LINES + 1
    content = {
        "a.txt": b"Line\n" * times,
        "a.md": b"Line\n\n" * times,
        "a.html": b"<p>Line</p>" * times,
        "a.docx": word_file(paragraph("Line") * times),
    }
    assert "has more than 10,000 lines: split it" in refused(name, content[name])
