"""Block Kit views: App Home, the search modal, the list of roles, help and the greeting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from faqbot.model import Audience, DocumentForm, KnowledgeBase, Role
from faqbot.replies.compose import NOTHING_WRITTEN, is_empty
from faqbot.replies.reply import (
    ALL_ROLES,
    Bullets,
    Button,
    Reply,
    ReplyPart,
    ReplyText,
    literal,
    with_article,
)
from faqbot.slack.blockkit.blocks import (
    BUTTONS,
    Action,
    EntryRef,
    Message,
    actions,
    button,
    context,
    groups,
    header,
    render,
    role_menus,
    shorten,
)
from faqbot.slack.blockkit.modals import modal, text_input
from faqbot.slack.blockkit.rich_text import JsonObject, paginate, rich

QUESTION_BLOCK: Final = "question"
QUESTION_INPUT: Final = "text"
SEARCH_VIEW: Final = "search"
ANSWER_VIEW: Final = "answer"
_QUESTION: Final = 1_000
NOT_NOW: Final = "Sorry, I can't reach my database right now. Please try again later."
_ECHO: Final = 300
_FAMILIES: Final = 40
_FAMILY_BUTTONS: Final = 10
_SMALL_FAMILY: Final = 2
"""Families of at most so many roles share a heading in App Home."""

_MENUS: Final = 80
_MOST_EXAMPLES: Final = 4
_EXAMPLES: Final = (
    ("skills", "What skills does {} need?"),
    ("day-to-day", "What does {} do all day?"),
    ("education", "Which education does {} need?"),
    ("responsibilities", "What is {} responsible for?"),
    ("experience", "How much experience does {} need?"),
    ("overview", "What is {}?"),
)
"""Parts of a role, and how one asks for them."""

_OTHER_ROLES: Final = "Other roles"
_TITLES_BYTES: Final = 4_500
"""Byte budget of a page of titles: its menus hold them a second time."""


def home(knowledge_base: KnowledgeBase) -> JsonObject:
    """Return App Home: search, example questions, and the roles by family."""
    blocks: list[JsonObject] = [
        header("Ask about a job role"),
        _paragraph(
            "I answer questions about our roles: what people do, which skills and education they "
            "need, how to apply. Every answer is written by the people who own the role, and I say "
            "so when I don't know."
        ),
        actions([button(Action.SEARCH, 0, "Ask a question", "search", style="primary")]),
    ]
    if is_empty(knowledge_base):
        blocks[2:] = [_title("Not yet"), _paragraph(NOTHING_WRITTEN)]
        return {"type": "home", "blocks": blocks}
    examples = example_questions(knowledge_base)
    if examples:
        blocks += [_title("For example"), _actions(Action.ASK, examples)]
    blocks += _families(knowledge_base.roles)
    blocks.append(
        context(
            "You can also send me a message, mention me in a channel, or type /role and a name."
        )
    )
    return {"type": "home", "blocks": blocks}


def search_modal() -> JsonObject:
    """Return the modal with a field for a question."""
    question = text_input(
        QUESTION_BLOCK,
        "Your question",
        action=QUESTION_INPUT,
        hint="Name the role and what you want to know about it.",
        placeholder="Which skills does a data analyst need?",
        max_length=_QUESTION,
        multiline=False,
    )
    return modal("Ask about a role", [question], callback=SEARCH_VIEW, submit="Ask")


def answer_modal(message: Message, asked: str = "") -> JsonObject:
    """Return the modal that shows an answer, and the question if one was typed."""
    blocks = [context(f"You asked: {shorten(asked, _ECHO)}")] if asked.strip() else []
    return modal("faqbot", [*blocks, *message.blocks], callback=ANSWER_VIEW, close="Close")


def echoed(message: Message, asked: str) -> Message:
    """Return a private answer with its question, which Slack doesn't show."""
    if not asked.strip():
        return message
    line = context(f"You asked: {shorten(asked, _ECHO)}")
    return Message(message.text, (line, *message.blocks))


def roles_list(knowledge_base: KnowledgeBase, page: int = 1) -> Message:
    """Return the list of roles by family, with a menu that opens one."""
    if not knowledge_base.roles:
        return _no_roles(knowledge_base)
    families = _with_small_ones_joined(by_family(knowledge_base.roles))
    parts = tuple(
        ReplyPart(
            family,
            family if len(families) > 1 else "",
            (Bullets(tuple(role.title for role in roles)),),
        )
        for family, roles in families
    )
    reply = Reply(header="Roles that I know", parts=parts)
    message = render(reply, EntryRef((ALL_ROLES,), page=page), _TITLES_BYTES)
    pages = paginate(reply, _TITLES_BYTES)
    shown = _titles(pages[min(page, len(pages)) - 1])
    roles = [role for role in knowledge_base.roles if role.title in shown]
    menus = list(role_menus(Action.SHOW, _buttons(roles)))
    if not menus:
        return message
    return Message(message.text, (*message.blocks, actions(menus)))


def which_advert(knowledge_base: KnowledgeBase) -> Message:
    """Return the question for which role an advertisement is wanted, with a menu of roles."""
    if not knowledge_base.roles:
        return _no_roles(knowledge_base)
    roles = [
        Button(one.label, f"=about {DocumentForm.ADVERTISEMENT} {one.entry}")
        for one in _buttons(knowledge_base.roles)
    ]
    return _which("For which role?", Action.CHOOSE, roles)


def which_comparison(
    knowledge_base: KnowledgeBase, first: Role | None, unknown: str = ""
) -> Message:
    """Return the question which roles to compare: the first one, or another with the first.

    Args:
        knowledge_base: the content.
        first: the role that is named.
        unknown: words for another one that the content doesn't have.
    """
    if not knowledge_base.roles:
        return _no_roles(knowledge_base)
    others = _buttons([role for role in knowledge_base.roles if role is not first])
    if first is None:
        return _which("Which role do you want to compare?", Action.COMPARE, others)
    roles = [Button(one.label, f"=compare - {first.id} {one.entry}") for one in others]
    missing = f"I have no description of “{literal(unknown)}”. " if unknown else ""
    question = f"{missing}Compare **{literal(first.title)}** with which role?"
    return _which(question, Action.CHOOSE, roles)


def _no_roles(knowledge_base: KnowledgeBase) -> Message:
    if is_empty(knowledge_base):
        return notice(NOTHING_WRITTEN)
    return notice("I know no roles yet, but I answer general questions.")


def _which(question: str, kind: str, roles: Sequence[Button]) -> Message:
    message = notice(question)
    menus = list(role_menus(kind, roles))
    return Message(message.text, (*message.blocks, actions(menus))) if menus else message


def help_message(knowledge_base: KnowledgeBase) -> Message:
    """Return the help."""
    examples = tuple(f"“{example.entry}”" for example in example_questions(knowledge_base))
    ways = (
        "Here or in a thread: just ask. I remember the role that a thread is about.",
        "In a channel: mention me, and I answer in the thread.",
        "`/faq` and a question: an answer that only you see.",
        "`/role` and a name, such as `/role data analyst skills`: the description of a role.",
        "`/role compare data analyst, data engineer`: roles side by side.",
        "`/role advert data analyst`: a job advertisement, as a message and a file.",
        "`/roles`: every role that I know.",
        "`/faq report`: what was asked and missed in the last seven days, for owners.",
        "`/faq settings`: when I answer in a channel, and who does when I can't.",
    )
    parts = [ReplyPart("ways", "How to ask", (Bullets(ways),))]
    if examples:
        parts.insert(0, ReplyPart("examples", "For example", (Bullets(examples),)))
    lead = "I answer questions about job roles, and say so when I don't know."
    if is_empty(knowledge_base):
        lead += f"\n\n{NOTHING_WRITTEN}"
    message = render(
        Reply(
            header="What I can do",
            lead=lead,
            parts=tuple(parts),
        )
    )
    menu = _actions(Action.ASK, example_questions(knowledge_base))
    return Message(message.text, (*message.blocks, menu)) if examples else message


def welcome(knowledge_base: KnowledgeBase) -> Message:
    """Return the greeting of a direct conversation."""
    count = len(knowledge_base.roles)
    known = f" about the {count} roles that I know" if count > 1 else ""
    if count == 1:
        known = f" about the {literal(knowledge_base.roles[0].title)}"
    lead = f"Ask me anything{known}, in your own words."
    reply = Reply(
        header="Hello!",
        lead=NOTHING_WRITTEN if is_empty(knowledge_base) else lead,
        hint="Say “help” to see what else I can do.",
    )
    message = render(reply)
    examples = example_questions(knowledge_base)
    if not examples:
        return message
    *rest, foot = message.blocks
    return Message(message.text, (*rest, _actions(Action.ASK, examples), foot))


def none_of_these() -> Message:
    """Return the reply to somebody who meant none of the choices."""
    lead = "Sorry about that. Try other words, or name the role and what you want to know."
    return render(Reply(lead=lead, more=(Button("All roles", ALL_ROLES),)))


def notice(text: str) -> Message:
    """Return a message of one paragraph."""
    return render(Reply(parts=(ReplyPart("", "", (ReplyText(text),)),)))


def example_questions(knowledge_base: KnowledgeBase) -> tuple[Button, ...]:
    """Return example questions that the content answers, as buttons whose `entry` is the question.

    They are about sections that roles have: first of different roles, then of any.
    """
    roles = knowledge_base.roles
    spread = [roles[at] for at in (0, len(roles) // 2, -1)] if roles else []
    questions: list[str] = []
    for role, (part, _) in zip(spread, _EXAMPLES, strict=False):
        having = role if role.section(part) else next((r for r in roles if r.section(part)), None)
        if having:
            questions.append(_example(having, part))
    if knowledge_base.entry("faq/how-to-apply"):
        questions.append("How do I apply?")
    more = [_example(role, part) for role in spread for part, _ in _EXAMPLES if role.section(part)]
    more += [faq.question for faq in knowledge_base.faqs if faq.audience is Audience.EVERYONE]
    found = [*dict.fromkeys((*questions, *more))][:_MOST_EXAMPLES]
    return tuple(Button(question, question) for question in found)


def _example(role: Role, part: str) -> str:
    return dict(_EXAMPLES)[part].format(with_article(role.title))


def by_family(roles: Sequence[Role]) -> tuple[tuple[str, tuple[Role, ...]], ...]:
    """Return roles by family, sorted by name; roles without a family are last."""
    families: dict[str, list[Role]] = {}
    for role in roles:
        families.setdefault(role.family, []).append(role)
    ordered = sorted(families.items(), key=lambda item: (not item[0], item[0]))
    return tuple(
        (_family_title(family), tuple(sorted(members, key=lambda role: role.title)))
        for family, members in ordered
    )


def _families(roles: Sequence[Role]) -> Iterator[JsonObject]:
    families = _with_small_ones_joined(by_family(roles))
    if len(families) > _FAMILIES:
        families = (("All roles", tuple(sorted(roles, key=lambda role: role.title))),)
    start = 0
    for title, members in families:
        yield _title(title)
        if len(members) <= _FAMILY_BUTTONS:
            elements = [
                button(f"{Action.SHOW}", start + number, role.title, role.id)
                for number, role in enumerate(members)
            ]
            yield actions(elements)
        else:
            menus = list(role_menus(Action.SHOW, _buttons(members), start))
            for group in groups(menus[:_MENUS], BUTTONS):
                yield actions(group)
        start += len(members)


def _with_small_ones_joined(
    families: Sequence[tuple[str, tuple[Role, ...]]],
) -> Sequence[tuple[str, tuple[Role, ...]]]:
    """Return the families with several roles, then the roles of all others under one heading.

    Many headings with a role or two below each would hide the roles.
    """
    large = [family for family in families if len(family[1]) > _SMALL_FAMILY]
    small = [role for _, members in families if len(members) <= _SMALL_FAMILY for role in members]
    if not small:
        return large
    others = tuple(sorted(small, key=lambda role: role.title))
    # Roles without a family may be many, and then have the same heading.
    if large and large[-1][0] == _OTHER_ROLES:
        others = tuple(sorted((*large.pop()[1], *others), key=lambda role: role.title))
    return [*large, (_OTHER_ROLES if large else "Roles", others)]


def _titles(page: Reply) -> set[str]:
    """Return the titles of the roles on a page of the list."""
    blocks = [block for part in page.parts for block in part.body]
    return {item for block in blocks if isinstance(block, Bullets) for item in block.items}


def _buttons(roles: Sequence[Role]) -> tuple[Button, ...]:
    ordered = sorted(roles, key=lambda role: role.title)
    return tuple(Button(role.title, role.id) for role in ordered)


def _family_title(family: str) -> str:
    words = family.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else _OTHER_ROLES


def _title(text: str) -> JsonObject:
    return _paragraph(f"**{text}**")


def _paragraph(markdown: str) -> JsonObject:
    return {"type": "rich_text", "elements": rich(markdown)}


def _actions(kind: str, buttons: Sequence[Button]) -> JsonObject:
    elements = [button(kind, number, one.label, one.entry) for number, one in enumerate(buttons)]
    return actions(elements)
