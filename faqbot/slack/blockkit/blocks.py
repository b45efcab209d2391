"""Block Kit messages of replies, and their elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeVar

from faqbot.replies.reply import (
    Button,
    Reply,
    SourceLine,
    Table,
    as_text,
    literal,
)
from faqbot.replies.reply import plain as unmarked
from faqbot.slack.blockkit.rich_text import (
    PAGE_BYTES,
    PIECE_BYTES,
    JsonObject,
    body_of,
    bullets,
    escape,
    heading,
    paginate,
    rich,
)

FULL: Final = "full"


class Action(StrEnum):
    """What a button does. An `action_id` is an action, a colon and a number."""

    SHOW = "show"
    CHOOSE = "choose"
    COMPARE = "compare"
    PAGE = "page"
    NONE_OF_THESE = "none"
    ASK = "ask"
    SEARCH = "search"
    TRY_AGAIN = "again"
    RATE = "rate"
    ASK_PERSON = "person"
    CLAIM = "claim"
    REPLY = "reply"
    ASSIGN = "assign"
    SWITCH_ROLE = "turn"
    GIVE_BACK = "back"
    CLOSE = "close"
    SHARE = "share"
    SAVE_AS_FAQ = "save"
    APPROVE = "approve"
    REJECT = "reject"
    ACCEPT_SUGGESTION = "take"
    DISMISS_SUGGESTION = "leave"


@dataclass(frozen=True, slots=True)
class EntryRef:
    """Reference to entries to show; `full` shows a role's full description."""

    entries: tuple[str, ...]
    full: bool = False
    page: int = 1

    def __str__(self) -> str:
        if not self.full and self.page == 1:
            return " ".join(self.entries)
        return f"{' '.join(self.entries)}|{FULL if self.full else ''}|{self.page}"

    @property
    def role(self) -> str | None:
        """The role of all entries; None if they are of several roles or of none."""
        roles = {entry.partition("/")[0] for entry in self.entries if not entry.startswith("=")}
        role = roles.pop() if len(roles) == 1 else ""
        return role if role and role != "faq" else None


def parse_entry_ref(value: str) -> EntryRef:
    """Parse a button's value. A malformed one becomes a reference to an unknown entry."""
    entries, _, rest = value.partition("|")
    full, _, page = rest.partition("|")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1  # noqa: PLR2004
    # The key of a fact is one reference, whose words are roles.
    found = (entries,) if entries.startswith("=") else tuple(entries.split())
    return EntryRef(found, full == FULL, max(1, number))


T = TypeVar("T")

HEADER: Final = 150
LABEL: Final = 75
BUTTONS: Final = 25
BUTTON_VALUE: Final = 2_000
OPTIONS: Final = 100
FIELD: Final = 2_000
FEW_ROLES: Final = 5
_CONTEXT: Final = 2_000
_MAX_SECTION: Final = 3_000
_KEPT: Final = 1_024
"""Rendered messages that are cached, some 15 kB each."""

_MENU_CHARACTERS: Final = 7_000
"""Characters of menus of roles, of the 13,200 that a message may have."""


@dataclass(frozen=True, slots=True)
class Message:
    """A Slack message: blocks, and a text for notifications and screen readers."""

    text: str
    blocks: tuple[JsonObject, ...]

    def as_content(self) -> JsonObject:
        """Return the arguments of a method that shows the message to one person."""
        return {"text": self.text, "blocks": list(self.blocks)}

    def as_arguments(self) -> JsonObject:
        """Return the arguments of a method that posts the message; links don't unfurl."""
        return {**self.as_content(), "unfurl_links": False, "unfurl_media": False}


@lru_cache(_KEPT)
def render(reply: Reply, address: EntryRef | None = None, most: int = PAGE_BYTES) -> Message:
    """Return the message of a reply. Messages are cached: copy the blocks before you change them.

    Args:
        reply: what is shown.
        address: its reference for page buttons, with the page.
        most: the byte budget of a page.
    """
    folds = address is not None and not address.full and any(part.folded for part in reply.parts)
    if folds:
        reply = replace(reply, parts=tuple(part for part in reply.parts if not part.folded))
    pages = paginate(with_roles_that_fit(reply), most)
    number = min(address.page if address else 1, len(pages))
    page = pages[number - 1]
    blocks = [
        *_head(page),
        *_parts(page, several=len(reply.parts) > 1),
        *_choices(page),
        *_ways_on(page, address if folds else None),
        *_page_buttons(address, number, len(pages)),
        *_foot(page, number, len(pages)),
    ]
    return Message(_notification(as_text(page)) or "…", tuple(blocks))


def _notification(text: str) -> str:
    """Return a text escaped, and cut to what chat.update takes of it: the blocks hold the rest."""
    escaped = escape(text)
    if len(escaped.encode()) <= PIECE_BYTES:
        return escaped
    # An escaped letter takes up to five bytes: a cut in the escaped text could halve one.
    kept = text.encode()[:PIECE_BYTES].decode(errors="ignore")
    while len(escape(kept).encode()) > PIECE_BYTES:
        kept = kept[: len(kept) * 4 // 5]
    return f"{escape(kept).rstrip()} …"


def plain(text: str) -> JsonObject:
    """Return a plain text object, which has no markup."""
    return {"type": "plain_text", "text": text, "emoji": True}


def shorten(text: str, most: int = LABEL) -> str:
    """Return a text, cut with an ellipsis if it is longer than Slack allows."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def groups(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield items in groups of a size."""
    return (items[start : start + size] for start in range(0, len(items), size))


def context(*lines: str) -> JsonObject:
    """Return a context block of Markdown: small grey text."""
    elements = [plain(shorten(line, _CONTEXT)) for line in lines if line.strip()]
    return {"type": "context", "elements": elements[:10]}


def remark(mrkdwn: str) -> Message:
    """Return a short message in Slack's own markup, with people as `<@ID>`.

    What others wrote must be escaped before it comes here.
    """
    return Message(mrkdwn, (mrkdwn_section(mrkdwn),))


def header(text: str) -> JsonObject:
    """Return a header block."""
    return {"type": "header", "text": plain(text)}


def mrkdwn_section(mrkdwn: str) -> JsonObject:
    """Return a section in Slack's own markup, cut at Slack's limit."""
    return {"type": "section", "text": _mrkdwn(mrkdwn[:_MAX_SECTION])}


def mrkdwn_context(mrkdwn: str) -> JsonObject:
    """Return a context block in Slack's own markup."""
    return {"type": "context", "elements": [_mrkdwn(mrkdwn)]}


def _mrkdwn(text: str) -> JsonObject:
    return {"type": "mrkdwn", "text": text}


def actions(elements: Sequence[JsonObject]) -> JsonObject:
    """Return a row of buttons and menus."""
    return {"type": "actions", "elements": list(elements)}


def option(label: str, value: str, description: str = "") -> JsonObject:
    """Return an option of a menu, check box or radio button."""
    described = {"description": plain(description)} if description else {}
    return {"text": plain(shorten(label)), "value": value, **described}


def button(kind: str, number: int, label: str, value: str, **more: Any) -> JsonObject:
    """Return a button; its number makes the action id unique in the message."""
    return {
        "type": "button",
        "action_id": f"{kind}:{number}",
        "text": plain(shorten(label)),
        "value": value,
        **more,
    }


def role_menus(kind: str, roles: Sequence[Button], start: int = 0) -> Iterator[JsonObject]:
    """Yield menus for any number of roles, a hundred in each."""
    menus = list(groups(roles, OPTIONS))
    for number, menu in enumerate(menus, start=start):
        hint = "Choose a role"
        if len(menus) > 1:
            hint += f" ({menu[0].label[:20]} … {menu[-1].label[:20]})"
        yield {
            "type": "static_select",
            "action_id": f"{kind}:menu-{number}",
            "placeholder": plain(hint),
            "options": [option(one.label, one.entry) for one in menu],
        }


def with_roles_that_fit(reply: Reply) -> Reply:
    """Return the reply with as many choices of roles as a message may contain."""
    room = _MENU_CHARACTERS
    kept = 0
    for role in reply.roles:
        room -= min(len(role.label), LABEL)
        if room < 0:
            break
        kept += 1
    left = len(reply.roles) - kept
    if not left:
        return reply
    hint = f"{left} more roles fit: write the name of the one that you mean."
    return replace(reply, roles=reply.roles[:kept], hint=" ".join(filter(None, (hint, reply.hint))))


# ------------------------------------------------------------------------------ the parts


def _head(page: Reply) -> Iterator[JsonObject]:
    if page.header and len(page.header) <= HEADER:
        yield header(page.header)
    elif page.header:
        yield _rich([heading(page.header)])
    if page.lead:
        yield _rich(rich(page.lead))


def _parts(page: Reply, *, several: bool) -> Iterator[JsonObject]:
    for part in page.parts:
        titled = several or not page.header.endswith(part.title)
        elements = body_of(part, titled=titled)
        if titled:
            elements = [heading(part.title), *elements]
        if elements:
            yield _rich(elements)
        for block in part.body:
            if isinstance(block, Table):
                yield from _side_by_side(block)


def _side_by_side(table: Table) -> Iterator[JsonObject]:
    """Yield a section for each row, with a field for each column."""
    for row in table.rows:
        fields = [
            _mrkdwn(_field(name, cell)) for name, cell in zip(table.heads, row.cells, strict=True)
        ]
        yield {**mrkdwn_section(f"*{escape(row.title)}*"), "fields": fields}


def _field(name: str, items: Sequence[str]) -> str:
    """Return items as lines up to the limit of a field, and how many are left out."""
    lines = [f"_{escape(name)}_"]
    room = FIELD - len(lines[0]) - len("\n… and 999 more")
    for number, item in enumerate(items):
        line = f"• {escape(unmarked(item))}"
        room -= len(line) + 1
        if room < 0:
            lines.append(f"… and {len(items) - number} more")
            break
        lines.append(line)
    return "\n".join(lines if items else [*lines, "Nothing listed"])


def _rich(elements: list[JsonObject]) -> JsonObject:
    return {"type": "rich_text", "elements": elements}


# --------------------------------------------------------------------------- the buttons


def _choices(page: Reply) -> Iterator[JsonObject]:
    options = page.roles if page.roles and len(page.roles) <= FEW_ROLES else page.choices
    if any(len(option.label) > LABEL for option in options):
        yield _rich(bullets([literal(option.label) for option in options]))
    elements: list[JsonObject] = [
        button(Action.CHOOSE, number, option.label, option.entry)
        for number, option in enumerate(options)
    ]
    if len(page.roles) > FEW_ROLES:
        elements += role_menus(Action.CHOOSE, page.roles)
    if page.choices or page.roles:
        elements.append(button(Action.NONE_OF_THESE, 0, "None of these", "none"))
    for group in groups(elements, BUTTONS):
        yield actions(group)


def _ways_on(page: Reply, folded: EntryRef | None) -> Iterator[JsonObject]:
    roles = {source.entry.partition("/")[0] for source in page.sources}
    roles |= {way.entry.partition("/")[0] for way in page.more if "/" in way.entry}
    elements = []
    if folded is not None:
        whole = str(EntryRef(folded.entries, full=True))
        elements.append(button(Action.PAGE, 0, "Show all", whole))
    for number, way in enumerate(page.more):
        address = EntryRef((way.entry,), full=way.entry in roles)
        elements.append(button(Action.SHOW, number, way.label, str(address)))
    for group in groups(elements, BUTTONS):
        yield actions(group)


def _page_buttons(address: EntryRef | None, number: int, count: int) -> Iterator[JsonObject]:
    if address is None or count == 1:
        return
    elements = [
        button(Action.PAGE, page, label, str(EntryRef(address.entries, address.full, page)))
        for page, label in ((number - 1, "Previous page"), (number + 1, "Next page"))
        if 1 <= page <= count
    ]
    yield actions(elements)


# ------------------------------------------------------------------------------ the foot


def _foot(page: Reply, number: int, count: int) -> Iterator[JsonObject]:
    lines = [*_source_lines(page.sources)]
    if count > 1:
        lines.append(f"Page {number} of {count}")
    if page.hint:
        lines.append(unmarked(page.hint))
    if lines:
        yield context(*lines)


def _source_lines(sources: Sequence[SourceLine]) -> Iterator[str]:
    """Return a line for each source; parts of one source share it."""
    origins: dict[tuple[object, ...], list[SourceLine]] = {}
    for source in sources:
        origin = (source.role_title, source.owner, source.reviewed, source.stale, source.example)
        origins.setdefault(origin, []).append(source)
    for group in origins.values():
        first = group[0]
        titles = [source.part_title for source in group if source.part_title]
        facts = (
            [first.role_title, ", ".join(titles)] if len(titles) < FEW_ROLES else [first.role_title]
        )
        facts.append(f"Owner: {first.owner}" if first.owner else "")
        if first.reviewed:
            facts.append(f"Reviewed {first.reviewed:%-d %B %Y}")
        facts.append("⚠️ Review overdue" if first.stale else "")
        facts.append("Example, to be replaced" if first.example else "")
        yield " · ".join(fact for fact in facts if fact)
