"""Insights pages: charts, the questions behind them, and drafts of FAQs."""

from __future__ import annotations

import asyncio
import datetime as dt
import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp

from faqbot import pages
from faqbot.content.files import file_version
from faqbot.content.writer import faq_template
from faqbot.insights.auth import RequireSignIn, Sessions
from faqbot.model import Entry, Faq, KnowledgeBase, Role, is_stale
from faqbot.runtime.web import LOCAL_HOSTS, SafeHeaders, SameOrigin, safe_headers
from faqbot.storage.models import (
    EDIT,
    Proposal,
    ProposalState,
    QuestionRecord,
    StoreError,
    utc_now,
)
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.reports import (
    EntryStatistics,
    Grouping,
    PartStatistics,
    UsageStatistics,
    summarize,
    without_rare_words,
)
from faqbot.storage.store import Store

SPANS: Final = (7, 30, 90, 365)
SURFACES: Final = ("channel", "direct", "command", "home", "mcp", "api", "widget", "terminal")
OUTCOMES: Final = ("answer", "choices", "decline")


@dataclass(frozen=True, slots=True)
class ReportView:
    """Filters of the pages: days until now, one role or all, one surface or all."""

    days: int = 30
    role: str = ""
    surface: str = ""

    def filter(self, now: dt.datetime) -> QuestionFilter:
        """Return the filter of questions."""
        since = now - dt.timedelta(days=self.days)
        return QuestionFilter(since, now, role=self.role or None, surface=self.surface or None)

    def link(self, path: str, **more: str) -> str:
        """Return an address with these filters, and others that override them."""
        values = {"days": str(self.days), "role": self.role, "place": self.surface, **more}
        return f"{path}?{urlencode({name: value for name, value in values.items() if value})}"


def parse_view(asked: Mapping[str, str]) -> ReportView:
    """Parse the query of an address; invalid values are ignored."""
    days = asked.get("days", "")
    fits = days.isascii() and days.isdigit() and len(days) < 5 and int(days) > 0  # noqa: PLR2004
    place = asked.get("place", "")
    return ReportView(
        int(days) if fits else 30,
        asked.get("role", "")[:200],
        place if place in SURFACES else "",
    )


COLOURS: Final = {"answer": "#2a9d8f", "choices": "#e9c46a", "decline": "#e76f51"}
OUTCOME_NAMES: Final = {"answer": "Answered", "choices": "Asked back", "decline": "Not answered"}
_MAX_BARS: Final = 12
_MAX_TITLE: Final = 40


def questions_chart(found: UsageStatistics, view: ReportView) -> str:
    """Return questions by day and outcome as JSON, with days without questions."""
    first, last = found.since.date(), found.until.date()
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    counts = {day: dict(outcomes) for day, outcomes in found.days}
    return _chart(
        [f"{day:%-d %b}" for day in days],
        [
            (name, COLOURS[outcome], [counts.get(f"{day}", {}).get(outcome, 0) for day in days])
            for outcome, name in OUTCOME_NAMES.items()
        ],
        [view.link("/questions", day=f"{day}") for day in days],
    )


def ratings_chart(rated: Sequence[tuple[str, EntryStatistics]], view: ReportView) -> str:
    """Return ratings by entry as JSON."""
    shown = rated[:_MAX_BARS]
    return _chart(
        [
            title if len(title) <= _MAX_TITLE else f"{title[: _MAX_TITLE - 1]}…"
            for title, _ in shown
        ],
        [
            ("Helpful", COLOURS["answer"], [one.helpful for _, one in shown]),
            ("Not helpful", COLOURS["decline"], [one.not_helpful for _, one in shown]),
        ],
        [view.link("/questions", entry=one.entry) for _, one in shown],
        lying=True,
    )


def _chart(
    labels: Sequence[str],
    rows: Sequence[tuple[str, str, Sequence[int]]],
    links: Sequence[str],
    *,
    lying: bool = False,
) -> str:
    series = [{"label": name, "colour": colour, "data": data} for name, colour, data in rows]
    return json.dumps({"labels": labels, "series": series, "links": links, "lying": lying})


EDITOR_PATH: Final = "/edit"
MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
HERE: Final = Path(__file__).parent
HEADERS: Final = safe_headers(
    {
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
    }
)
_MAX_ROWS: Final = 15
_MAX_QUESTIONS: Final = 500
_MAX_SHADE: Final = 5


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell of the heat map, for a part of a role; `shade` is 0 (no questions) to 5."""

    part: str
    asked: int
    not_answered: int
    shade: int
    link: str


class InsightsPages:
    """The insights pages.

    Args:
        store: has the question log.
        knowledge_base: returns the present content.
        grouping: groups unanswered questions by meaning.
        team: the workspace whose questions are shown; None for all.
        editor: the application in which owners propose changes, if they can.
        folder: the content folder, which proposed changes are compared with.
    """

    def __init__(
        self,
        store: Store,
        knowledge_base: Callable[[], KnowledgeBase],
        grouping: Grouping,
        team: str | None = None,
        *,
        editor: ASGIApp | None = None,
        folder: Path | None = None,
    ) -> None:
        self._store = store
        self._knowledge_base = knowledge_base
        self._grouping = grouping
        self._team = team
        self._editor = editor
        self._folder = folder
        self._templates = Jinja2Templates(directory=HERE / "templates")

    def app(
        self, hosts: Sequence[str] = LOCAL_HOSTS, sessions: Sessions | None = None
    ) -> Starlette:
        """Return the pages as an ASGI application.

        Args:
            hosts: the names of the host that browsers may use.
            sessions: of users who signed in. Without them everybody who can connect may read.
        """
        guard = [Middleware(RequireSignIn, sessions=sessions)] if sessions else []
        return Starlette(
            routes=[
                Route("/", self._overview),
                Route("/questions", self._questions),
                Route("/draft", self._draft),
                Mount("/static", StaticFiles(directory=HERE / "static", packages=[pages.STATIC])),
                *self._editor_routes(),
                *(sessions.routes() if sessions else ()),
            ],
            middleware=[
                Middleware(SafeHeaders, headers=HEADERS),
                Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)),
                Middleware(SameOrigin),
                *guard,
            ],
            exception_handlers={StoreError: self._store_error},
        )

    def sign_in(self, request: Request, status: int, said: str) -> Response:
        """Return the sign-in page."""
        return self._page(request, "sign-in.html", status, said=said)

    async def _overview(self, request: Request) -> Response:
        view, knowledge_base = parse_view(request.query_params), self._knowledge_base()
        found = await self._statistics(view)
        rated = [one for one in found.most_asked if one.helpful or one.not_helpful]
        return self._page(
            request,
            "overview.html",
            over_time=questions_chart(found, view),
            ratings=ratings_chart(
                [(_title(knowledge_base, one.entry), one) for one in rated], view
            ),
            view=view,
            found=found,
            knowledge_base=knowledge_base,
            counts=dict(found.outcomes),
            names=OUTCOME_NAMES,
            spans=SPANS,
            places=SURFACES,
            titles={one.entry: _title(knowledge_base, one.entry) for one in found.most_asked},
            most=_MAX_ROWS,
            heat=_heat_map(found.parts, knowledge_base, view),
            stale=_overdue(knowledge_base, utc_now().date()),
        )

    async def _questions(self, request: Request) -> Response:
        asked = request.query_params
        view, knowledge_base = parse_view(asked), self._knowledge_base()
        records = await self._store.questions.all(replace(view.filter(utc_now()), team=self._team))
        named = without_rare_words(records)
        shown = [record for record in reversed(named) if _matches(record, asked)]
        return self._page(
            request,
            "questions.html",
            view=view,
            asked=asked,
            records=shown[:_MAX_QUESTIONS],
            count=len(shown),
            names=OUTCOME_NAMES,
            outcomes=OUTCOMES,
            titles={
                entry: _title(knowledge_base, entry)
                for record in shown
                for entry, _ in record.entries
            },
        )

    async def _draft(self, request: Request) -> Response:
        asked, knowledge_base = request.query_params, self._knowledge_base()
        question = asked.get("question", "")[:500].strip()
        role = knowledge_base.role(asked.get("role"))
        text = faq_template(question or "What is asked?", role.id if role else None, knowledge_base)
        return self._page(
            request, "draft.html", view=parse_view(asked), question=question, role=role, draft=text
        )

    def refused(self, request: Request, status: int, said: str) -> Response:
        """Return a page that says why something isn't shown."""
        return self._page(request, "error.html", status, said=said)

    def _editor_routes(self) -> list[BaseRoute]:
        if self._editor is None:
            return []
        return [Route("/proposals", self._proposals), Mount(EDITOR_PATH, self._editor)]

    async def _proposals(self, request: Request) -> Response:
        assert self._team is not None
        assert self._folder is not None
        found = await self._store.proposals.all(self._team, (ProposalState.OPEN,))
        edits = [one for one in found if one.kind == EDIT]
        shown = await asyncio.to_thread(lambda: [_shown_edit(self._folder, one) for one in edits])
        return self._page(request, "proposals.html", waiting=shown)

    async def _store_error(self, request: Request, error: Exception) -> Response:
        return self._page(request, "error.html", 503, said=str(error))

    async def _statistics(self, view: ReportView) -> UsageStatistics:
        until = utc_now()
        wanted = replace(view.filter(until), team=self._team)
        assert wanted.since is not None
        records = await self._store.questions.all(wanted)
        ratings = await self._store.questions.ratings(wanted.since, self._team)
        return summarize(records, ratings, wanted.since, until, self._grouping)

    def _page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        values["edits"] = self._editor is not None and request.scope.get("person")
        return self._templates.TemplateResponse(request, name, values, status_code=status)


def _shown_edit(folder: Path | None, proposal: Proposal) -> tuple[Proposal, Markup, object]:
    """Return a proposed edit with its changes in words and in lines; None if its file changed."""
    words = Markup(MARKDOWN.render(proposal.answer))  # noqa: S704 - rendered with HTML disabled
    path = folder / proposal.file if folder else None
    before = path.read_bytes() if path and path.is_file() else None
    if file_version(before) != proposal.version:
        return proposal, words, None
    old, new = (before or b"").decode("utf-8", "replace"), proposal.text or ""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    return proposal, words, list(lines)[2:]


def _matches(record: QuestionRecord, asked: Any) -> bool:
    """Whether a question belongs to the figure whose link was followed."""
    entry = record.entries[0][0] if record.entries else ""
    outcome, wanted, part = asked.get("outcome"), asked.get("entry"), asked.get("part")
    if asked.get("day") and record.at.date().isoformat() != asked["day"]:
        return False
    if outcome and record.outcome != outcome:
        return False
    if wanted and entry != wanted:
        return False
    if part is None or part == "":
        return True
    return entry.partition("/")[2].partition("/")[0] == part or (
        part == "overview" and entry == record.role
    )


def _title(knowledge_base: KnowledgeBase, entry_id: str) -> str:
    entry: Entry | None = knowledge_base.entry(entry_id)
    if entry is None:
        return entry_id
    role = knowledge_base.role(entry.role)
    return entry.title if role is None or role is entry else f"{role.title}: {entry.title}"


def _heat_map(
    parts: tuple[PartStatistics, ...], knowledge_base: KnowledgeBase, view: ReportView
) -> tuple[list[str], list[tuple[str, list[HeatCell]]]]:
    """Return the columns and rows of the heat map, a row for each role with questions."""
    columns = sorted({part.part for part in parts if part.part})
    most = max((part.answered + part.not_answered for part in parts), default=1)
    rows = []
    for role in dict.fromkeys(part.role for part in parts):
        counts = {part.part: part for part in parts if part.role == role}
        cells = []
        for column in columns:
            part = counts.get(column, PartStatistics(role, column, 0, 0))
            asked = part.answered + part.not_answered
            shade = -(-asked * _MAX_SHADE // most) if asked else 0
            link = view.link("/questions", role=role, part=column)
            cells.append(HeatCell(column, asked, part.not_answered, shade, link))
        rows.append((_title(knowledge_base, role), cells))
    return columns, rows


def _overdue(knowledge_base: KnowledgeBase, today: dt.date) -> list[tuple[str, str, dt.date]]:
    """Return overdue content: title, owner, and date of the last review."""
    entries: list[Role | Faq] = [*knowledge_base.roles, *knowledge_base.faqs]
    entries += [faq for role in knowledge_base.roles for faq in role.faqs]
    return [
        (one.title, one.owner, one.reviewed)
        for one in entries
        if one.reviewed and is_stale(one.reviewed, one.review_every, today)
    ]
