"""Cards: the messages that show hand-offs and proposals to owners, and say who may act on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from faqbot.slack.blockkit.blocks import (
    Action,
    Message,
    actions,
    button,
    header,
    mrkdwn_context,
    mrkdwn_section,
    shorten,
)
from faqbot.slack.blockkit.rich_text import JsonObject, as_markdown, escape, heading, quote
from faqbot.slack.owners import OwnerSet
from faqbot.storage.models import EDIT, Handoff, HandoffState, Proposal, ProposalState

QUOTED: Final = 2_500
_LONGEST_LINE: Final = 500
STATES: Final = {
    HandoffState.OPEN: "Open",
    HandoffState.CLAIMED: "Claimed",
    HandoffState.ANSWERED: "Answered",
    HandoffState.CLOSED: "Closed",
}
_HANDOFF_BUTTONS: Final = {
    HandoffState.OPEN: (
        (Action.CLAIM, "Claim", "primary"),
        (Action.REPLY, "Answer", ""),
        (Action.ASSIGN, "Point to an answer", ""),
        (Action.CLOSE, "Close", ""),
    ),
    HandoffState.CLAIMED: (
        (Action.REPLY, "Answer", "primary"),
        (Action.ASSIGN, "Point to an answer", ""),
        (Action.GIVE_BACK, "Give back", ""),
        (Action.CLOSE, "Close", ""),
    ),
    HandoffState.ANSWERED: ((Action.SAVE_AS_FAQ, "Save as FAQ", ""),),
    HandoffState.CLOSED: (),
}
_DECISIONS: Final = (
    (Action.APPROVE, "Approve", "primary"),
    (Action.REJECT, "Reject", ""),
)
ALONE: Final = (
    "Nobody approves what they proposed, and there is no other owner: name a second one as `owner` "
    "in the content, or in `FAQBOT_DEFAULT_OWNER`."
)


_OUTSIDE_BUTTONS: Final = {
    HandoffState.OPEN: ((Action.CLAIM, "Claim", "primary"), (Action.CLOSE, "Close", "")),
    HandoffState.CLAIMED: ((Action.CLOSE, "Close", "primary"), (Action.GIVE_BACK, "Give back", "")),
}


def handoff_card(handoff: Handoff, owners: OwnerSet) -> Message:
    """Return the message that shows a question to its owners."""
    if handoff.mail:
        return _outside_card(handoff, owners)
    quoted = "\n".join(
        f"> {line}" for line in escape(shorten(handoff.question, QUOTED)).splitlines()
    )
    blocks: list[JsonObject] = [
        header("A question for a person"),
        mrkdwn_section(f"<@{handoff.asker}> asks:\n{quoted}"),
    ]
    if handoff.answer:
        answer = as_markdown(shorten(handoff.answer, QUOTED), escaped=False)
        blocks.append({"type": "rich_text", "elements": [heading("Answer"), *quote(answer)]})
    state = STATES[handoff.state]
    if handoff.claimed_by:
        state += f" by <@{handoff.claimed_by}>"
    if handoff.state in (HandoffState.ANSWERED, HandoffState.CLOSED):
        blocks.append(mrkdwn_context(f"{state} {moment(handoff.changed)}"))
    else:
        blocks.append(mrkdwn_context(f"{state} · {owners} may answer"))
    blocks += _buttons(_HANDOFF_BUTTONS[handoff.state], handoff.id)
    return Message(f"A question for a person: {escape(handoff.question)}", tuple(blocks))


def _outside_card(handoff: Handoff, owners: OwnerSet) -> Message:
    """Return the card of a question from outside of Slack, which is answered by mail."""
    mail = escape(handoff.mail)
    # As rich text, in which a stranger's words are neither markup nor links.
    words = {"type": "text", "text": shorten(handoff.question, QUOTED)}
    quoted = {"type": "rich_text_quote", "elements": [words]}
    state = STATES[handoff.state]
    if handoff.claimed_by:
        state += f" by <@{handoff.claimed_by}>"
    is_closed = handoff.state in (HandoffState.ANSWERED, HandoffState.CLOSED)
    state += f" {moment(handoff.changed)}" if is_closed else f" · {owners} may answer"
    hint = "" if is_closed else " · Answer by mail, then close it here"
    blocks: list[JsonObject] = [
        header("A question from a web page"),
        mrkdwn_section(f"<mailto:{mail}|{mail}> asks:"),
        {"type": "rich_text", "elements": [quoted]},
        mrkdwn_context(state + hint),
        *_buttons(_OUTSIDE_BUTTONS.get(handoff.state, ()), handoff.id),
    ]
    return Message(f"A question from a web page: {escape(handoff.question)}", tuple(blocks))


def proposal_card(
    proposal: Proposal, about: str, owners: OwnerSet, *, written: bool = True
) -> Message:
    """Return the message that shows a proposal to its owners.

    Args:
        proposal: what is proposed.
        about: the title of its role.
        owners: who may decide.
        written: whether an approved proposal is in the content by now.
    """
    edits = proposal.kind == EDIT
    title = "A proposed change" if edits else "A proposal for an FAQ"
    context = _about_edit(proposal) if edits else f"{escape(about)} · for {proposal.audience}"
    shown = _whole_lines(proposal.answer) if edits else shorten(proposal.answer, QUOTED)
    blocks: list[JsonObject] = [
        header(title),
        mrkdwn_section(f"<@{proposal.proposed_by}> proposes:"),
        mrkdwn_section(f"*{escape(shorten(proposal.question, QUOTED))}*"),
        {"type": "rich_text", "elements": quote(shown)},
        mrkdwn_context(context),
        mrkdwn_context(_decision(proposal, owners, written=written)),
    ]
    if proposal.state is ProposalState.OPEN:
        blocks += _buttons(_DECISIONS, proposal.id)
    return Message(f"{title}: {escape(proposal.question)}", tuple(blocks))


def _about_edit(proposal: Proposal) -> str:
    is_whole = _whole_lines(proposal.answer) == proposal.answer
    whole = "" if is_whole else " · all of it stands on the insights pages"
    return f"`{escape(proposal.file)}`{whole}"


def _whole_lines(text: str) -> str:
    """Return the first lines of a list in Markdown; a mark that is cut off would end nowhere."""
    kept: list[str] = []
    for line in text.splitlines():
        short = _short_line(line)
        if len("\n".join([*kept, short])) > QUOTED:
            break
        kept.append(short)
    left = len(text.splitlines()) - len(kept)
    return "\n".join([*kept, *([f"- and {left} more"] if left else [])])


def _short_line(line: str) -> str:
    """Return a line of Markdown, shortened, in which what is bold or struck also ends."""
    short = shorten(line, _LONGEST_LINE)
    for mark in ("**", "~~"):
        short += mark * (short.count(mark) % 2)
    return short


def _decision(proposal: Proposal, owners: OwnerSet, *, written: bool) -> str:
    who = f"<@{proposal.decided_by}>"
    match proposal.state:
        case ProposalState.APPROVED if not written:
            return f"Approved by {who} · being written into the content …"
        case ProposalState.APPROVED:
            done = "in the content" if proposal.kind == EDIT else "answered from now on"
            return f"Approved by {who} {moment(proposal.changed)}, and {done}"
        case ProposalState.REJECTED:
            return f"Rejected by {who} {moment(proposal.changed)}"
        case ProposalState.OPEN if not owners.besides(proposal.proposed_by):
            return f"Waits for a second owner. {ALONE}"
        case ProposalState.OPEN:
            return f"Waits for a decision · {owners} may decide, but nobody approves their own"


def moment(time: dt.datetime, *, marked: bool = True) -> str:
    """Return a time in words: in the reader's zone in Slack's markup, else in UTC."""
    fallback = f"on {time:%-d %B %Y at %H:%M} UTC"
    if not marked:
        return fallback
    return f"<!date^{int(time.timestamp())}^on {{date_short_pretty}} at {{time}}|{fallback}>"


def _buttons(buttons: Sequence[tuple[Action, str, str]], value: str) -> list[JsonObject]:
    elements = [
        button(kind, 0, label, value, **({"style": style} if style else {}))
        for kind, label, style in buttons
    ]
    return [actions(elements)] if elements else []
