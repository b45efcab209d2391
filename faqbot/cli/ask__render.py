"""A reply in a terminal: Markdown with Rich, the very text of the plain reply in a pipe."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType

from faqbot.cli.common__output import printable
from faqbot.replies.reply import Part, Reply, Table, Text, as_text, source_line


def show(console: Console, reply: Reply, *, with_more: bool = False) -> None:
    """Print a reply as the console can show it; `with_more` numbers the ways on too."""
    if console.is_terminal:
        for block in _blocks(reply):
            console.print(block)
    else:
        console.out(printable(as_text(reply)))
    if with_more and reply.more and not (reply.choices or reply.roles):
        labels = [f"{number} {button.label}" for number, button in enumerate(reply.more, start=1)]
        console.out(printable("More: " + ", ".join(labels)), style="dim")


def _blocks(reply: Reply) -> Iterator[RenderableType]:
    from rich import text
    from rich.markdown import Markdown

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


def _markdown(part: Part) -> str:
    blocks: list[str] = []
    for block in part.body:
        if isinstance(block, Text):
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
    """A table in Markdown; what would part its cells is kept from doing so."""
    yield f"| | {' | '.join(table.heads)} |"
    yield f"|---|{'---|' * len(table.heads)}"
    for row in table.rows:
        cells = ("; ".join(cell).replace("|", "\\|").replace("\n", " ") for cell in row.cells)
        yield f"| **{row.title}** | {' | '.join(cells)} |"
