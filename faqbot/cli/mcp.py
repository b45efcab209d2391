"""`faqbot mcp`: the MCP server over standard streams, for a program on this machine."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from faqbot.cli.common import Knowledge, load_engine
from faqbot.errors import needs_extra
from faqbot.model import Audience

EXAMPLE: Final = "Example: faqbot mcp --knowledge knowledge"

ForWhom = Annotated[
    Audience, typer.Option("--audience", help="Who reads the answers; everyone reads least.")
]


def mcp(*, audience: ForWhom = Audience.EVERYONE, knowledge: Knowledge = None) -> None:
    """Answer an AI assistant on this machine by MCP, over standard input and output.

    The assistant starts it: give it this command. Its tools ask a question, list roles, describe
    one and compare several. For Slackbot and other machines, set FAQBOT_MCP for faqbot run.
    """
    with needs_extra("faqbot mcp", "mcp"):
        from faqbot.web.mcp_tools import serve_standard_streams
    from faqbot.web.answers import Answers

    serve_standard_streams(Answers(load_engine(knowledge)), audience)
