"""`faqbot import`: content from documents, tables and the O*NET database."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.common import (
    DryRun,
    Force,
    PlainGroup,
    Quiet,
    Verbose,
    add_command,
    printable,
    with_progress,
)
from faqbot.errors import counted

if TYPE_CHECKING:
    from faqbot.importers.documents.importer import ImportedRole
    from faqbot.model import KnowledgeBase

DOCUMENT_EXAMPLE = "Example: faqbot import document analyst.docx engineer.pdf --out knowledge/roles"

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Markdown, HTML, Word, PDF or text.")
]
DocumentOut = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the role files go.")]
_MAX_MISSING_WORDS = 8


def document(
    files: Files,
    *,
    out: DocumentOut = Path("knowledge/roles"),
    dry_run: DryRun = False,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn job descriptions into role files, and report the words that each file keeps.

    Places to review are marked with # check: in each file. Exit code 0 when all were imported, 1
    when one or more were not; the others are.
    """
    from faqbot import app
    from faqbot.content.writer import write_file
    from faqbot.errors import UsageError
    from faqbot.importers.documents.importer import import_documents

    failed = 0
    work = import_documents(files, app.heading_classifier())
    for result in with_progress(work, len(files), "Importing", quiet=quiet):
        try:
            # Reported like a file that can't be written, so that the other files go on.
            if isinstance(result, UsageError):
                raise result
            target = out / f"{result.mapped.role.id}.yaml"
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
        done = f"{len(files) - failed} of {counted(len(files), 'file')} {wrote}."
        typer.echo(f"{done} Next: faqbot check {out.parent}")
    if failed:
        raise typer.Exit(1)


def _report(result: ImportedRole, target: Path, *, verbose: bool) -> None:

    share = result.kept_words / result.source_words if result.source_words else 1.0
    typer.echo(printable(f"{result.path} -> {target}"))
    parts = ", ".join(f"{key} {count}" for key, count in result.mapped.words.items())
    typer.echo(
        f"  {counted(result.source_words, 'word')}, {share:.1%} of them in the file: {parts}"
    )
    if result.missing_words:
        typer.echo(
            printable(f"  not in the file: {', '.join(result.missing_words[:_MAX_MISSING_WORDS])}")
        )
    kinds = Counter[str]()
    for one in result.left_out:
        kinds[one.kind] += len(one.text.split())
    for kind, count in kinds.items():
        typer.echo(f"  left out: {kind}, {counted(count, 'word')}")
    if verbose:
        for one in result.left_out:
            typer.echo(printable(f"    {one.kind}: {' '.join(one.text.split())[:200]}"))
    for check in result.mapped.checks:
        typer.echo(printable(f"  look at: {check}"))


ONET_EXAMPLE = "Example: faqbot import onet db_30_1_text.zip --only 15-1252.00 --only Legal"

Release = Annotated[
    Path, typer.Argument(metavar="ZIP", help="The release as text files, as O*NET publishes it.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="A code (or its beginning), a title, or a family; repeatable."),
]
OnetOut = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the role files go.")]


def onet(
    release: Release,
    *,
    only: Only = None,
    out: OnetOut = Path("knowledge/roles"),
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Turn occupations of O*NET into role files: up to 1,016 roles.

    Each file names the source, as the licence asks. Titles that several occupations share, and
    gaps of the release, are marked. Exit code 0 when all were written, 2 when the file isn't such
    a release, an --only matches nothing, or a file exists already.
    """
    from faqbot.content.writer import write_file
    from faqbot.errors import UsageError
    from faqbot.importers.onet.release import read_release
    from faqbot.importers.onet.roles import build_roles, gaps_summary, select_occupations

    found = read_release(release)
    wanted = select_occupations(found.occupations, only or ())
    work = with_progress(build_roles(found, wanted), len(wanted), "Importing", quiet=quiet)
    written = list(work)
    # All files are checked before the first is written: an import is whole or not at all.
    targets = [out / f"{one.role.id}.yaml" for one in written]
    there = [target for target in targets if target.exists()]
    if there and not force:
        raise UsageError(f"{there[0]} exists already: --force overwrites it. Nothing was written.")
    for one, target in zip(written, targets, strict=True):
        write_file(target, one.text, force=force)
    if quiet:
        return
    shared = len({title.casefold() for one in written for title in one.shared_titles})
    typer.echo(f"{counted(len(written), 'role')} of O*NET {found.number} in {out}.")
    typer.echo(f"Titles that several of them share, left out of the aliases: {shared}.")
    if gaps_summary(written):
        typer.echo(f"The release has gaps: {gaps_summary(written)}; each is marked in its file.")
    typer.echo(f"Next: faqbot check {out.parent}")


TABLE_EXAMPLE = "Example: faqbot import table questions.xlsx --out knowledge --dry-run"

File = Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .xlsx file.")]
TableOut = Annotated[Path, typer.Option("--out", metavar="DIR", help="The content folder.")]


Sheet = Annotated[
    str, typer.Option("--sheet", metavar="NAME", help="The sheet, where several have content.")
]
HeaderRow = Annotated[
    int,
    typer.Option(
        "--header-row",
        metavar="NUMBER",
        min=0,
        show_default=False,
        help="The row that names the columns, where a title stands above it.",
    ),
]


def table(
    file: File,
    *,
    sheet: Sheet = "",
    header_row: HeaderRow = 0,
    out: TableOut = Path("knowledge"),
    dry_run: DryRun = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Turn a table into roles and FAQs.

    The table comes from faqbot export table, or has two columns: question and answer. Rows of QnA
    Maker with one QnaId are one FAQ. Formulas count with their values; links keep their addresses.

    Exit code 0 when it was written (or would be), 1 when its content has problems, 2 when cells are
    wrong or a file exists already.
    """
    from faqbot.content.loader import load_knowledge_base
    from faqbot.content.writer import write_file
    from faqbot.errors import UsageError
    from faqbot.spreadsheet.files import read_file
    from faqbot.spreadsheet.reader import read_table
    from faqbot.spreadsheet.rows import differences

    read = read_table(read_file(file, sheet), file.name, header_row)
    if read.unknown_columns:
        typer.echo(
            f"Unknown columns, which are ignored: {', '.join(read.unknown_columns)}.", err=True
        )
    files = _files(read.knowledge_base, out)
    # Loaded from another folder first: a table with problems must not replace good content.
    with tempfile.TemporaryDirectory() as place:
        for target, text in files.items():
            write_file(Path(place) / target.name, text, force=True)
        load_knowledge_base(Path(place))
    old = _existing(out)
    lines = list(differences(old, read.knowledge_base))
    # A dry run has no other result than these lines.
    if not quiet or dry_run:
        for line in lines:
            typer.echo(line)
    there = [target for target in files if target.exists()]
    if not dry_run:
        if there and not force:
            raise UsageError(
                f"{there[0]} exists already: --force overwrites it. Nothing was written."
            )
        for target, text in files.items():
            write_file(target, text, force=force)
    if not quiet:
        did = "would be written" if dry_run else "written"
        typer.echo(
            f"{counted(len(read.knowledge_base.roles), 'role')} and "
            f"{counted(len(read.knowledge_base.faqs), 'general FAQ')} {did}, "
            f"{counted(len(lines), 'difference')}. Next: faqbot check {out}"
        )


def _existing(out: Path) -> KnowledgeBase:
    from faqbot.content.files import has_content
    from faqbot.content.loader import load_knowledge_base
    from faqbot.model import KnowledgeBase

    return load_knowledge_base(out) if has_content(out) else KnowledgeBase()


def _files(knowledge_base: KnowledgeBase, out: Path) -> dict[Path, str]:
    """Return the text of each file to write."""
    from faqbot.content.writer import faq_file, role_file

    schema = "../schema.json"
    files = {
        out / "roles" / f"{role.id}.yaml": role_file(role, schema=schema)
        for role in knowledge_base.roles
    }
    if knowledge_base.faqs:
        files[out / "faqs" / "faqs.yaml"] = faq_file(knowledge_base.faqs, schema=schema)
    return files


app = typer.Typer(
    name="import",
    cls=PlainGroup,
    help="Import content from documents, tables and the O*NET database.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
add_command(app, document, DOCUMENT_EXAMPLE)
add_command(app, onet, ONET_EXAMPLE)
add_command(app, table, TABLE_EXAMPLE)
