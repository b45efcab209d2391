"""`faqbot ask` and `faqbot chat`: one question, a file of them, or a conversation."""

from __future__ import annotations

import codecs
import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
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
    print_reply,
    question_of,
    readable,
    terminal_question,
)
from faqbot.errors import UsageError
from faqbot.model import Audience, Prompt, Question

if TYPE_CHECKING:
    from faqbot.engine import Engine
    from faqbot.matching.candidates import Explanation
    from faqbot.replies.reply import Button, Reply
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


@contextlib.contextmanager
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


AsConversation = Annotated[
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
    conversation: AsConversation = False,
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
            'Give one question, as in: faqbot ask "Which skills does a data analyst need?", '
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


HELP = (
    "Ask about a role, or pick a choice by its number. "
    "/role NAME shows a role, /roles all of them, /new forgets the role, /quit ends."
)


class Conversation:
    """A conversation: keeps the thread and the numbered choices of the last reply.

    Args:
        engine: Answers the questions.
        audience: The audience of the person who asks.
    """

    def __init__(self, engine: Engine, audience: Audience) -> None:
        self._engine = engine
        self._audience = audience
        self._count = 1
        self._offered: tuple[Button, ...] = ()
        self._more = False

    @property
    def _thread(self) -> str:
        return f"chat-{self._count}"

    def answer(self, line: str) -> Reply:
        """Return the reply to a line: a command, the number of a choice, or a question."""
        text = readable(line).strip()
        if text.startswith("/"):
            return self._command(text)
        if text.isdecimal() and self._offered:
            return self._pick(int(text))
        return self._offer(self._engine.ask(self._question(text)).reply)

    def _question(self, text: str) -> Question:
        return replace(terminal_question(text, self._audience), thread=self._thread)

    def _command(self, text: str) -> Reply:
        from faqbot.replies.reply import Reply

        name, _, rest = text.partition(" ")
        match name.lower():
            case "/role" if rest.strip():
                return self._offer(self._engine.describe(self._question(rest.strip())).reply)
            case "/role":
                return self._about()
            case "/roles":
                return self._roles()
            case "/new":
                # The engine keeps the role of a thread, so another thread starts without one.
                self._count += 1
                self._offered = ()
                return Reply(lead="A new conversation: which role is it about?")
            case "/help":
                return Reply(lead=HELP)
            case _:
                return Reply(lead=f"There is no command {name}.", hint=HELP)

    def _about(self) -> Reply:
        from faqbot.replies.reply import Reply

        role = self._engine.knowledge_base.role(self._engine.role_of(self._thread))
        if role is None:
            return Reply(lead="We aren't talking about a role yet. Try /role NAME, or /roles.")
        return Reply(lead=f"We are talking about **{role.title}**.")

    def _roles(self) -> Reply:
        from faqbot.replies.reply import Button, Reply

        roles = tuple(Button(role.title, role.id) for role in self._engine.knowledge_base.roles)
        return self._offer(Reply(header="Roles", roles=roles))

    def _pick(self, number: int) -> Reply:
        from faqbot.replies.reply import Reply

        if not 1 <= number <= len(self._offered):
            return Reply(lead=f"Pick a number from 1 to {len(self._offered)}, or ask something.")
        picked = self._offered[number - 1]
        # The button below an answer promises the full description of a role; a choice doesn't.
        full = self._more and self._engine.knowledge_base.role(picked.entry) is not None
        result = self._engine.show(picked.entry, self._question(picked.label))
        return self._offer(result.full_reply() if full else result.reply)

    def _offer(self, reply: Reply) -> Reply:
        choices = (*reply.choices, *reply.roles)
        self._more = not choices
        self._offered = choices or reply.more
        return reply


CHAT_EXAMPLE = "Example: faqbot chat --audience candidates"
PROMPT = "you> "


def chat(*, audience: Who = Audience.EMPLOYEES, knowledge: Knowledge = None) -> None:
    """Talk to faqbot: it remembers the role, and choices are picked by their number.

    Within the conversation: /role, /roles, /new, /help, /quit.
    """
    engine = load_engine(knowledge)
    terminal = console()
    # Somebody who pipes questions in wants their answers only.
    if sys.stdin.isatty():
        terminal.print(HELP, markup=False)
    conversation = Conversation(engine, audience)
    while (line := _line()) is not None:
        if line.strip().lower() in ("/quit", "/exit"):
            return
        if not line.strip():
            continue
        print_reply(terminal, conversation.answer(line), with_more=True)
        typer.echo()


def _line() -> str | None:
    """Read a line; None at the end of the input."""
    if not sys.stdin.isatty():
        # Bytes: a piped file needn't be in the locale's encoding, and one bad byte may not end it.
        line = sys.stdin.buffer.readline()
        return line.decode(errors="replace").rstrip("\r\n") if line else None
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - its import gives the prompt a history
    try:
        return input(PROMPT)
    except EOFError:
        typer.echo()
        return None
