"""`faqbot ask`: one question, or a file of them."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from faqbot.cli.common import (
    Json,
    Knowledge,
    QuestionWords,
    RoleId,
    Who,
    checked_role_id,
    console,
    error_console,
    load_engine,
    print_json,
    printable,
    question_of,
    readable,
    terminal_question,
)
from faqbot.errors import UsageError
from faqbot.model import Audience, Prompt, Question

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from faqbot.engine import Engine
    from faqbot.matching.candidates import Explanation
    from faqbot.replies.reply import Reply, ReplyPart, Table
    from faqbot.replies.result import Result


MIN_LINES_FOR_PROGRESS = 200
"""A batch with more lines shows a progress bar."""


@dataclass(frozen=True, slots=True)
class QuestionAsker:
    """Asks questions.

    Attributes:
        engine: answers them.
        audience: who asks.
        role: the id of the role that they are about, where they name none.
        thread: the conversation that all of them belong to; empty for none.
        prompt: whether they are said to faqbot.
    """

    engine: Engine
    audience: Audience
    role: str | None = None
    thread: str = ""
    prompt: Prompt = Prompt.ADDRESSED

    def result(self, text: str) -> Result:
        """Ask a question and return its result."""
        return self.engine.ask(self._question(text))

    def explanations(self, text: str) -> tuple[Explanation, ...]:
        """Return why the candidates of a question have their confidences."""
        return self.engine.explain(self._question(text))

    def _question(self, text: str) -> Question:
        # The conversation's own role comes first: `role` is the one that it starts with.
        role = self.engine.role_of(self.thread) or self.role
        asked = terminal_question(readable(text), self.audience, role)
        return replace(asked, thread=self.thread, prompt=self.prompt)

    def json(self, text: str) -> dict[str, object]:
        """Ask a question and return the JSON contract, with the question as it was given."""
        return self.result(text).to_dict() | {"question": text}


def answer_file(asker: QuestionAsker, name: str) -> None:
    """Answer each line of a file ("-" for standard input) before the next is read.

    Raises:
        UsageError: The file can't be read.
    """
    with _lines(name) as lines:
        for line in lines:
            # Flushed each time: a program may wait for this answer before it sends the next line.
            print_json(asker.json(decode_line(line)))


def decode_line(line: bytes) -> str:
    """Return the question of a line: a JSON string's value, else the line itself."""
    text = line.removesuffix(b"\n").removesuffix(b"\r").decode(errors="replace")
    if text.lstrip().startswith('"'):
        try:
            value = json.loads(text)
        except ValueError:
            return text
        if isinstance(value, str):
            return value
    return text


@contextmanager
def _lines(name: str) -> Iterator[Iterable[bytes]]:
    if name == "-":
        yield _without_byte_order_mark(sys.stdin.buffer)
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - only what opening raises is advice
    except OSError as error:
        raise UsageError(
            f"Can't read {name}: {error.strerror or error}. "
            "Give --batch a text file with a question on each line, or - for standard input."
        ) from error
    with stream:
        yield _with_progress(stream)


def _without_byte_order_mark(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines, the first without a byte order mark, which some editors write."""
    for number, line in enumerate(stream):
        yield line if number else line.removeprefix(codecs.BOM_UTF8)


def _with_progress(stream: BinaryIO) -> Iterator[bytes]:
    console = error_console()
    # Counting reads the whole file: it is done only where somebody sees the bar.
    total = sum(1 for _ in stream) if stream.seekable() and console.is_terminal else 0
    if total <= MIN_LINES_FOR_PROGRESS:
        if total:
            stream.seek(0)
        yield from _without_byte_order_mark(stream)
        return
    stream.seek(0)
    from rich.progress import track

    yield from track(
        _without_byte_order_mark(stream), "Asking", total=total, console=console, transient=True
    )


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


EXAMPLE = 'Example: faqbot ask "Which skills does a data analyst need?"'

Batch = Annotated[
    str | None,
    typer.Option(
        "--batch",
        metavar="FILE",
        help="Ask each line of a file (- for standard input); prints a line of JSON for each.",
        show_default=False,
    ),
]


Conversation = Annotated[
    bool,
    typer.Option("--conversation", help="Read the lines of --batch as one conversation."),
]

Unprompted = Annotated[
    bool,
    typer.Option(
        "--unprompted",
        help="Ask as if the line stood in a thread and nobody had spoken to faqbot.",
    ),
]

_THREAD = "ask"
"""The key of the conversation of a batch."""


def ask(
    words: QuestionWords = None,
    *,
    role: RoleId = None,
    as_json: Json = False,
    batch: Batch = None,
    conversation: Conversation = False,
    unprompted: Unprompted = False,
    audience: Who = Audience.EMPLOYEES,
    knowledge: Knowledge = None,
) -> None:
    """Answer a question, or every line of a file.

    The questions of a file are independent of each other, unless --conversation reads them as one
    conversation, in which a follow-up keeps the role.

    With --unprompted most lines are answered by silence, as in a Slack thread where people talk to
    each other; --role is the role of the thread.

    A line that is a JSON string is decoded first: a question may hold line breaks.
    """
    text = question_of(words)
    if (text is None) == (batch is None):
        raise UsageError(
            'Give one question, as in `faqbot ask "Which skills does a data analyst need?"`, '
            "or a file of them with --batch FILE."
        )
    if conversation and batch is None:
        raise UsageError("--conversation reads a file of questions: name it by --batch FILE.")

    engine = load_engine(knowledge)
    asker = QuestionAsker(
        engine,
        audience,
        checked_role_id(engine.knowledge_base, role),
        thread=_THREAD if conversation else "",
        prompt=Prompt.UNPROMPTED if unprompted else Prompt.ADDRESSED,
    )
    if batch is not None:
        answer_file(asker, batch)
    elif text is not None:
        _answer(asker, text, as_json=as_json)


def _answer(asker: QuestionAsker, text: str, *, as_json: bool) -> None:

    if as_json:
        print_json(asker.json(text))
    else:
        print_reply(console(), asker.result(text).reply)
