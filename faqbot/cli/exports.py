"""`faqbot export`: roles as documents and job postings, all content as a website or a table."""

from __future__ import annotations

import datetime as dt
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from faqbot.cli.common import (
    Force,
    Knowledge,
    PlainGroup,
    Quiet,
    add_command,
    checked_role_id,
    content_folder,
)
from faqbot.errors import counted
from faqbot.model import Audience

ROLE_EXAMPLE = "Example: faqbot export role data-analyst --format docx --out analyst.docx"


class ExportFormat(StrEnum):
    """The formats of an exported role."""

    MARKDOWN = "markdown"
    DOCX = "docx"
    HTML = "html"
    ADVERT = "advert"
    JOBPOSTING = "jobposting"


Role = Annotated[str, typer.Argument(metavar="ROLE", help="The role's id.")]
Formatted = Annotated[
    ExportFormat,
    typer.Option(
        "--format",
        help="The whole role (markdown, docx, html), an advertisement in Markdown, or schema.org's "
        "JobPosting (JSON-LD).",
    ),
]
RoleOut = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="The file; without it standard output."),
]
RoleReaders = Annotated[Audience, typer.Option("--audience", help="The audience of the document.")]
Organization = Annotated[str, typer.Option(help="JobPosting: the organization.")]
Website = Annotated[str, typer.Option(help="JobPosting: the organization's web address.")]
Locality = Annotated[str, typer.Option(help="JobPosting: the town.")]
Country = Annotated[str, typer.Option(help="JobPosting: the country, such as DE.")]
Remote = Annotated[bool, typer.Option("--remote", help="JobPosting: work from home only.")]
Employment = Annotated[
    str, typer.Option("--employment-type", help="JobPosting: FULL_TIME, PART_TIME ...")
]
Posted = Annotated[str, typer.Option(help="JobPosting: the first day, such as 2026-11-24.")]
Until = Annotated[str, typer.Option(help="JobPosting: the last day.")]
Link = Annotated[str, typer.Option(help="JobPosting: the address of the posting.")]


def role(
    role_id: Role,
    *,
    output: Formatted = ExportFormat.MARKDOWN,
    out: RoleOut = None,
    audience: RoleReaders = Audience.EVERYONE,
    organization: Organization = "",
    website: Website = "",
    locality: Locality = "",
    country: Country = "",
    remote: Remote = False,
    employment_type: Employment = "",
    posted: Posted = "",
    until: Until = "",
    link: Link = "",
    force: Force = False,
    quiet: Quiet = False,
    knowledge: Knowledge = None,
) -> None:
    """Write one role as a document, an advertisement or a job posting for search engines.

    A remote job and an address need a country, and the last day is not before the first.

    Exit code 0 when it was written, 1 when the content has problems, 2 when there is no such role,
    options contradict each other, or the file exists already.
    """
    from faqbot.content.loader import load_knowledge_base
    from faqbot.content.writer import write_bytes
    from faqbot.exporters.job_advert import JobOpening

    knowledge_base = load_knowledge_base(content_folder(knowledge))
    found = knowledge_base.role(checked_role_id(knowledge_base, role_id))
    assert found is not None  # `checked_role_id` raises for an unknown id
    opening = JobOpening(
        organization,
        website,
        locality,
        country,
        remote,
        _employment(employment_type),
        _day("--posted", posted),
        _day("--until", until),
        link,
    )
    content = _render(found, output, audience, opening)
    if out is None:
        # Bytes: a .docx file is no text, and the locale's encoding must not change the others.
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_bytes(out, content, force=force)
    if out is not None and not quiet:
        typer.echo(f"{out}: {found.title}")


def _render(found: object, output: ExportFormat, audience: Audience, opening: object) -> bytes:
    from faqbot.exporters.documents import markdown, page, word
    from faqbot.exporters.job_advert import (
        JobOpening,
        advert,
        job_posting,
        json_ld,
        missing_options,
    )
    from faqbot.model import Role as ModelRole

    assert isinstance(found, ModelRole)
    assert isinstance(opening, JobOpening)
    match output:
        case ExportFormat.MARKDOWN:
            return markdown(found, audience).encode()
        case ExportFormat.DOCX:
            return word(found, audience)
        case ExportFormat.HTML:
            return page(found, audience).encode()
        case ExportFormat.ADVERT:
            return advert(found).encode()
        case ExportFormat.JOBPOSTING:
            if opening.remote and opening.locality:
                typer.echo("With --remote a job has no town: --locality isn't written.", err=True)
            made = job_posting(found, opening)
            lacking = missing_options(made)
            if lacking:
                options = ", ".join(lacking)
                typer.echo(
                    f"Search engines also ask for what these options give: {options}", err=True
                )
            return json_ld(made).encode()


def _day(option: str, text: str) -> dt.date | None:
    from faqbot.errors import UsageError

    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} must be a date such as 2026-11-24.") from None


def _employment(text: str) -> str:
    from faqbot.errors import UsageError
    from faqbot.exporters.job_advert import EMPLOYMENT_TYPES

    wanted = text.upper().replace("-", "_").replace(" ", "_")
    if wanted and wanted not in EMPLOYMENT_TYPES:
        raise UsageError(f"--employment-type must be one of {', '.join(EMPLOYMENT_TYPES)}.")
    return wanted


SITE_EXAMPLE = "Example: faqbot export site --out public --title 'Jobs at Example'"

SiteOut = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of the site.")]
Title = Annotated[str, typer.Option("--title", help="What the site is called.")]
SiteReaders = Annotated[Audience, typer.Option("--audience", help="The audience of the document.")]


def site(
    *,
    out: SiteOut,
    title: Title = "Roles",
    audience: SiteReaders = Audience.EVERYONE,
    force: Force = False,
    quiet: Quiet = False,
    knowledge: Knowledge = None,
) -> None:
    """Write all roles and FAQs as a website with search, which any web server or disk can hold.

    Exit code 0 when it was written, 1 when the content has problems, 2 when the folder contains
    files already.
    """
    from faqbot.content.loader import load_knowledge_base
    from faqbot.content.writer import write_bytes
    from faqbot.errors import UsageError
    from faqbot.exporters import documents

    knowledge_base = load_knowledge_base(content_folder(knowledge))
    if out.is_dir() and any(out.iterdir()) and not force:
        raise UsageError(f"{out} contains files already: --force overwrites them.")
    made = documents.site(knowledge_base, title, audience)
    for name, text in made.files.items():
        # By force, since the folder as a whole was checked above.
        write_bytes(out / name, text.encode(), force=True)
    if quiet:
        return
    roles, files = counted(len(knowledge_base.roles), "role"), counted(len(made.files), "file")
    typer.echo(f"{out / 'index.html'}: {roles}, {files}")


TABLE_EXAMPLE = "Example: faqbot export table content.xlsx"

File = Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .xlsx file.")]


def table(
    file: File, *, force: Force = False, quiet: Quiet = False, knowledge: Knowledge = None
) -> None:
    """Write roles and FAQs into a table that faqbot import table reads back without loss.

    Lists have a point a line in their cell. Exit code 0 when it was written, 1 when the content has
    problems, 2 when the file exists already or ends in neither .csv nor .xlsx.
    """
    from faqbot.content.loader import load_knowledge_base
    from faqbot.content.writer import write_bytes
    from faqbot.spreadsheet.files import table_bytes
    from faqbot.spreadsheet.rows import table_rows

    rows = list(table_rows(load_knowledge_base(content_folder(knowledge))))
    write_bytes(file, table_bytes(file, rows), force=force)
    if not quiet:
        typer.echo(f"{file}: {counted(len(rows) - 1, 'row')}")


app = typer.Typer(
    name="export",
    cls=PlainGroup,
    help="Export content: documents, job postings, a website, a table.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
add_command(app, role, ROLE_EXAMPLE)
add_command(app, site, SITE_EXAMPLE)
add_command(app, table, TABLE_EXAMPLE)
