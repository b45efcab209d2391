"""`faqbot export role`: one role as a document or a posting."""

from __future__ import annotations

import datetime as dt
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from faqbot.cli.common__options import Force, Knowledge, Quiet
from faqbot.model import Audience

ROLE_EXAMPLE = "Example: faqbot export role data-analyst --format docx --out analyst.docx"


class Format(StrEnum):
    """What a role can become."""

    MARKDOWN = "markdown"
    DOCX = "docx"
    HTML = "html"
    ADVERT = "advert"
    JOBPOSTING = "jobposting"


Role = Annotated[str, typer.Argument(metavar="ROLE", help="The role's id.")]
Formatted = Annotated[
    Format,
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
RoleReaders = Annotated[Audience, typer.Option("--audience", help="Who shall read it.")]
Organization = Annotated[str, typer.Option(help="JobPosting: who hires.")]
Website = Annotated[str, typer.Option(help="JobPosting: the organization's web address.")]
Locality = Annotated[str, typer.Option(help="JobPosting: the town.")]
Country = Annotated[str, typer.Option(help="JobPosting: the country, such as DE.")]
Remote = Annotated[bool, typer.Option("--remote", help="JobPosting: work from home only.")]
Employment = Annotated[
    str, typer.Option("--employment-type", help="JobPosting: FULL_TIME, PART_TIME ...")
]
Posted = Annotated[str, typer.Option(help="JobPosting: since when, such as 2026-11-24.")]
Until = Annotated[str, typer.Option(help="JobPosting: the last day.")]
Link = Annotated[str, typer.Option(help="JobPosting: the address of the posting.")]


def role(
    role_id: Role,
    *,
    output: Formatted = Format.MARKDOWN,
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
    """Write one role as a document, an advertisement or a posting for search engines.

    Exit code 0 when it was written, 1 when the content has problems, 2 when there is no such role
    or the file is there already.
    """
    from faqbot.cli.common import content_folder, known_role
    from faqbot.content.loader import load_library
    from faqbot.content.writer import write_bytes
    from faqbot.exporters.job_posting import Opening

    library = load_library(content_folder(knowledge))
    found = library.role(known_role(library, role_id))
    assert found is not None  # it is known
    opening = Opening(
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
    content = _written(found, output, audience, opening)
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_bytes(out, content, force=force)
    if out is not None and not quiet:
        typer.echo(f"{out}: {found.title}")


def _written(found: object, output: Format, audience: Audience, opening: object) -> bytes:
    from faqbot.exporters.html import page
    from faqbot.exporters.job_posting import Opening, missing, posting
    from faqbot.exporters.markdown import markdown
    from faqbot.exporters.markdown__advert import advert
    from faqbot.exporters.word import word
    from faqbot.model import Role as ModelRole

    assert isinstance(found, ModelRole)
    assert isinstance(opening, Opening)
    match output:
        case Format.MARKDOWN:
            return markdown(found, audience).encode()
        case Format.DOCX:
            return word(found, audience)
        case Format.HTML:
            return page(found, audience).encode()
        case Format.ADVERT:
            return advert(found).encode()
        case Format.JOBPOSTING:
            made = posting(found, opening)
            lacking = missing(made)
            if lacking:
                options = ", ".join(lacking)
                typer.echo(
                    f"Search engines also ask for what these options give: {options}", err=True
                )
            return (json.dumps(made, indent=2, ensure_ascii=False) + "\n").encode()


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
    from faqbot.exporters.job_posting import EMPLOYMENT_TYPES

    wanted = text.upper().replace("-", "_").replace(" ", "_")
    if wanted and wanted not in EMPLOYMENT_TYPES:
        raise UsageError(f"--employment-type must be one of {', '.join(EMPLOYMENT_TYPES)}.")
    return wanted
