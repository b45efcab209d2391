"""`faqbot export site`: the library as a website."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from faqbot.cli.common__options import Force, Knowledge, Quiet
from faqbot.model import Audience

SITE_EXAMPLE = "Example: faqbot export site --out public --title 'Jobs at Example'"

SiteOut = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of the site.")]
Title = Annotated[str, typer.Option("--title", help="What the site is called.")]
SiteReaders = Annotated[Audience, typer.Option("--audience", help="Who shall read it.")]


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

    Exit code 0 when it was written, 1 when the content has problems, 2 when the folder holds
    something already.
    """
    from faqbot.cli.common import content_folder
    from faqbot.content.loader import load_library
    from faqbot.content.writer import write_bytes
    from faqbot.errors import UsageError
    from faqbot.exporters import html

    library = load_library(content_folder(knowledge))
    if out.is_dir() and any(out.iterdir()) and not force:
        raise UsageError(f"{out} holds files already: --force writes over them.")
    made = html.site(library, title, audience)
    for name, text in made.files.items():
        write_bytes(out / name, text.encode(), force=True)
    if quiet:
        return
    typer.echo(f"{out / 'index.html'}: {len(library.roles)} roles, {len(made.files)} files")
