"""The MCP server: tools that answer from the content, the same over HTTP and standard streams."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from faqbot import __version__
from faqbot.errors import FaqbotError, UsageError, did_you_mean, quoted
from faqbot.model import Audience, Surface
from faqbot.replies.reply import Button, Reply
from faqbot.runtime.logs import log_error
from faqbot.slack.blockkit.blocks import shorten
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.blockkit.tool_result import ToolCall, tool_result_blocks
from faqbot.web.answers import MAX_QUESTION, Answers, Caller, WebAnswer
from faqbot.web.contract import CONTRACT, ROLES

Context = ServerRequestContext[Any, Any]

_log = logging.getLogger(__name__)

INSTRUCTIONS: Final = (
    "Answers questions about a company's job roles and hiring from content that its people team "
    "wrote. Answers are exact quotations: pass them on word for word, with their source. When the "
    "outcome is choices, ask which one is meant. When it is decline, say that there is no answer, "
    "and don't guess one."
)
_BUTTON_TEXT: Final = 60
_MAX_LAST_ANSWERS: Final = 30.0
"""How long the answers to the last requests are waited for after standard input has ended, in s."""
_READ_ONLY: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_BLOCK_KIT: Final[dict[str, Any]] = {"slack": {"supportsBlockKit": True}}
_WORDS: Final = {"type": "string", "maxLength": MAX_QUESTION}


@dataclass(frozen=True, slots=True)
class ToolSession:
    """What one request may do.

    Args:
        answers: answer from the content of the caller's workspace.
        caller: who calls.
        refusal: counts a call towards the caller's limit; returns why it is refused, else "".
    """

    answers: Answers
    caller: Caller
    refusal: Callable[[], str] = lambda: ""


SessionOf = Callable[[Context], AbstractAsyncContextManager[ToolSession]]
"""Opens the session of a request, which decides the audience before anything is asked."""


def make_server(session_of: SessionOf) -> Server[Any]:
    """Return the server with the tools ask, list_roles, describe_role and compare."""

    async def list_tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=list(TOOLS))

    async def call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
        try:
            run = _tool_named(params.name)
            arguments = _Arguments(params.name, params.arguments or {})
            async with session_of(context) as session:
                if refused := session.refusal():
                    return _error(refused)
                return await run(session, arguments)
        except FaqbotError as error:
            return _error(str(error))
        except Exception as error:  # noqa: BLE001 - the SDK would tell the caller its message
            reference = log_error(_log, error)
            return _error(f"Something went wrong, reference {reference}.")

    return Server(
        "faqbot",
        version=__version__,
        title="faqbot",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _tool(
    name: str,
    title: str,
    description: str,
    properties: JsonObject,
    output: JsonObject,
    *,
    needed: int = 1,
) -> Tool:
    """Return a tool whose first `needed` arguments are required."""
    return Tool(
        name=name,
        title=title,
        description=description,
        input_schema={
            "type": "object",
            "properties": properties,
            "required": list(properties)[:needed],
            "additionalProperties": False,
        },
        output_schema=output,
        annotations=_READ_ONLY,
        _meta=_BLOCK_KIT,
    )


TOOLS: Final = (
    _tool(
        "ask",
        "Ask about a job role",
        "Answer a question about a job role or about hiring, word for word as the company wrote "
        "it; or offer choices; or say that there is no answer.",
        {
            "question": {**_WORDS, "description": "The question, in the person's own words."},
            "role": {
                **_WORDS,
                "description": "The role that the conversation is about, where the question names "
                "none: an id of list_roles, or a title.",
            },
            "entry": {
                **_WORDS,
                "description": "The id of an entry of earlier choices: answers with that entry.",
            },
        },
        CONTRACT,
    ),
    _tool(
        "list_roles",
        "List the job roles",
        "List all roles that the content describes, with their ids, titles and parts.",
        {},
        ROLES,
        needed=0,
    ),
    _tool(
        "describe_role",
        "Describe a job role",
        "Give the full description of a role, or one part of it, such as “skills of a data "
        "analyst”.",
        {"role": {**_WORDS, "description": "An id of list_roles, or a title."}},
        CONTRACT,
    ),
    _tool(
        "compare",
        "Compare job roles",
        "Put two or three roles side by side: what they share, and how they differ.",
        {
            "roles": {
                "type": "array",
                "items": _WORDS,
                "minItems": 2,
                "maxItems": 3,
                "description": "Ids of list_roles, or titles.",
            },
            "part": {**_WORDS, "description": "Only this part, such as skills."},
        },
        CONTRACT,
    ),
)


class _Arguments:
    """The arguments of a call; what is missing or of another type is advice."""

    def __init__(self, tool: str, given: Mapping[str, object]) -> None:
        self._tool = tool
        self._given = given

    def text(self, name: str, *, needed: bool = False) -> str:
        """Return a text; empty where none is given."""
        value = self._given.get(name)
        if value is None and not needed:
            return ""
        if not isinstance(value, str):
            raise UsageError(f"{self._tool} needs {name} as a text.")
        return self._checked(name, value)

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        value = self._given.get(name)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise UsageError(f"{self._tool} needs {name} as a list of texts.")
        return [self._checked(name, one) for one in value]

    def _checked(self, name: str, text: str) -> str:
        if len(text) > MAX_QUESTION:
            raise UsageError(f"{name} may have {MAX_QUESTION} characters; this has {len(text)}.")
        return text


async def _ask(session: ToolSession, arguments: _Arguments) -> CallToolResult:
    question = arguments.text("question", needed=True)
    entry = arguments.text("entry")
    if entry:
        return _result(session.answers.show(session.caller, entry, question))
    return _result(await session.answers.ask(session.caller, question, arguments.text("role")))


async def _describe(session: ToolSession, arguments: _Arguments) -> CallToolResult:
    role = arguments.text("role", needed=True)
    return _result(await session.answers.describe(session.caller, role))


async def _compare(session: ToolSession, arguments: _Arguments) -> CallToolResult:
    roles, part = arguments.texts("roles"), arguments.text("part")
    return _result(await session.answers.compare(session.caller, roles, part))


async def _list_roles(session: ToolSession, _: _Arguments) -> CallToolResult:
    roles = session.answers.roles()
    lines = [f"{role['title']} ({role['id']})" for role in roles]
    return CallToolResult(
        content=[TextContent(text="\n".join(lines) or "There are no roles yet.")],
        structured_content={"roles": roles},
        _meta=_blocks(session.answers.roles_reply()),
    )


_Run = Callable[[ToolSession, _Arguments], Awaitable[CallToolResult]]
_RUN: Final[Mapping[str, _Run]] = {
    "ask": _ask,
    "list_roles": _list_roles,
    "describe_role": _describe,
    "compare": _compare,
}


def _tool_named(name: str) -> _Run:
    if name not in _RUN:
        raise UsageError(f"There is no tool {quoted(name)}{did_you_mean(name, tuple(_RUN))}")
    return _RUN[name]


def _result(answer: WebAnswer) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(text=answer.text)],
        structured_content=answer.contract(),
        _meta=_blocks(answer.reply),
    )


def _error(advice: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=advice)], is_error=True)


def _blocks(reply: Reply) -> dict[str, Any]:
    return {"slack": {"blocks": tool_result_blocks(reply, _call_of)}}


def _call_of(button: Button, whole: bool) -> ToolCall:  # noqa: FBT001 - as `CallOf` says
    """Return the call that shows what a button leads to."""
    is_role = "/" not in button.entry and not button.entry.startswith("=")
    if whole and is_role:
        return "describe_role", {"role": button.entry}
    return "ask", {"question": shorten(button.label, _BUTTON_TEXT), "entry": button.entry}


def serve_standard_streams(answers: Answers, audience: Audience) -> None:
    """Serve the program that started this process, until it closes standard input."""
    caller = Caller(Surface.MCP, audience)

    @asynccontextmanager
    async def session_of(_: Context) -> AsyncIterator[ToolSession]:
        yield ToolSession(answers, caller)

    async def serve() -> None:
        server = make_server(session_of)
        async with _standard_streams() as (reader, writer):
            await server.run(reader, writer, server.create_initialization_options())

    asyncio.run(serve())


@asynccontextmanager
async def _standard_streams() -> AsyncIterator[
    tuple[
        MemoryObjectReceiveStream[SessionMessage | Exception],
        MemoryObjectSendStream[SessionMessage],
    ]
]:
    """Standard input and output; the input ends for the server once each request has its answer.

    A server whose input ends cancels what it works on, and `faqbot mcp < calls` would lose answers.
    """
    received, reader = anyio.create_memory_object_stream[SessionMessage | Exception]()
    writer, sent = anyio.create_memory_object_stream[SessionMessage]()
    waiting: list[object] = []
    settled = asyncio.Condition()

    async def settle(request: object) -> None:
        async with settled:
            waiting[:] = [one for one in waiting if one != request]
            settled.notify_all()

    async with stdio_server() as (source, target), target, anyio.create_task_group() as tasks:

        async def forward_input() -> None:
            async with received:
                async for item in source:
                    message = None if isinstance(item, Exception) else item.message
                    if isinstance(message, JSONRPCRequest):
                        waiting.append(message.id)
                    await received.send(item)
                    if (
                        isinstance(message, JSONRPCNotification)
                        and message.method == "notifications/cancelled"
                    ):
                        await settle((message.params or {}).get("requestId"))
                with anyio.move_on_after(_MAX_LAST_ANSWERS):
                    async with settled:
                        await settled.wait_for(lambda: not waiting)

        async def forward_output() -> None:
            async with sent:
                async for item in sent:
                    await target.send(item)
                    if isinstance(item.message, JSONRPCResponse | JSONRPCError):
                        await settle(item.message.id)

        tasks.start_soon(forward_input)
        tasks.start_soon(forward_output)
        async with writer:
            yield reader, writer
