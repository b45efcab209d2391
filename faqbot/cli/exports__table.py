"""`faqbot export table`: all content as one spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from faqbot.cli.common__options import Force, Knowledge, Quiet

TABLE_EXAMPLE = "Example: faqbot export table content.xlsx"

File = Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .xlsx file.")]


def table(
    file: File, *, force: Force = False, quiet: Quiet = False, knowledge: Knowledge = None
) -> None:
    """Write roles and FAQs into a table that `faqbot import table` reads back without loss.

    Lists have a point a line in their cell. Exit code 0 when it was written, 1 when the content has
    problems, 2 when the file is there already or ends in neither .csv nor .xlsx.
    """
    from faqbot.cli.common import content_folder
    from faqbot.content.loader import load_library
    from faqbot.content.writer import write_bytes
    from faqbot.spreadsheet.files import written_rows
    from faqbot.spreadsheet.rows import rows_of

    rows = list(rows_of(load_library(content_folder(knowledge))))
    write_bytes(file, written_rows(file, rows), force=force)
    if not quiet:
        typer.echo(f"{file}: {len(rows) - 1} rows")
