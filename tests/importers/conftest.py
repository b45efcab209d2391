"""Documents of every format that tests write themselves, and what becomes of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from faqbot import app
from faqbot.content.loader import load_knowledge_base
from faqbot.importers.documents.blocks import HeadingClassifier
from faqbot.importers.documents.importer import ImportedRole, import_documents
from faqbot.model import Role

Import = Callable[[str, str | bytes], ImportedRole]

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMESPACES = (
    f'xmlns:w="{_WORD}" xmlns:r="{_OFFICE}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)
_STYLES = """
<w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Ours"/><w:basedOn w:val="H2"/></w:style>
<w:style w:type="paragraph" w:styleId="Point"><w:name w:val="List Bullet"/></w:style>
<w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
"""


@pytest.fixture(scope="session")
def headings() -> HeadingClassifier:
    return app.heading_classifier()


@pytest.fixture
def import_one(tmp_path: Path, headings: HeadingClassifier) -> Import:
    """Import one document."""

    def do(name: str, content: str | bytes) -> ImportedRole:
        source = tmp_path / name
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        (found,) = import_documents([source], headings)
        assert isinstance(found, ImportedRole), found
        return found

    return do


@pytest.fixture
def imported(tmp_path: Path, import_one: Import) -> Callable[..., Role]:
    """Import one document without a loss, and load what came of it."""

    def do(name: str, content: str | bytes) -> Role:
        found = import_one(name, content)
        assert found.missing_words == ()
        folder = tmp_path / "knowledge"
        folder.mkdir(exist_ok=True)
        (folder / "role.yaml").write_text(found.text, encoding="utf-8")
        (role,) = load_knowledge_base(folder).roles
        assert role.sections == found.mapped.role.sections
        return role

    return do


def items(role: Role, key: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    section = role.section(key)
    assert section is not None, [one.key for one in role.sections]
    return section.items, section.required, section.preferred


def text(role: Role, key: str) -> str:
    section = role.section(key)
    assert section is not None, [one.key for one in role.sections]
    return section.text


def said(role: Role) -> str:
    """All text of a role."""
    sections = [
        " ".join((one.title, one.text, *one.items, *one.required, *one.preferred))
        for one in role.sections
    ]
    return " ".join((*sections, *(f"{faq.question} {faq.answer}" for faq in role.faqs)))


def paragraph(content: str, style: str = "") -> str:
    """The XML of a paragraph; `content` is text or the XML of runs."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    inner = content if content.startswith("<") else run(content)
    return f"<w:p>{properties}{inner}</w:p>"


def run(words: str, properties: str = "") -> str:
    props = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{props}<w:t xml:space="preserve">{words}</w:t></w:r>'


def table(*rows: Sequence[str]) -> str:
    """The XML of a table; a cell is text or the XML of paragraphs."""
    cells = (
        "".join(f"<w:tc>{cell if cell.startswith('<') else paragraph(cell)}</w:tc>" for cell in row)
        for row in rows
    )
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def word_file(*blocks: str, parts: dict[str, str] | None = None, links: str = "") -> bytes:
    """A .docx file with some XML in its body, and in further parts by their names."""
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    files = {
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="a" '
        f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f"<w:document {_NAMESPACES}><w:body>{''.join(blocks)}</w:body>"
        "</w:document>",
        "word/styles.xml": f"<w:styles {_NAMESPACES}>{_STYLES}</w:styles>",
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}">{links}</Relationships>',
    }
    for name, xml in (parts or {}).items():
        kind = name.removesuffix(".xml")
        files[f"word/{name}"] = f"<w:{kind} {_NAMESPACES}>{xml}</w:{kind}>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, xml in files.items():
            archive.writestr(name, xml)
    return buffer.getvalue()


def link(name: str, address: str) -> str:
    """A relationship that a hyperlink names."""
    return (
        f'<Relationship Id="{name}" Type="{_OFFICE}/hyperlink" Target="{address}" '
        'TargetMode="External"/>'
    )


@pytest.fixture
def clerk() -> Callable[..., bytes]:
    """A Word file of a payroll clerk with some blocks below the heading of the skills."""

    def do(*blocks: str, parts: dict[str, str] | None = None, links: str = "") -> bytes:
        return word_file(
            paragraph("Payroll Clerk", "H1"),
            paragraph("Pays everybody on time."),
            paragraph("What you bring", "H2"),
            *blocks,
            parts=parts,
            links=links,
        )

    return do


Shown = tuple[float, float, float, str]
"""Place from the left and from the bottom, size of the font, and text."""


def pdf_of(lines: Sequence[str]) -> bytes:
    """The smallest PDF that shows some lines."""
    shown = "".join(f"({line}) Tj T* " for line in lines)
    return pdf_file(f"BT /F1 12 Tf 14 TL 72 720 Td {shown}ET")


def pdf_pages(*pages: Sequence[Shown]) -> bytes:
    """A PDF with text at places; an asterisk before a text makes it bold."""
    return pdf_file(
        *(
            "".join(
                f"BT /{'F2' if words.startswith('*') else 'F1'} {size} Tf {x} {y} Td "
                f"({words.removeprefix('*')}) Tj ET\n"
                for x, y, size, words in page
            )
            for page in pages
        )
    )


def pdf_file(*streams: str) -> bytes:
    """A PDF with a page for each stream of operators."""
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(streams)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for number, stream in enumerate(streams):
        raw = stream.encode("cp1252")
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {6 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(raw), raw),
        ]
    body = b"%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    cross = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        len(body),
    )
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + cross + tail
