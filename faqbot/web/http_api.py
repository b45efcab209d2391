"""The HTTP API: questions and roles as JSON, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from faqbot.model import Surface
from faqbot.settings.api_keys import ApiKeys
from faqbot.web.answers import Answers, Caller, WebAnswer
from faqbot.web.contract import (
    ASK_PATH,
    OPENAPI_PATH,
    ROLE_PATH,
    ROLES_PATH,
    JsonObject,
    openapi,
    reply_to_dict,
)
from faqbot.web.json_endpoint import (
    Handler,
    JsonEndpoint,
    JsonTexts,
    ProblemError,
    cross_origin,
    too_many,
)
from faqbot.web.limits import WebLimits, address_of
from faqbot.web.served import PublicContent

_BEARER: Final = "bearer "
_ASK_KEYS: Final = ("question", "role", "entry")


@dataclass(frozen=True, slots=True)
class HttpApi:
    """Answers requests of programs.

    Args:
        content: answers.
        keys: which audience a caller belongs to; without a key everyone.
        origins: the origins of web pages that may call.
        limits: of callers.
    """

    content: PublicContent
    keys: ApiKeys
    origins: Sequence[str]
    limits: WebLimits

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            self._route(ASK_PATH, "POST", self._ask),
            self._route(ROLES_PATH, "GET", self._roles),
            self._route(ROLE_PATH, "GET", self._role),
            self._route(OPENAPI_PATH, "GET", self._openapi),
        ]

    def _route(self, path: str, method: str, handler: Handler) -> BaseRoute:
        count = partial(self.content.services.metrics.web_request, Surface.API.value)
        return Route(path, cross_origin(JsonEndpoint({method: handler}, count), self.origins))

    async def _ask(self, request: Request) -> Response:
        caller, answers = self._admitted(request)
        texts = await JsonTexts.of(request, _ASK_KEYS)
        entry, role = texts.text("entry"), texts.text("role")
        question = texts.text("question", needed=not entry)
        self._count_question(request)
        if entry:
            answer = answers.show(caller, entry, question)
        else:
            answer = await answers.ask(caller, question, role)
        return JSONResponse(answer_to_dict(answer))

    async def _roles(self, request: Request) -> Response:
        _, answers = self._admitted(request)
        return JSONResponse({"roles": answers.roles()})

    async def _role(self, request: Request) -> Response:
        caller, answers = self._admitted(request)
        role_id = str(request.path_params["role"])
        if answers.engine.knowledge_base.role(role_id) is None:
            raise ProblemError(404, f"There is no role with this id: {ROLES_PATH} lists them.")
        self._count_question(request)
        return JSONResponse(answer_to_dict(await answers.describe(caller, role_id)))

    async def _openapi(self, request: Request) -> Response:
        self._admitted(request)
        return JSONResponse(openapi())

    def _admitted(self, request: Request) -> tuple[Caller, Answers]:
        """Return who calls, before anything is read or asked.

        Raises:
            ProblemError: the key is unknown, or the address sends too many requests.
        """
        given = _key_of(request)
        key = self.keys.find(given) if given else None
        # With an unknown key too: nobody tries many of them.
        if key is None and not self.limits.admits_request(address_of(request.scope)):
            raise too_many()
        if given and key is None:
            raise ProblemError(
                401,
                "This key isn't known: ask the operators of faqbot for one, or call without it.",
                {"WWW-Authenticate": "Bearer"},
            )
        request.state.key = key.name if key else ""
        caller = Caller(Surface.API, key.audience) if key else Caller(Surface.API)
        return caller, self.content.answers

    def _count_question(self, request: Request) -> None:
        address, key = address_of(request.scope), request.state.key
        if self.limits.refusal(Surface.API.value, address, key):
            raise too_many()


def _key_of(request: Request) -> str:
    """Return the key of a request; empty without one."""
    given = request.headers.getlist("authorization")
    if not given:
        return ""
    if len(given) > 1 or not given[0].lower().startswith(_BEARER):
        raise ProblemError(401, "Send the key as Authorization: Bearer KEY.", _CHALLENGE)
    return given[0][len(_BEARER) :].strip()


_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def answer_to_dict(answer: WebAnswer) -> JsonObject:
    """Return the JSON contract, and the reply in parts."""
    return {**answer.contract(), "reply": reply_to_dict(answer.reply)}
