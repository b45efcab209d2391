"""Tables of documents as blocks: labels with values, criteria, layouts, and plain rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from faqbot.importers.documents.blocks import (
    Block,
    Boilerplate,
    Heading,
    Item,
    LabelledText,
    Text,
    is_known_heading,
    is_preferred,
)

_MAX_LABEL_LENGTH: Final = 60
_MAX_LABEL_WORDS: Final = 7
_MAX_POINT_LENGTH: Final = 100
_LABEL_COLUMNS: Final = 2
_REQUIRED: Final = re.compile(r"\b(?:essential|required|must[- ]haves?|mandatory)\b", re.IGNORECASE)
_MARKS: Final = frozenset("x y yes \N{CHECK MARK} \N{HEAVY CHECK MARK} \N{BULLET} 1 *".split())
_MAX_NAME_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; `is_bold` says that it looks like a heading."""

    blocks: tuple[Block, ...]
    is_bold: bool = False

    @property
    def text(self) -> str:
        """Its text on one line."""
        return " ".join(block.text for block in self.blocks)


def table_blocks(rows: Sequence[Sequence[Cell]]) -> Iterator[Block]:
    """Yield the blocks of a table, by what the table is for.

    A table of labels and values gives a labelled text a row, a person specification one for what is
    essential and one for what is desirable; a table that only places its text is read cell by cell.
    """
    filled = [row for row in rows if any(cell.text for cell in row)]
    if not filled:
        return
    columns = _requirement_columns(filled[0])
    if len(filled) > 1 and any(kind is not None for kind in columns):
        yield from _criteria(filled, columns)
    elif _has_labels(filled):
        for row in filled:
            yield from _labelled(row)
    else:
        for row in filled:
            yield from _row(row)


def _row(row: Sequence[Cell]) -> Iterator[Block]:
    cells = [cell for cell in row if cell.text]
    is_layout = len(cells) == 1 or any(len(cell.blocks) > 1 for cell in cells)
    if is_layout:
        for cell in cells:
            yield from cell.blocks
    else:
        yield Item(" | ".join(cell.text for cell in cells))


def _has_labels(rows: Sequence[Sequence[Cell]]) -> bool:
    pairs = [cells for row in rows if len(cells := [one for one in row if one.text]) > 1]
    if not pairs or any(len(cells) > _LABEL_COLUMNS for cells in pairs):
        return False
    labels = [cells[0] for cells in pairs]
    if not all(_may_be_label(cell) for cell in labels):
        return False
    known = sum(is_known_heading(cell.text) for cell in labels)
    marked = all(cell.text.rstrip().endswith(":") for cell in labels) or all(
        label.is_bold and not value.is_bold for label, value in pairs
    )
    return marked or known * 2 >= len(labels)


def _may_be_label(cell: Cell) -> bool:
    text = cell.text.rstrip()
    return (
        len(cell.blocks) == 1
        and len(text) <= _MAX_LABEL_LENGTH
        and len(text.split()) <= _MAX_LABEL_WORDS
        and not text.endswith(".")
    )


def _labelled(row: Sequence[Cell]) -> Iterator[Block]:
    cells = [cell for cell in row if cell.text]
    if len(cells) == 1:
        yield from cells[0].blocks
    else:
        yield LabelledText(cells[0].text.rstrip(": "), as_points(cells[1].blocks))


def as_points(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return the lines of a cell as items, if they are short and not sentences."""
    lines = [block for block in blocks if isinstance(block, Text)]
    if (
        len(lines) > 1
        and len(lines) == len(blocks)
        and all(len(line.text) <= _MAX_POINT_LENGTH for line in lines)
        and not all(line.text.endswith(".") for line in lines)
    ):
        return tuple(Item(line.text) for line in lines)
    return blocks


def _requirement_columns(header: Sequence[Cell]) -> list[bool | None]:
    """Return for each column whether it holds what is preferred (True), required, or neither."""
    found: list[bool | None] = []
    for cell in header:
        short = len(cell.text) <= _MAX_NAME_LENGTH and len(cell.blocks) == 1
        if short and is_preferred(cell.text):
            found.append(True)
        else:
            found.append(False if short and _REQUIRED.search(cell.text) else None)
    # One such word alone is a row's label: a person specification has both columns.
    return found if {True, False} <= set(found) else []


def _criteria(rows: Sequence[Sequence[Cell]], columns: list[bool | None]) -> Iterator[Block]:
    header = rows[0]
    # The grade and the place of each cell say what the names of the columns do.
    yield Boilerplate("names of columns", " ".join(cell.text for cell in header))
    for row in rows[1:]:
        label = row[0].text if columns[0] is None else ""
        if sum(bool(cell.text) for cell in row) == 1 and label:
            yield Heading(label.rstrip(": "), _SUBHEADING_LEVEL)
            continue
        for number, cell in enumerate(row):
            kind = columns[number] if number < len(columns) else None
            name = header[number].text if number < len(header) else ""
            if not cell.text or (number == 0 and kind is None):
                continue
            if kind is None:
                yield LabelledText(name, (Item(f"{label}: {cell.text}" if label else cell.text),))
            elif cell.text.casefold() in _MARKS:
                yield LabelledText(name, (Item(label),), is_preferred=kind)
            else:
                blocks = tuple(
                    Item(block.text) if isinstance(block, Text) else block for block in cell.blocks
                )
                yield LabelledText(label or name, blocks, is_preferred=kind)


_SUBHEADING_LEVEL: Final = 5
