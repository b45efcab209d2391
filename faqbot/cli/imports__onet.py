"""`faqbot import onet`: the O*NET database as a library of roles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from faqbot.cli.common__options import Force, Quiet

ONET_EXAMPLE = "Example: faqbot import onet db_30_1_text.zip --only 15-1252.00 --only Legal"

Release = Annotated[
    Path, typer.Argument(metavar="ZIP", help="The release as text files, as O*NET publishes it.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="A code (or how it begins), a title, or a family; repeat it."),
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
    """Make a library of the occupations of O*NET: up to 1,016 roles.

    Each file names the source as its licence asks; titles that several occupations share, and what
    the release doesn't say, are marked. Exit code 0 when all were written, 2 when the file isn't
    such a release, a wish fits nothing, or a file is there already.
    """
    from faqbot.cli.common__progress import steps
    from faqbot.content.writer import write_file
    from faqbot.errors import UsageError
    from faqbot.importers.onet.occupations import read_release
    from faqbot.importers.onet.roles import roles_of, told
    from faqbot.importers.onet.roles__choosing import chosen

    found = read_release(release)
    wanted = chosen(found.occupations, only or ())
    work = steps(roles_of(found, wanted), len(wanted), "Importing", quiet=quiet)
    written = list(work)
    targets = [out / f"{one.role.id}.yaml" for one in written]
    there = [target for target in targets if target.exists()]
    if there and not force:
        raise UsageError(
            f"{there[0]} is there already: --force writes over it. Nothing is written."
        )
    for one, target in zip(written, targets, strict=True):
        write_file(target, one.text, force=force)
    if quiet:
        return
    shared = len({title.casefold() for one in written for title in one.shared})
    typer.echo(f"{len(written)} roles of O*NET {found.number} in {out}.")
    typer.echo(f"Titles that several of them share, left out of the aliases: {shared}.")
    if told(written):
        typer.echo(f"The release has gaps: {told(written)}; each is marked in its file.")
    typer.echo(f"Next: faqbot check {out.parent}")
