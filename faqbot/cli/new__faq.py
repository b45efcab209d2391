"""`faqbot new faq`: a question with its answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from faqbot.cli.common__options import Quiet
from faqbot.model import Audience

FAQ_EXAMPLE = 'Example: faqbot new faq "Can I work from home?" --answer "Two days a week."'

Question = Annotated[
    str, typer.Argument(metavar="QUESTION", help="The question, as people ask it.")
]
FaqFolder = Annotated[Path, typer.Option("--dir", metavar="DIR", help="The content folder.")]
Answer = Annotated[str, typer.Option(help="The answer, in Markdown.")]
Phrasings = Annotated[list[str] | None, typer.Option("--phrasing", help="Another way to ask it.")]
About = Annotated[str | None, typer.Option("--about", help="The id of the role it is about.")]
Readers = Annotated[Audience, typer.Option("--audience", help="Who may read it.")]
FaqDefaults = Annotated[
    bool, typer.Option("--yes", "-y", help="Ask nothing, and write it in any case.")
]


def faq(
    question: Question,
    *,
    folder: FaqFolder = Path("knowledge"),
    answer: Answer = "",
    phrasing: Phrasings = None,
    about: About = None,
    audience: Readers = Audience.EVERYONE,
    yes: FaqDefaults = False,
    quiet: Quiet = False,
) -> None:
    """Write a new FAQ into a file of its own below `faqs/`; asks for what the options don't say.

    Warns when the question is answered already. Exit code 0 when it was written, 1 when the content
    has problems, 2 when there is no answer or no such role.
    """
    from faqbot import app
    from faqbot.cli.common import known_role
    from faqbot.cli.common import question as asked
    from faqbot.cli.new__asking import ask, ask_list, wanted
    from faqbot.content.writer import faq_file, write_file
    from faqbot.content.writer__writing import key_for
    from faqbot.errors import UsageError
    from faqbot.model import Answered, Faq, Library

    asks = wanted(yes=yes)
    library = Library()
    if folder.is_dir() and any(folder.rglob("*.y*ml")):
        desk = app.open_desk(folder)
        library = desk.library
        receipt = asyncio.run(desk.ask(asked(question, Audience.EMPLOYEES, about)))
        if isinstance(receipt.outcome, Answered):
            known = ", ".join(entry.id for entry in receipt.outcome.entries)
            typer.echo(f"This is answered already, by {known}: faqbot ask shows how.", err=True)
            if asks and not typer.confirm("Write it all the same?"):
                return
    role = known_role(library, about)
    text = ask("The answer", answer, asks=asks)
    if not text:
        raise UsageError("An FAQ needs an answer: give it by --answer.")
    phrasings = ask_list("Other ways to ask it", phrasing, asks=asks)
    key = key_for(question, role, library)
    made = Faq(role, key, question.strip(), text, phrasings=phrasings, audience=audience)
    target = folder / "faqs" / f"{f'{role}-' if role else ''}{key}.yaml"
    write_file(target, faq_file([made], about=role, schema="../schema.json"))
    if not quiet:
        typer.echo(f"{target} is written. Next: faqbot check {folder}")
