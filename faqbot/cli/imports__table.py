"""`faqbot import table`: a spreadsheet becomes roles and FAQs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.common__options import DryRun, Force, Quiet

if TYPE_CHECKING:
    from faqbot.model import Library

TABLE_EXAMPLE = "Example: faqbot import table questions.xlsx --out knowledge --dry-run"

File = Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .xlsx file.")]
TableOut = Annotated[Path, typer.Option("--out", metavar="DIR", help="The content folder.")]


def table(
    file: File,
    *,
    out: TableOut = Path("knowledge"),
    dry_run: DryRun = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Make roles and FAQs of a table.

    It may be one of `faqbot export table`, or your own with two columns: question and answer.

    Exit code 0 when it was written (or would be), 1 when its content has problems, 2 when cells are
    wrong or something is there already.
    """
    from faqbot.content.loader import load_library
    from faqbot.content.writer import write_file
    from faqbot.errors import UsageError
    from faqbot.spreadsheet.files import read_rows
    from faqbot.spreadsheet.rows import differences, read_table

    read = read_table(read_rows(file), file.name)
    if read.unknown:
        typer.echo(f"Columns that mean nothing here: {', '.join(read.unknown)}.", err=True)
    files = _files(read.library, out)
    with tempfile.TemporaryDirectory() as place:
        for target, text in files.items():
            write_file(Path(place) / target.name, text, force=True)
        load_library(Path(place))
    old = _held(out)
    lines = list(differences(old, read.library))
    if not quiet or dry_run:
        for line in lines:
            typer.echo(line)
    there = [target for target in files if target.exists()]
    if not dry_run:
        if there and not force:
            raise UsageError(
                f"{there[0]} is there already: --force writes over it. Nothing is done."
            )
        for target, text in files.items():
            write_file(target, text, force=force)
    if not quiet:
        did = "would be written" if dry_run else "written"
        typer.echo(
            f"{len(read.library.roles)} roles and {len(read.library.faqs)} general FAQs {did}, "
            f"{len(lines)} differences. Next: faqbot check {out}"
        )


def _held(out: Path) -> Library:
    from faqbot.content.loader import load_library
    from faqbot.model import Library

    found = out.is_dir() and any(path.suffix in (".yaml", ".yml") for path in out.rglob("*"))
    return load_library(out) if found else Library()


def _files(library: Library, out: Path) -> dict[Path, str]:
    """Each file with its text; what stands in a file already is written there."""
    from faqbot.content.writer import faq_file, role_file

    schema = "../schema.json"
    files = {
        out / "roles" / f"{role.id}.yaml": role_file(role, schema=schema) for role in library.roles
    }
    if library.faqs:
        files[out / "faqs" / "faqs.yaml"] = faq_file(library.faqs, schema=schema)
    return files
