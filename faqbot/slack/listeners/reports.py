"""Reports for owners: `/faq report`, the weekly digest, and their part of App Home."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient

from faqbot.model import Faq, KnowledgeBase, Role, is_stale
from faqbot.replies.reply import Bullets, Reply, ReplyPart, literal
from faqbot.runtime.tasks import sleep_until
from faqbot.slack.blockkit.blocks import (
    Action,
    Message,
    actions,
    button,
    context,
    header,
    mrkdwn_section,
    render,
    shorten,
)
from faqbot.slack.blockkit.rich_text import JsonObject, bullets, escape, heading
from faqbot.slack.blockkit.views import NOT_NOW, home
from faqbot.slack.client import SLACK_ERRORS, describe_error
from faqbot.slack.context import AppContext
from faqbot.slack.payloads import SlashCommand
from faqbot.slack.posts import Respond
from faqbot.storage.models import (
    PHRASING,
    HandoffState,
    Proposal,
    ProposalState,
    StoreError,
    utc_now,
)
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.reports import UsageStatistics, summarize

WEEK: Final = dt.timedelta(days=7)
MONTH: Final = dt.timedelta(days=30)
_MAX_BLOCKS: Final = 100
"""Blocks of App Home, by Slack's limit."""

_MOST: Final = 8
_MOST_SUGGESTIONS: Final = 5
_SUGGESTION: Final = 200
_EXAMPLE: Final = 120
_MONDAY_MORNING: Final = 8
"""The hour (UTC) of the weekly digest."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reports:
    """What was asked, missed and rated, for owners."""

    app: AppContext

    async def may_read(self, client: AsyncWebClient, user: str) -> bool:
        """Whether a user is an owner of content, or an admin of the workspace."""
        return await self.app.owners.owns(client, self.app.engine.knowledge_base, user)

    async def command(self, ack: Respond, command: SlashCommand, client: AsyncWebClient) -> None:
        """Respond to `/faq report` with the last seven days, for owners only."""
        if not await self.may_read(client, command.user):
            await ack(text="Only the owners of content, and admins, can read the report.")
            return
        try:
            found = await self.week(command.team)
        except StoreError:
            await ack(text=NOT_NOW)
            return
        await ack(response_type="ephemeral", **found.as_arguments())

    async def week(self, team: str, roles: frozenset[str] | None = None) -> Message:
        """Return the report of the last seven days, about some roles or about everything.

        Raises:
            StoreError: nothing is remembered, or the database is down.
        """
        found = await self._figures(team, WEEK, roles)
        knowledge_base = self.app.engine.knowledge_base
        if roles is not None:
            owned = tuple(role for role in knowledge_base.roles if role.id in roles)
            knowledge_base = KnowledgeBase(owned)
        return render(report(found, knowledge_base, utc_now().date()))

    async def _owned(self, client: AsyncWebClient) -> dict[str, frozenset[str] | None]:
        """Return the roles of each place's digest; None, for the default owner, is all roles."""
        places: dict[str, frozenset[str] | None] = {}
        for role in self.app.engine.knowledge_base.roles:
            for place in (await self.app.owners.places(client, role.owner))[:1]:
                places[place] = (places.get(place) or frozenset()) | {role.id}
        default = await self.app.owners.default_place(client)
        return {**places, default: None} if default else places

    async def home(self, team: str, client: AsyncWebClient) -> JsonObject:
        """Return App Home with the owners' part, which is left out while the database is down."""
        view = home(self.app.engine.knowledge_base)
        with contextlib.suppress(StoreError):
            waiting, figures = await self._owners_parts(team, client)
            view["blocks"] = [*waiting, *view["blocks"], *figures][:_MAX_BLOCKS]
        return view

    async def send_digest(self, client: AsyncWebClient, team: str, day: dt.date) -> int:
        """Send the week's digests. Returns how many: of several processes, one sends each."""
        sent = 0
        for place, roles in (await self._owned(client)).items():
            try:
                sent += await self._send(client, team, f"{day.isoformat()}/{place}", roles)
            except StoreError:
                return sent
            except SLACK_ERRORS as error:
                _log.warning("a weekly digest was not sent: %s", describe_error(error))
        return sent

    async def _send(
        self, client: AsyncWebClient, team: str, key: str, roles: frozenset[str] | None
    ) -> bool:
        async with self.app.services.store() as store:
            # All processes wake on Monday; the one with the claim sends.
            if not await store.claims.claim("digest", team, key):
                return False
        place = key.rpartition("/")[2]
        report = await self.week(team, roles)
        await client.chat_postMessage(channel=place, **report.as_arguments())
        return True

    async def every_week(self, client: AsyncWebClient) -> None:
        """Send the digests on Monday mornings, until cancelled."""
        while True:
            due = next_monday(utc_now())
            await sleep_until(due)
            try:
                team = str((await client.auth_test()).get("team_id") or "")
            except SLACK_ERRORS as error:
                _log.warning("the weekly digest was not sent: %s", describe_error(error))
                continue
            await self.send_digest(client, team, due.date())

    async def _figures(
        self, team: str, span: dt.timedelta, roles: frozenset[str] | None = None
    ) -> UsageStatistics:
        until = utc_now()
        async with self.app.services.store() as store:
            records = await store.questions.all(QuestionFilter(until - span, until, team))
            ratings = await store.questions.ratings(until - span, team)
        if roles is not None:
            records = tuple(record for record in records if record.role in roles)
        return summarize(records, ratings, until - span, until, self.app.services.group_questions)

    async def _owners_parts(
        self, team: str, client: AsyncWebClient
    ) -> tuple[list[JsonObject], list[JsonObject]]:
        """Return what waits for owners, which stands above all, and what doesn't, below."""
        found = await self._figures(team, MONTH)
        async with self.app.services.store() as store:
            waiting = await store.handoffs.all(team, (HandoffState.OPEN, HandoffState.CLAIMED))
            proposed = await store.proposals.all(team, (ProposalState.OPEN,))
        content, now = self.app.content_state(), utc_now()
        overdue = stale(self.app.engine.knowledge_base, now.date())
        waits = [await self._waiting(one, client) for one in proposed if one.kind != PHRASING]
        phrasings = [one for one in proposed if one.kind == PHRASING]
        problems = "problem" if content.count == 1 else "problems"
        above = [
            *_list(
                f"The changed content is not used: {content.count} {problems}", content.problems
            ),
            *_list("Questions that wait for a person", [one.question for one in waiting]),
            *_list("Proposals that wait for a decision", waits),
            *_list("Content whose review is overdue", overdue),
        ]
        if phrasings:
            title = f"Suggested phrasings ({len(phrasings)})"
            above.append({"type": "rich_text", "elements": [heading(title)]})
            above += suggestions(phrasings, self.app.engine.knowledge_base)
        if above:
            above = [header("Waiting for you"), *above, {"type": "divider"}]
        ratings = f"{found.helpful} helpful, {found.not_helpful} not helpful"
        below = [
            {"type": "divider"},
            *_list("Unanswered in the last 30 days", [*_missed(found)] or ["Nothing"]),
            *_list("Ratings of the last 30 days", [ratings]),
            context(f"The content was updated {ago(content.since, now)}."),
        ]
        return above, below

    async def _waiting(self, proposal: Proposal, client: AsyncWebClient) -> str:
        """Return a proposal as a line, which says if nobody but who proposed it may approve it."""
        role = self.app.engine.knowledge_base.role(proposal.role)
        owners = await self.app.owners.owners(client, role.owner if role else "")
        alone = not owners.besides(proposal.proposed_by)
        return f"{'(waits for a second owner) ' if alone else ''}{proposal.question}"


def _list(title: str, lines: Sequence[str]) -> Iterator[JsonObject]:
    """Yield a block with a heading and lines; nothing where there are none."""
    if lines:
        shown = [_line(shorten(line, _EXAMPLE)) for line in lines[:_MOST]]
        if len(lines) > _MOST:
            shown.append(f"and {len(lines) - _MOST} more")
        yield {"type": "rich_text", "elements": [heading(title), *bullets(shown)]}


def ago(moment: dt.datetime, now: dt.datetime) -> str:
    """Return how long ago something happened, in the largest unit that fits."""
    seconds = (now - moment).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length)
        if count > 0:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def report(found: UsageStatistics, knowledge_base: KnowledgeBase, today: dt.date) -> Reply:
    """Return the statistics of a period as a reply."""
    parts = [
        ("Most asked", [_asked(knowledge_base, one.entry, one.count) for one in found.most_asked]),
        ("Unanswered, by meaning", list(_missed(found))),
        (
            "Poorly rated",
            [_asked(knowledge_base, one.entry, one.not_helpful) for one in found.poorly_rated],
        ),
        ("Review overdue", stale(knowledge_base, today)),
    ]
    counts = dict(found.outcomes)
    answered, offered = counts.get("answer", 0), counts.get("choices", 0)
    return Reply(
        header=f"The week to {found.until:%-d %B %Y}",
        lead=(
            f"**{found.questions}** questions: {answered} answered, {offered} asked back, "
            f"{counts.get('decline', 0)} not answered. "
            f"Ratings: {found.helpful} helpful, {found.not_helpful} not."
        ),
        parts=tuple(
            ReplyPart(title, title, (Bullets(tuple(map(_line, lines[:_MOST]))),))
            for title, lines in parts
            if lines
        ),
        hint="faqbot report prints all of it, also for a spreadsheet.",
    )


def suggestions(proposals: Sequence[Proposal], knowledge_base: KnowledgeBase) -> list[JsonObject]:
    """Return the blocks of suggested phrasings, each with two buttons to decide."""
    blocks: list[JsonObject] = []
    for number, proposal in enumerate(proposals[:_MOST_SUGGESTIONS]):
        entry = knowledge_base.entry(proposal.entry or "")
        role = knowledge_base.role(proposal.role)
        named = " · ".join(part.title for part in (role, entry) if part)
        said = f"“{escape(shorten(proposal.question, _SUGGESTION))}”\nleads to *{escape(named)}*"
        blocks += [
            mrkdwn_section(said),
            actions(
                [
                    button(Action.ACCEPT_SUGGESTION, number, "Take it up", proposal.id),
                    button(Action.DISMISS_SUGGESTION, number, "Leave it", proposal.id),
                ]
            ),
        ]
    return blocks


def stale(knowledge_base: KnowledgeBase, today: dt.date) -> list[str]:
    """Return the titles of content whose review is overdue."""
    entries: list[Role | Faq] = [*knowledge_base.roles]
    entries += [faq for role in knowledge_base.roles for faq in role.faqs]
    entries += knowledge_base.faqs
    return [one.title for one in entries if is_stale(one.reviewed, one.review_every, today)]


def next_monday(moment: dt.datetime) -> dt.datetime:
    """Return the next Monday morning after a moment."""
    day = (moment - dt.timedelta(days=moment.weekday())).replace(
        hour=_MONDAY_MORNING, minute=0, second=0, microsecond=0
    )
    return day if day > moment else day + WEEK


def _line(text: str) -> str:
    """Return a text as one line of Markdown that shows it."""
    return literal(" ".join(text.split()))


def times(count: int) -> str:
    """Return a count in words."""
    return "once" if count == 1 else f"{count} times"


def _asked(knowledge_base: KnowledgeBase, entry_id: str, count: int) -> str:
    entry = knowledge_base.entry(entry_id)
    role = knowledge_base.role(entry.role) if entry else None
    named = f"{role.title}: {entry.title}" if role and entry and entry is not role else ""
    return f"{times(count)}: {named or (entry.title if entry else entry_id)}"


def _missed(found: UsageStatistics) -> Iterator[str]:
    for one in found.unanswered:
        if one.examples:
            words = " / ".join(shorten(text, _EXAMPLE) for text in one.examples)
            yield f"{times(one.count)}: {words}"
    alone = sum(one.count for one in found.unanswered if not one.examples)
    if alone:
        said = "1 question" if alone == 1 else f"{alone} questions, each"
        yield f"{said} of one person, whose words are not shown"
