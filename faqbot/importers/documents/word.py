"""Read Word documents: all text that Word shows, wherever it stands."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final
from xml.etree.ElementTree import Element

from faqbot.content.archives import Archive, TimeLimit
from faqbot.errors import UsageError
from faqbot.importers.documents.blocks import (
    Block,
    Boilerplate,
    Heading,
    ImportedDocument,
    Item,
    Text,
    tidy,
)
from faqbot.importers.documents.plain_text import recognised_blocks
from faqbot.importers.documents.tables import Cell, table_blocks
from faqbot.importers.documents.word_styles import (
    Style,
    is_bold,
    is_bold_cell,
    is_numbered,
    is_on,
    numbering_depth,
    outline_level,
    read_styles,
)

_MAX_HEADING_LENGTH: Final = 80
_BOLD_HEADING_LEVEL: Final = 4

_PRIVATE_USE: Final = re.compile("[\ue000-\uf8ff]")
_BULLET: Final = "\N{BULLET}"

# Elements without text that Word shows: properties, and what a tracked change has removed.
_HIDDEN: Final = frozenset(
    """del moveFrom delText instrText rt pPr rPr tblPr tblGrid trPr tcPr sectPr sdtPr
    sdtEndPr""".split()
)


def read_word(path: Path, raw: bytes) -> ImportedDocument:
    """Parse a .docx file.

    Raises:
        UsageError: It is beyond a limit, or another kind of archive.
        Exception: It isn't a .docx file; zipfile and expat have no common base class.
    """
    archive = Archive(path, raw, TimeLimit.of(path))
    main = _main_part(path, archive)
    reader = _WordReader(archive, main)
    blocks = tuple(reader.blocks())
    title = next((one.text for one in blocks if isinstance(one, Heading)), "")
    left_out = (*reader.left_out(), *_other_parts(archive, main))
    return ImportedDocument(
        tuple(recognised_blocks(blocks)),
        _raw_text(archive, main),
        tidy(reader.title or title),
        left_out=left_out,
    )


def _main_part(path: Path, archive: Archive) -> str:
    for one in archive.xml("_rels/.rels"):
        target = one.get("Target", "").lstrip("/")
        if one.get("Type", "").endswith("/officeDocument") and target in archive.names:
            if "word" not in target:
                break
            return target
    raise UsageError(f"{path} is no Word document: give a .docx, .pdf, .html, .md or .txt file.")


class _WordReader:
    """Reads the main part of a document, with the parts that it refers to."""

    def __init__(self, archive: Archive, main: str) -> None:
        folder, name = str(PurePosixPath(main).parent), PurePosixPath(main).name
        self._body = archive.xml(main)
        self._styles = read_styles(_optional(archive, f"{folder}/styles.xml"))
        self._links = {
            one.get("Id", ""): one.get("Target", "")
            for one in _optional(archive, f"{folder}/_rels/{name}.rels")
            if one.get("Type", "").endswith("/hyperlink")
        }
        self._notes = {
            (kind, note.get("id", "")): note
            for kind in ("footnote", "endnote")
            for note in _optional(archive, f"{folder}/{kind}s.xml")
            if note.get("type", "normal") == "normal"
        }
        # For each complex field around the text: whether its result has begun.
        self._fields: list[bool] = []
        self._later: list[Element] = []
        self._hidden: list[str] = []
        self._contents: list[str] = []
        self._joined = ""
        self.title = ""

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the document; text boxes with headings come last."""
        yield from self._blocks(self._body)
        for box in self._later:
            yield from self._blocks(box)

    def left_out(self) -> Iterator[Boilerplate]:
        """Yield what Word doesn't print, and what it makes itself."""
        for kind, texts in (
            ("hidden text", self._hidden),
            ("table of contents", self._contents),
            ("deleted by a tracked change", [one.text or "" for one in self._body.iter("delText")]),
            (
                "moved by a tracked change",
                ["".join(_plain(one)) for one in self._body.iter("moveFrom")],
            ),
        ):
            text = tidy(" ".join(texts))
            if text:
                yield Boilerplate(kind, text, is_counted=not kind.endswith("change"))

    def _blocks(self, parent: Element) -> Iterator[Block]:
        for child in parent:
            match child.tag:
                case "p":
                    yield from self._paragraph(child)
                case "tbl":
                    yield from table_blocks(list(self._rows(child)))
                case "AlternateContent":
                    yield from self._blocks(_choice(child))
                case tag if tag not in _HIDDEN:
                    # Content controls, smart tags and tracked insertions stand around blocks.
                    yield from self._blocks(child)
                case _:
                    pass

    def _rows(self, table: Element) -> Iterator[list[Cell]]:
        for row in _within(table, "tr"):
            yield [
                Cell(tuple(self._blocks(cell)), is_bold=is_bold_cell(cell))
                for cell in _within(row, "tc")
            ]

    def _paragraph(self, paragraph: Element) -> Iterator[Block]:
        inline = _Inline()
        self._collect(paragraph, inline)
        # A field whose end is missing must not swallow the paragraphs below.
        self._fields = [one for one in self._fields if one]
        text, self._joined = self._joined + "".join(inline.text), ""
        if paragraph.find("pPr/rPr/del") is not None:
            self._joined = text  # its paragraph mark is deleted: it goes on in the next one
            return
        style = self._style(paragraph)
        if style.name.startswith("toc"):
            self._contents.append(text)
        else:
            yield from self._lines(paragraph, style, text, inline.notes)
        for box in inline.boxes:
            if any(isinstance(block, Heading) for block in self._headings_of(box)):
                self._later.append(box)
            else:
                yield from self._blocks(box)

    def _headings_of(self, box: Element) -> Iterator[Block]:
        for paragraph in box.iter("p"):
            text = "".join(_plain(paragraph))
            if text.strip() and self._is_heading(paragraph, self._style(paragraph), text):
                yield Heading(text, 1)

    def _lines(
        self, paragraph: Element, style: Style, text: str, notes: Iterable[str]
    ) -> Iterator[Block]:
        lines = [line for line in map(tidy, _PRIVATE_USE.sub(_BULLET, text).split("\n")) if line]
        added = " ".join(f"({note})" for note in notes)
        if lines and added and not self._is_heading(paragraph, style, lines[0]):
            lines[-1] = f"{lines[-1]} {added}"
            added = ""
        for number, line in enumerate(lines):
            if number == 0 and self._is_heading(paragraph, style, line):
                if style.name == "title":
                    self.title = self.title or line
                level = _BOLD_HEADING_LEVEL if style.level is None else style.level
                yield Heading(line.rstrip(":"), level)
            elif is_numbered(paragraph, style):
                yield Item(line, numbering_depth(paragraph))
            else:
                yield Text(line)
        if added:
            yield Text(added)

    def _is_heading(self, paragraph: Element, style: Style, text: str) -> bool:
        if style.level is not None:
            return True
        return (
            len(text) <= _MAX_HEADING_LENGTH
            and not text.rstrip().endswith(".")
            and not is_numbered(paragraph, style)
            and is_bold(paragraph, style)
        )

    def _style(self, paragraph: Element) -> Style:
        named = paragraph.find("pPr/pStyle")
        style = self._styles.get(named.get("val", "") if named is not None else "", Style())
        outline = paragraph.find("pPr/outlineLvl")
        if style.level is None and outline is not None:
            return Style(style.name, outline_level(outline), style.is_list, style.is_bold)
        return style

    def _collect(self, parent: Element, inline: _Inline) -> None:
        """Add the text of a paragraph or of a part of it."""
        for child in parent:
            match child.tag:
                case tag if tag in _HIDDEN:
                    pass
                case "r":
                    self._collect_run(child, inline)
                case "fldChar":
                    self._change_field(child, inline)
                case "hyperlink":
                    self._collect_link(child, inline)
                case "AlternateContent":
                    self._collect(_choice(child), inline)
                case "txbxContent":
                    inline.boxes.append(child)
                case "footnoteReference" | "endnoteReference":
                    inline.notes += self._note(child)
                case _ if all(self._fields):
                    inline.text.append(_character(child))
                    self._collect(child, inline)
                case _:
                    self._collect(child, inline)

    def _note(self, reference: Element) -> list[str]:
        kind = reference.tag.removesuffix("Reference")
        note = self._notes.get((kind, reference.get("id", "")))
        return [tidy("".join(_plain(note)))] if note is not None else []

    def _collect_run(self, run: Element, inline: _Inline) -> None:
        vanish = run.find("rPr/vanish")
        if vanish is not None and is_on(vanish):
            self._hidden += [*_plain(run), " "]
        else:
            self._collect(run, inline)

    def _change_field(self, mark: Element, inline: _Inline) -> None:
        match mark.get("fldCharType"):
            case "begin":
                self._fields.append(False)
                choice = _drop_down_choice(mark)
                if choice:
                    inline.text.append(choice)
            case "separate" if self._fields:
                self._fields[-1] = True
            case "end" if self._fields:
                self._fields.pop()
            case _:
                pass

    def _collect_link(self, link: Element, inline: _Inline) -> None:
        shown = _Inline()
        self._collect(link, shown)
        text = "".join(shown.text)
        address = self._links.get(link.get("id", ""), "")
        wanted = address.startswith(("http://", "https://", "mailto:")) and text.strip()
        plain = address.removeprefix("mailto:")
        if wanted and text.strip() not in (address, plain):
            inline.text.append(f"[{text.strip()}]({address})")
            inline.text.append(" " if text.endswith(" ") else "")
        else:
            inline.text.append(text)
        inline.boxes += shown.boxes
        inline.notes += shown.notes


@dataclass(slots=True)
class _Inline:
    """Text of a paragraph, and the text boxes and notes that hang on it."""

    text: list[str] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _optional(archive: Archive, name: str) -> Element:
    return archive.xml(name) if name in archive.names else Element("none")


def _choice(alternatives: Element) -> Element:
    """Return the first form that has text of several of the same content: it is read once."""
    forms = list(alternatives)
    with_text = (form for form in forms if next(form.iter("t"), None) is not None)
    return next(with_text, forms[0] if forms else alternatives)


def _within(parent: Element, tag: str) -> Iterator[Element]:
    """Yield the rows of a table or the cells of a row, through content controls around them."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag not in _HIDDEN and child.tag not in ("p", "tbl"):
            yield from _within(child, tag)


def _plain(parent: Element) -> Iterator[str]:
    for child in parent.iter():
        yield _character(child)
        if child.tag == "p":
            yield " "


def _character(element: Element) -> str:
    match element.tag:
        case "t":
            return element.text or ""
        case "tab" | "ptab":
            return "\t"
        case "br" | "cr":
            return "\n"
        case "noBreakHyphen":
            return "-"
        case "sym":
            return _BULLET if element.get("char") else ""
        case _:
            return ""


def _drop_down_choice(mark: Element) -> str:
    """Return the chosen entry of a form's list, which stands in no run."""
    form = mark.find("ffData/ddList")
    if form is None:
        return ""
    entries = [one.get("val", "") for one in form.findall("listEntry")]
    result = form.find("result")
    number = int(result.get("val", "0")) if result is not None else 0
    return entries[number] if number < len(entries) else ""


_OTHER_PARTS: Final = (
    ("page header", re.compile(r"/header\d*\.xml$")),
    ("page footer", re.compile(r"/footer\d*\.xml$")),
    ("comments", re.compile(r"/comments\.xml$")),
    ("drawings and charts", re.compile(r"/(?:diagrams/data|charts/chart)\d*\.xml$")),
    ("embedded files", re.compile(r"/(?:afchunk|embeddings/)[^/]*$")),
)


def _other_parts(archive: Archive, main: str) -> Iterator[Boilerplate]:
    """Yield the text of parts that aren't read, once where pages repeat it."""
    folder = str(PurePosixPath(main).parent)
    for kind, pattern in _OTHER_PARTS:
        texts = dict[str, None]()
        for name in archive.names:
            if not pattern.search(name) or not name.startswith(folder):
                continue
            texts[tidy("".join(_plain(archive.xml(name)))) if name.endswith(".xml") else name] = (
                None
            )
        text = " ".join(filter(None, texts))
        if text:
            yield Boilerplate(kind, text, is_counted=False)


# The count of words must not come from the way the text is read, or a loss would not show.
_RAW_DROPPED: Final = re.compile(r"<(w:moveFrom|mc:Fallback|w:rt)(?:\s[^>]*)?>.*?</\1>", re.DOTALL)
_RAW_BREAK: Final = re.compile(
    r"</w:p>|<w:txbxContent>|<w:(?:br|cr|tab|ptab|p|noBreakHyphen)\b[^>]*/>"
)
_RAW_TEXT: Final = re.compile(r"<[wm]:t(?:\s[^>]*)?>([^<]*)</[wm]:t>|(\n)")


def _raw_text(archive: Archive, main: str) -> str:
    """Return the text of a document by its XML alone, without structure and styles."""
    folder = str(PurePosixPath(main).parent)
    found = list[str]()
    for name in (main, f"{folder}/footnotes.xml", f"{folder}/endnotes.xml"):
        if name not in archive.names:
            continue
        xml = _RAW_DROPPED.sub(" ", archive.read(name).decode("utf-8", "replace"))
        # Line ends of the file are no text, those of paragraphs separate words.
        xml = _RAW_BREAK.sub("\n", xml.replace("\n", " "))
        found.append("".join(text or end for text, end in _RAW_TEXT.findall(xml)))
    return html.unescape("\n".join(found))
