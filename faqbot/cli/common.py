"""Parts that several commands share: options, prompts, replies in the terminal, the engine."""

from __future__ import annotations

import gc
import inspect
import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from faqbot.errors import UsageError
from faqbot.model import Audience, KnowledgeBase, Question

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from faqbot.engine import Engine
    from faqbot.replies.reply import Reply, ReplyPart, Table
    from faqbot.storage.encryption import TokenCipher
    from faqbot.storage.store import Store


class _PlainHelp:
    """Help of a command whose paragraphs wrap once, and whose flags show no type."""

    help: str | None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.help:
            # Typer keeps the line breaks of the source from the second paragraph on.
            paragraphs = inspect.cleandoc(self.help).split("\n\n")
            self.help = "\n\n".join(" ".join(text.split()) for text in paragraphs)

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters of the command."""
        parameters = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
        return parameters


class PlainCommand(_PlainHelp, TyperCommand):
    """A command of faqbot."""


class PlainGroup(_PlainHelp, TyperGroup):
    """A command of faqbot that has commands of its own."""


def add_command(
    app: typer.Typer, function: Callable[..., None], example: str, panel: str | None = None
) -> None:
    """Add a command to an application or a group.

    Args:
        app: gets the command.
        function: runs it; its docstring is the help.
        example: a line below the help.
        panel: the heading that the command is listed under.
    """
    app.command(cls=PlainCommand, epilog=example, rich_help_panel=panel)(function)


_CODE = re.compile(r"`([^`\n]+)`")


def in_quotes(text: str) -> str:
    """Return a message for a terminal, which shows backquotes as they are: in quotes instead."""
    return _CODE.sub(r"“\1”", text)


QuestionWords = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUESTION", help="What to ask.", show_default=False),
]

Knowledge = Annotated[
    str | None,
    typer.Option(
        "--knowledge",
        "-k",
        metavar="DIR",
        envvar="FAQBOT_KNOWLEDGE",
        help="The content folder; without it ./knowledge, else the shipped content.",
        show_default=False,
    ),
]

RoleId = Annotated[
    str | None,
    typer.Option(
        "--role",
        metavar="ID",
        help="The role that the question is about, where it names none.",
        show_default=False,
    ),
]

Who = Annotated[Audience, typer.Option("--audience", help="Who is asking.")]

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def question_of(words: list[str] | None) -> str | None:
    """Join the words of a question that wasn't quoted; None without words."""
    return " ".join(words) if words else None


Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")
]

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only what went wrong.")]

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print more.")]

PIPE_WIDTH = 160
"""Columns of output that isn't a terminal: wide enough that tables don't break ids."""

_UNSAFE_IN_LINES = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL = re.compile(r"[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def console() -> Console:
    """Return the console of standard output, for results."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False, emoji=False)


def error_console() -> Console:
    """Return the console of standard error, for progress and notes."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False, markup=False, soft_wrap=True)


def print_note(line: str) -> None:
    """Print a line that isn't part of the result to standard error."""
    if line:
        error_console().print(line, style="dim")


def json_line(value: Mapping[str, object]) -> str:
    """Return one line of JSON: text unescaped, but for characters that some programs split at."""
    return _UNSAFE_IN_LINES.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def print_json(value: Mapping[str, object]) -> None:
    """Print one object as a line of UTF-8, whatever the locale, and flush it."""
    sys.stdout.flush()
    # Bytes, since the text layer would encode by the locale and translate line ends.
    sys.stdout.buffer.write(json_line(value).encode() + b"\n")
    sys.stdout.buffer.flush()


def readable(text: str) -> str:
    """Replace lone surrogates, which can't be encoded (arguments of other encodings hold them)."""
    return _SURROGATE.sub("\ufffd", text)


def printable(text: str) -> str:
    """Replace control characters, which could change what a terminal shows."""
    return readable(_CONTROL.sub("\ufffd", text))


def load_engine(knowledge: str | None) -> Engine:
    """Load the engine of a content folder; a note on standard error names the shipped content.

    Raises:
        ContentError: The content has problems.
        UsageError: The folder has no content, or the encoder can't be loaded.
    """
    # Modules and an index are many objects and no garbage: looking for it takes a twentieth of
    # the time of a short command.
    gc.disable()
    try:
        from faqbot import app
        from faqbot.settings.sources import configured_cache, configured_encoder

        return app.load_engine(content_folder(knowledge), configured_encoder(), configured_cache())
    finally:
        gc.enable()


def content_folder(knowledge: str | None) -> Path:
    """Return the given content folder, else that of the settings, ./knowledge, or the shipped one.

    Raises:
        SettingsError: `.env` can't be read.
    """
    from faqbot import app
    from faqbot.settings.sources import configured_knowledge

    folder, line = app.knowledge_folder(knowledge or configured_knowledge())
    print_note(line)
    return folder


def terminal_question(text: str, audience: Audience, role: str | None = None) -> Question:
    """Return a question that is asked at this terminal."""
    return Question(text, asker="terminal", audience=audience, role=role)


def checked_role_id(knowledge_base: KnowledgeBase, role_id: str | None) -> str | None:
    """Return the id of a role, or None if none is given.

    Raises:
        UsageError: No role has that id; the message names the most similar one.
    """
    if role_id is None or knowledge_base.role(role_id):
        return role_id
    from rapidfuzz import fuzz, process

    near = process.extract(
        role_id.lower(),
        list(knowledge_base.roles_by_id),
        scorer=fuzz.ratio,
        score_cutoff=60,
        limit=1,
    )
    meant = f" Did you mean {near[0][0]!r}?" if near else ""
    raise UsageError(f"No role has the id {role_id!r}.{meant} faqbot roles lists them all.")


T = TypeVar("T")


def use_store(
    database: str | None, work: Callable[[Store], Awaitable[T]], cipher: TokenCipher | None = None
) -> T:
    """Run some work with the store, and return its result.

    Args:
        database: The database's address; None if storage is off.
        work: Gets the store.
        cipher: Decrypts the tokens of installations.

    Raises:
        UsageError: Storage is off.
        StoreError: The database can't be used.
    """
    # Imported here: a question at the terminal needs no event loop and no database.
    import asyncio

    from faqbot.storage.store import with_store

    return asyncio.run(with_store(database, work, cipher))


def with_progress(work: Iterable[T], count: int, what: str, *, quiet: bool = False) -> Iterator[T]:
    """Yield the work with a progress bar, which only a terminal shows."""
    from rich.console import Console

    if quiet or count < 2 or not sys.stderr.isatty():  # noqa: PLR2004 - one step needs no bar
        yield from work
        return
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=count)
        for one in work:
            progress.advance(task)
            yield one


def print_reply(console: Console, reply: Reply, *, with_more: bool = False) -> None:
    """Print a reply: formatted on a terminal, else as text. `with_more` lists its buttons."""
    from faqbot.replies.reply import as_text

    if console.is_terminal:
        for block in _blocks(reply):
            console.print(block)
    else:
        # `print` would wrap the lines, and take brackets in an answer for markup.
        console.out(printable(as_text(reply)))
    if with_more and reply.more and not (reply.choices or reply.roles):
        labels = [f"{number} {button.label}" for number, button in enumerate(reply.more, start=1)]
        console.out(printable("More: " + ", ".join(labels)), style="dim")


def _blocks(reply: Reply) -> Iterator[RenderableType]:
    from rich import text
    from rich.markdown import Markdown

    from faqbot.replies.reply import source_line

    yield ""
    if reply.header:
        yield text.Text(printable(reply.header), style="bold cyan")
        yield ""
    if reply.lead:
        yield Markdown(printable(reply.lead))
        yield ""
    for part in reply.parts:
        if len(reply.parts) > 1:
            yield text.Text(printable(part.title), style="bold")
        yield Markdown(printable(_markdown(part)))
        yield ""
    for number, button in enumerate((*reply.choices, *reply.roles), start=1):
        yield text.Text(f" {number}. {printable(button.label)}")
    for source in reply.sources:
        yield text.Text(printable(source_line(source)), style="dim")
    if reply.hint:
        yield text.Text(printable(reply.hint), style="italic")


def _markdown(part: ReplyPart) -> str:
    from faqbot.replies.reply import ReplyText, Table

    blocks: list[str] = []
    for block in part.body:
        if isinstance(block, ReplyText):
            blocks.append(block.markdown)
            continue
        if isinstance(block, Table):
            blocks.append("\n".join(_table(block)))
            continue
        if block.heading:
            blocks.append(f"**{block.heading}**")
        blocks.append("\n".join(f"- {item}" for item in block.items))
    return "\n\n".join(blocks)


def _table(table: Table) -> Iterator[str]:
    """Yield the lines of a Markdown table; cells are escaped."""
    yield f"| | {' | '.join(table.heads)} |"
    yield f"|---|{'---|' * len(table.heads)}"
    for row in table.rows:
        cells = ("; ".join(cell).replace("|", "\\|").replace("\n", " ") for cell in row.cells)
        yield f"| **{row.title}** | {' | '.join(cells)} |"


def is_interactive(*, yes: bool) -> bool:
    """Whether to prompt: stdin and stdout are terminals, and --yes isn't given."""
    return not yes and sys.stdin.isatty() and sys.stdout.isatty()


def prompt(what: str, given: str, *, asks: bool) -> str:
    """Return a given text, else prompt for it; Enter leaves it empty."""
    if given or not asks:
        return given.strip()
    return str(typer.prompt(what, default="", show_default=False)).strip()


def prompt_list(what: str, given: Sequence[str] | None, *, asks: bool) -> tuple[str, ...]:
    """Return a given list, else prompt for one, separated by commas."""
    if given or not asks:
        return tuple(filter(None, (text.strip() for text in given or ())))
    said = str(typer.prompt(f"{what}, with commas", default="", show_default=False))
    return tuple(filter(None, (text.strip() for text in said.split(","))))
