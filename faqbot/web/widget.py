"""The widget for careers pages: its script, answers for candidates, and questions for a person.

It gets Markdown as nodes: plain values from which a page builds elements, without HTML.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from faqbot.model import Audience, Surface
from faqbot.replies.reply import ALL_ROLES
from faqbot.runtime.rate_limit import HOUR, TokenBuckets
from faqbot.slack.listeners.handoff import HandoffRequest, HandoffService
from faqbot.storage.models import MAIL, QuestionRecord, StoreError
from faqbot.web.answers import Caller, WebAnswer
from faqbot.web.contract import JsonObject, reply_to_dict
from faqbot.web.json_endpoint import (
    Handler,
    JsonEndpoint,
    JsonTexts,
    ProblemError,
    cross_origin,
    too_many,
)
from faqbot.web.limits import WebLimits, address_of
from faqbot.web.served import PublicContent, ServedWorkspace

Node = str | dict[str, Any]
"""A text, or an element: `tag`, its `nodes`, and `href` for a link."""

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
_LINKS: Final = ("http://", "https://", "mailto:")
_TAGS: Final = {
    "paragraph": "p",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    # A heading of an answer isn't one of the page that shows it.
    "heading": "p",
    "strong": "strong",
    "em": "em",
    "s": "s",
    "hardbreak": "br",
}
_CODE: Final = {"code_inline": "code", "fence": "pre", "code_block": "pre"}


def nodes(markdown: str) -> list[Node]:
    """Return the nodes of a Markdown text; of a single paragraph what is in it."""
    found = list(_children(SyntaxTreeNode(_MARKDOWN.parse(markdown))))
    if len(found) == 1 and isinstance(found[0], dict) and found[0]["tag"] == "p":
        inner: list[Node] = found[0]["nodes"]
        return inner
    return found


def _children(node: SyntaxTreeNode) -> Iterator[Node]:
    for child in node.children:
        yield from _nodes(child)


def _nodes(node: SyntaxTreeNode) -> Iterator[Node]:
    tag = _TAGS.get(node.type)
    if node.type in _CODE:
        yield {"tag": _CODE[node.type], "nodes": [node.content.rstrip("\n")]}
    elif node.type == "softbreak":
        yield " "
    elif node.type == "link":
        yield from _link(node)
    elif tag and not (tag == "p" and node.hidden):  # hidden in the items of a tight list
        yield {"tag": tag, "nodes": list(_children(node))}
    elif node.children and node.type != "image":
        yield from _children(node)
    elif node.content:
        yield node.content


def _link(node: SyntaxTreeNode) -> Iterator[Node]:
    address, inner = str(node.attrs.get("href", "")), list(_children(node))
    if address.lower().startswith(_LINKS):
        yield {"tag": "a", "href": address, "nodes": inner}
    else:
        yield from inner


DEMO_PATH: Final = "/widget/"
SCRIPT_PATH: Final = "/widget/faqbot-ask.js"
ASK_PATH: Final = "/widget/ask"
PERSON_PATH: Final = "/widget/person"
MAX_WORDS: Final = 1_000
"""Characters of a question for a person."""

HANDOFFS_OF_ADDRESS: Final = 3
HANDOFFS_OF_ALL: Final = 30
"""Questions for a person that are passed on in an hour: of one address, and of all together."""

SCRIPT_LIFETIME: Final = 3_600
_ASK_KEYS: Final = ("question", "role", "entry")
_PERSON_KEYS: Final = ("mail", "question", "asked", "website")
_MAIL: Final = re.compile(r"[A-Za-z0-9.!#$%'*+/=?^_`{}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_MAX_MAIL: Final = 254
_CANDIDATE: Final = Caller(Surface.WIDGET, Audience.CANDIDATES)
_PASSED_ON: Final = "Your question is with a person now. They will answer you by mail."
_NOT_NOW: Final = "Nobody can take your question now. Please try again later."
_log = logging.getLogger(__name__)


@cache
def static(name: str) -> bytes:
    """Return a file of the widget, such as its script."""
    return resources.files("faqbot.web").joinpath("static", name).read_bytes()


def demo_routes() -> list[BaseRoute]:
    """Return the routes of a page that shows the widget, for the local workspace."""
    return [
        _file(DEMO_PATH, "demo.html", "text/html"),
        _file(f"{DEMO_PATH}demo.css", "demo.css", "text/css"),
    ]


def _file(path: str, name: str, kind: str) -> BaseRoute:
    async def file(_: Request) -> Response:
        return Response(static(name), media_type=kind)

    return Route(path, file, methods=["GET"])


class HandoffLimits:
    """Limits of questions for a person, so that nobody floods the owners' channel."""

    def __init__(self) -> None:
        self._of_address = TokenBuckets(HANDOFFS_OF_ADDRESS, period=HOUR)
        self._of_all = TokenBuckets(HANDOFFS_OF_ALL, period=HOUR)

    def take(self, address: str) -> bool:
        """Count a question. Returns False above a limit."""
        return self._of_address.take(address) and self._of_all.take()


@dataclass(frozen=True, slots=True)
class Widget:
    """Answers the widget on web pages, whose visitors are candidates.

    Args:
        content: answers.
        origins: the origins of pages that may show the widget.
        limits: of visitors.
        handoffs: limits of questions for a person; None: nobody is asked.
    """

    content: PublicContent
    origins: Sequence[str]
    limits: WebLimits
    handoffs: HandoffLimits | None = None

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(SCRIPT_PATH, GZipMiddleware(self._endpoint("GET", self._script))),
            Route(ASK_PATH, cross_origin(self._endpoint("POST", self._ask), self.origins)),
            Route(PERSON_PATH, cross_origin(self._endpoint("POST", self._person), self.origins)),
        ]

    def _endpoint(self, method: str, handler: Handler) -> JsonEndpoint:
        count = partial(self.content.services.metrics.web_request, Surface.WIDGET.value)
        return JsonEndpoint({method: handler}, count)

    async def _script(self, _: Request) -> Response:
        headers = {
            "Cache-Control": f"public, max-age={SCRIPT_LIFETIME}",
            # Pages of other sites load it; it is the same for everybody.
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Access-Control-Allow-Origin": "*",
        }
        return Response(static("faqbot-ask.js"), headers=headers, media_type="text/javascript")

    async def _ask(self, request: Request) -> Response:
        self._admit(request)
        texts = await JsonTexts.of(request, _ASK_KEYS)
        entry, role = texts.text("entry"), texts.text("role")
        question = texts.text("question", needed=not entry)
        if self.limits.refusal(Surface.WIDGET.value, address_of(request.scope)):
            raise too_many()
        answers = self.content.answers
        if entry == ALL_ROLES:
            reply = reply_to_dict(answers.roles_reply(), nodes, "nodes")
            return JSONResponse({"outcome": "choices", "reply": reply})
        if entry and self._is_role(entry):
            return JSONResponse(self._answered(await answers.describe(_CANDIDATE, entry)))
        if entry:
            return JSONResponse(self._answered(answers.show(_CANDIDATE, entry, question)))
        known = self.content.engine.knowledge_base.role(role)
        answer = await answers.ask(_CANDIDATE, question, known.id if known else "")
        return JSONResponse(self._answered(answer))

    def _is_role(self, entry: str) -> bool:
        return self.content.engine.knowledge_base.role(entry) is not None

    def _answered(self, answer: WebAnswer) -> JsonObject:
        """Return what the widget shows of an answer."""
        return {
            "outcome": answer.result.kind,
            "role": answer.result.role,
            "reply": reply_to_dict(answer.reply, nodes, "nodes"),
            "person": self._workspace() is not None,
            "asked": answer.question_id,
        }

    async def _person(self, request: Request) -> Response:
        self._admit(request)
        workspace = self._workspace()
        if workspace is None or self.handoffs is None:
            raise ProblemError(404, "Questions aren't passed on from here.")
        texts = await JsonTexts.of(request, _PERSON_KEYS)
        mail = texts.text("mail", needed=True, most=_MAX_MAIL).strip()
        question = texts.text("question", needed=True, most=MAX_WORDS).strip()
        if not _MAIL.fullmatch(mail):
            raise ProblemError(422, "Please write your mail address, such as anna@example.com.")
        if not question:
            raise ProblemError(422, "Please write your question.")
        # A field that people don't see: who fills it in is a program, and learns nothing.
        if texts.text("website"):
            return JSONResponse({"message": _PASSED_ON}, 202)
        if not self.handoffs.take(address_of(request.scope)):
            raise ProblemError(
                429,
                "Too many questions were passed on in the last hour: please try again later.",
                {"Retry-After": "3600"},
            )
        record = await self._record(workspace, texts.text("asked"), question)
        asked = HandoffRequest(record, f"{MAIL}{mail}", question, "", "")
        handoff = await HandoffService(workspace.context).open(workspace.client, asked)
        if handoff is None:
            raise ProblemError(503, _NOT_NOW)
        return JSONResponse({"message": _PASSED_ON}, 202)

    async def _record(
        self, workspace: ServedWorkspace, question_id: str, question: str
    ) -> QuestionRecord:
        """Return the question in the log that was asked before, else this one, asked now.

        Raises:
            ProblemError: the database is down.
        """
        try:
            async with workspace.context.services.store() as store:
                known = await store.questions.get(workspace.team, question_id)
            # An id that somebody saw elsewhere leads to no question of other people.
            if known is not None and known.surface == Surface.WIDGET.value:
                return known
            logged = (await self.content.answers.ask(_CANDIDATE, question)).question_id
            async with workspace.context.services.store() as store:
                found = await store.questions.get(workspace.team, logged)
        except StoreError as error:
            _log.warning("a question of a web page could not be handed over: %s", error)
            raise ProblemError(503, _NOT_NOW) from None
        if found is None:  # small talk
            raise ProblemError(422, "Please write your question in more words.")
        return found

    def _workspace(self) -> ServedWorkspace | None:
        """Return the workspace whose owners get questions; None where nobody does."""
        workspace = self.content.workspace
        if self.handoffs is None or workspace is None:
            return None
        return workspace if workspace.context.services.recorder is not None else None

    def _admit(self, request: Request) -> None:
        """Refuse pages of other origins, and addresses that send too much.

        Raises:
            ProblemError: it is refused.
        """
        if not self.limits.admits_request(address_of(request.scope)):
            raise too_many()
        if request.headers.get("origin") not in self.origins:
            raise ProblemError(
                403, "This page may not ask: its operators add its origin to FAQBOT_WIDGET_ORIGINS."
            )
