"""Pages of the editor: the document, and the calls that it makes."""

from __future__ import annotations

import difflib
import json
from asyncio import CancelledError, to_thread
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from faqbot import pages
from faqbot.content.fields import RESERVED_IDS, make_id
from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.editor.changes import changes_in_words
from faqbot.editor.drafts import Drafts, proposal_of
from faqbot.editor.files import (
    ContentDocument,
    ContentFiles,
    DocumentRef,
    EditConflictError,
    PendingEdit,
    Saved,
)
from faqbot.editor.imports import Imports
from faqbot.errors import ContentError, FaqbotError, UsageError
from faqbot.importers.documents.blocks import HeadingClassifier
from faqbot.model import Audience, Question, Surface
from faqbot.runtime.web import LOCAL_HOSTS, SafeHeaders, SameOrigin, safe_headers
from faqbot.slack.answers import as_message
from faqbot.slack.blockkit.rich_text import rich
from faqbot.storage.models import Proposal

MAX_BODY: Final = 20_000_000
"""Bytes of a request: a document that is imported."""

MAX_QUESTION: Final = 2_000
MAX_DIGITS: Final = 7
_FOLDER: Final = Path(__file__).parent
_BLOCKS: Final = _FOLDER.parent / "playground" / "static"
"""The local workspace's scripts that show Slack's blocks."""

HEADERS: Final = safe_headers(
    {"script-src": "'self'", "style-src": "'self'", "connect-src": "'self'", "img-src": "'self'"}
)
Call = Callable[[Mapping[str, Any]], "Mapping[str, Any] | Saved"]
Propose = Callable[[Proposal], Awaitable[str]]
"""Takes a proposal, without its workspace, to who decides; returns what became of it, in words."""


@dataclass(frozen=True, slots=True)
class EditorPages:
    """Serves the editor.

    Args:
        files: the content.
        drafts: checks and asks what is on the page.
        headings: returns the classifier of headings for documents that are imported.
        propose: takes edits to who decides, where `files` writes none.
        home: the name of the pages that these belong to, one folder above; empty if to none.
    """

    files: ContentFiles
    drafts: Drafts
    headings: Callable[[], HeadingClassifier]
    propose: Propose | None = None
    home: str = ""

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the page, without guards."""
        calls: Mapping[str, Call] = {
            "document": self._document,
            "new": self._new,
            "check": self._check,
            "ask": self._ask,
            "save": self._save,
            "create": self._create,
            "remove": self._remove,
            "undo": self._undo,
            "preview": self._preview,
            "content": self._content,
        }
        return [
            Route("/", self._page),
            *(
                Route(f"/calls/{name}", self._endpoint(call), methods=["POST"])
                for name, call in calls.items()
            ),
            Route("/calls/import", self._import, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_FOLDER / "static", packages=[pages.STATIC])),
            Mount("/blocks", StaticFiles(directory=_BLOCKS)),
        ]

    def app(self, hosts: Sequence[str] = LOCAL_HOSTS) -> Starlette:
        """Return the application with its guards, for this machine."""
        return Starlette(
            routes=self.routes(),
            middleware=[
                Middleware(SafeHeaders, headers=HEADERS),
                Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)),
                Middleware(SameOrigin),
            ],
        )

    def mounted(self) -> Starlette:
        """Return the application as a part of another one, which has the other guards."""
        return Starlette(
            routes=self.routes(), middleware=[Middleware(SafeHeaders, headers=HEADERS)]
        )

    async def _page(self, request: Request) -> Response:
        templates = Jinja2Templates(directory=_FOLDER / "templates")
        return templates.TemplateResponse(request, "editor.html")

    def _content(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        del asked
        documents, problems = self.files.documents()
        return {
            "folder": "" if self.files.proposes else str(self.files.folder),
            "proposes": self.files.proposes,
            "home": self.home,
            "canUndo": self.files.can_undo,
            "standard": dict(STANDARD_SECTIONS),
            "documents": [_summary(document) for document in documents],
            "broken": [{"file": one.path, "message": one.message} for one in problems],
        }

    def _document(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return _shown(self.files.document(_ref(asked)))

    def _check(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        ref, form = _ref_or_new(asked), _form(asked)
        found = self.drafts.check(ref, form, ask=bool(asked.get("ask")))
        saved = self.files.document(ref).form if ref else {}
        place, before, after = self.files.draft(ref, form)
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), place.file, place.file, lineterm="", n=2
        )
        words = "\n".join(changes_in_words(saved, form))
        return {
            "findings": [asdict(one) for one in found],
            "changes": list(lines),
            "words": _rich_blocks(words),
        }

    def _ask(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        text = str(asked.get("question") or "").strip()[:MAX_QUESTION]
        if not text:
            raise UsageError("Type a question first.")
        question = Question(text, audience=Audience.EMPLOYEES, surface=Surface.TERMINAL)
        form = _form(asked) if "form" in asked else None
        try:
            with self.drafts.engine(_ref_or_new(asked), form) as engine:
                result = engine.ask(question)
                explained = engine.explain(question)
        except ContentError as error:
            first = error.problems[0]
            raise UsageError(
                f"Mend what is marked first: {first.message} ({Path(first.path).name}, "
                f"line {first.line})."
            ) from error
        return {
            "result": result.to_dict(),
            "blocks": list(as_message(result).message.blocks),
            "candidates": [
                {"id": one.id, "confidence": round(one.confidence, 2)}
                for one in result.parsed.candidates[:5]
            ],
            "corrections": [
                {"typed": one.written, "meant": one.corrected} for one in result.parsed.corrections
            ],
            "why": [
                {
                    "id": one.entry,
                    "contributions": [[name, round(value, 2)] for name, value in one.contributions],
                }
                for one in explained[:3]
            ],
        }

    def _save(self, asked: Mapping[str, Any]) -> Saved:
        ref, form = _ref(asked), _form(asked)
        base = asked.get("base")
        if not isinstance(base, dict) or not isinstance(base.get("form"), dict):
            raise UsageError("The page has lost what it began with: load it anew.")
        began = ContentDocument(ref, base["form"], str(base.get("version")), "")
        message = str(asked.get("message") or f"Edit {ref.file}")[:200]
        return self.files.save(ref, form, began, message)

    def _new(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the form of something new, which nobody has saved yet."""
        title = " ".join(str(asked.get("title") or "").split())
        if not title:
            raise UsageError("Give it a title.")
        kind = "role" if asked.get("kind") == "role" else "faqs"
        return {"kind": kind, "form": _new_form(kind, title)}

    def _create(self, asked: Mapping[str, Any]) -> Saved:
        return self.files.create(_form(asked))

    def _remove(self, asked: Mapping[str, Any]) -> Saved:
        ref = _ref(asked)
        return self.files.remove(ref, f"Remove {ref.file}")

    def _undo(self, asked: Mapping[str, Any]) -> Mapping[str, Any] | Saved:
        del asked
        saved = self.files.undo()
        return {"note": "There is nothing to undo."} if saved is None else saved

    def _preview(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"blocks": _rich_blocks(str(asked.get("markdown") or "")[:20_000])}

    def _endpoint(self, call: Call) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            try:
                asked = json.loads(await _body(request) or b"{}")
            except (ValueError, RecursionError):
                return JSONResponse({"error": "The request isn't JSON."}, 400)
            except UsageError as error:
                return JSONResponse({"error": str(error)}, 413)
            if not isinstance(asked, dict):
                return JSONResponse({"error": "The request isn't an object."}, 400)

            async def answer() -> Mapping[str, Any]:
                found = await to_thread(call, asked)
                if isinstance(found, Saved):
                    return await self._finished(found, str(request.scope.get("person") or ""))
                return found

            return await _responded(answer)

        return respond

    async def _finished(self, saved: Saved, person: str) -> Mapping[str, Any]:
        """Return what the page learns of a save, after an edit is proposed that has to be."""
        note = saved.note
        if saved.pending is not None and self.propose is not None:
            note = await self.propose(await to_thread(self._proposal, saved.pending, person))
        return {
            "file": saved.ref.file,
            "number": saved.ref.number,
            "version": saved.version,
            "note": note,
            "pending": saved.is_pending,
            "canUndo": self.files.can_undo,
        }

    def _proposal(self, pending: PendingEdit, person: str) -> Proposal:
        self.drafts.require_loading(pending.edit)
        roles = {str(one.form["role"]) for one in self.files.documents()[0] if "role" in one.form}
        return proposal_of(pending, person, roles)

    async def _import(self, request: Request) -> Response:
        """Read a file that was dropped on the page, and return the forms that it becomes."""
        try:
            raw, asked = await _body(request), request.query_params
        except UsageError as error:
            return JSONResponse({"error": str(error)}, 413)
        name = Path(asked.get("name", "")).name or "document.txt"
        row = asked.get("row", "")
        number = int(row) if row.isascii() and row.isdigit() and len(row) < MAX_DIGITS else 0
        imports = Imports(self.files, self.headings)
        return await _responded(
            lambda: to_thread(imports.read, name, raw, asked.get("sheet", ""), number)
        )


def _rich_blocks(markdown: str) -> list[Mapping[str, Any]]:
    elements = rich(markdown) if markdown.strip() else []
    return [{"type": "rich_text", "elements": elements}] if elements else []


async def _responded(call: Callable[[], Awaitable[Mapping[str, Any]]]) -> Response:
    """Return what a call says, or its advice with a status that isn't OK."""
    try:
        return JSONResponse(await call())
    except EditConflictError as error:
        return JSONResponse(
            {
                "error": str(error),
                "conflict": {
                    "form": error.merged,
                    "version": error.version,
                    "theirs": [list(path) for path in error.theirs],
                    "both": [list(path) for path in error.both],
                },
            },
            409,
        )
    except FaqbotError as error:
        return JSONResponse({"error": str(error)}, 422)
    except CancelledError:
        said = "The editor was stopped while it worked on this: start it again."
        return JSONResponse({"error": said}, 503)


async def _body(request: Request) -> bytes:
    """Return the body of a request.

    Raises:
        UsageError: it is too large.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise UsageError(
                f"This is larger than {MAX_BODY // 1_000_000} MB: save it without pictures, or in "
                "parts, and import those."
            )
        parts.append(part)
    return b"".join(parts)


def _ref(asked: Mapping[str, Any]) -> DocumentRef:
    number = asked.get("number", 0)
    return DocumentRef(str(asked.get("file")), number if isinstance(number, int) else -1)


def _ref_or_new(asked: Mapping[str, Any]) -> DocumentRef | None:
    """Return the document that is meant; None for one that nobody has saved yet."""
    return _ref(asked) if asked.get("file") is not None else None


def _form(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    form = asked.get("form")
    if not isinstance(form, dict):
        raise UsageError("The page sent no form: load it anew.")
    return form


def _summary(document: ContentDocument) -> Mapping[str, Any]:
    form = document.form
    return {
        "file": document.ref.file,
        "number": document.ref.number,
        "kind": document.kind,
        "title": form.get("title") or form.get("about") or document.ref.file,
        "id": form.get("role", ""),
        "family": form.get("family", ""),
        "about": form.get("about", ""),
        "count": len(form.get("faqs") or ()),
    }


def _shown(document: ContentDocument) -> Mapping[str, Any]:
    return {
        "file": document.ref.file,
        "number": document.ref.number,
        "form": document.form,
        "version": document.version,
        "kind": document.kind,
    }


def _new_form(kind: str, title: str) -> Mapping[str, Any]:
    """Return the form of a new role, or of a new file of FAQs, that loads at once."""
    if kind == "role":
        overview = "Write in two or three sentences what people in this role do here."
        return {
            "role": make_id(title, RESERVED_IDS),
            "title": title,
            "sections": [{"key": "overview", "text": overview}],
        }
    question = title if title.endswith("?") else f"{title}?"
    faq = {
        "id": make_id(title),
        "question": question,
        "answer": "Write the answer here.",
        "example": True,
    }
    return {"faqs": [faq]}
