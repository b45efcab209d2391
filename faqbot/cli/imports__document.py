"""`faqbot import document`: job descriptions become role files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.common__options import DryRun, Force, Quiet, Verbose

if TYPE_CHECKING:
    from faqbot.importers.documents.importer import Imported

DOCUMENT_EXAMPLE = "Example: faqbot import document analyst.docx engineer.pdf --out knowledge/roles"

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Markdown, HTML, Word, PDF or text.")
]
DocumentOut = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the role files go.")]
_MOST = 8


def document(
    files: Files,
    *,
    out: DocumentOut = Path("knowledge/roles"),
    dry_run: DryRun = False,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Make role files of job descriptions, and say what became of their words.

    What to look at is marked with `# check:` in each file. Exit code 0 when all were imported, 1
    when one or more were not; the others are.
    """
    from faqbot import app
    from faqbot.cli.common__progress import steps
    from faqbot.content.writer import write_file
    from faqbot.errors import UsageError
    from faqbot.importers.documents.importer import import_documents

    failed = 0
    work = import_documents(files, app.headings())
    for result in steps(work, len(files), "Importing", quiet=quiet):
        try:
            if isinstance(result, UsageError):
                raise result
            target = out / f"{result.placed.role.id}.yaml"
            if not dry_run:
                write_file(target, result.text, force=force)
        except UsageError as error:
            typer.echo(str(error), err=True)
            failed += 1
            continue
        if not quiet:
            _report(result, target, verbose=verbose)
    if not quiet:
        wrote = "would be written" if dry_run else "written"
        done = f"{len(files) - failed} of {len(files)} files {wrote}."
        typer.echo(f"{done} Next: faqbot check {out.parent}")
    if failed:
        raise typer.Exit(1)


def _report(result: Imported, target: Path, *, verbose: bool) -> None:
    from faqbot.cli.common__output import printable

    share = result.arrived / result.source if result.source else 1.0
    typer.echo(printable(f"{result.path} -> {target}"))
    parts = ", ".join(f"{key} {count}" for key, count in result.placed.words.items())
    typer.echo(f"  {result.source} words, {share:.1%} of them in the file: {parts}")
    if result.missing:
        typer.echo(printable(f"  not in the file: {', '.join(result.missing[:_MOST])}"))
    kinds = Counter[str]()
    for one in result.left_out:
        kinds[one.kind] += len(one.text.split())
    for kind, count in kinds.items():
        typer.echo(f"  left out: {kind}, {count} words")
    if verbose:
        for one in result.left_out:
            typer.echo(printable(f"    {one.kind}: {' '.join(one.text.split())[:200]}"))
    for check in result.placed.checks:
        typer.echo(printable(f"  look at: {check}"))
