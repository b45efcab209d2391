"""`faqbot roles`: the roles of the content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faqbot.cli.common import Json, Knowledge

if TYPE_CHECKING:
    import datetime as dt

    from rich.table import Table

    from faqbot.model import KnowledgeBase, Role

EXAMPLE = "Example: faqbot roles --json"


def roles(*, as_json: Json = False, knowledge: Knowledge = None) -> None:
    """List the roles with their sections, FAQs and last review.

    With --json one line for each role.
    """
    import datetime as dt

    from faqbot.cli.common import console, content_folder, print_json
    from faqbot.content.loader import load_knowledge_base

    knowledge_base = load_knowledge_base(content_folder(knowledge))
    today = dt.datetime.now(dt.UTC).date()
    if as_json:
        for role in knowledge_base.roles:
            print_json(_json(role, today))
        return
    console().print(_table(knowledge_base, today))


def _stale(role: Role, today: dt.date) -> bool:
    from faqbot.model import is_stale

    return is_stale(role.reviewed, role.review_every, today)


def _json(role: Role, today: dt.date) -> dict[str, object]:
    return {
        "id": role.id,
        "title": role.title,
        "aliases": list(role.aliases),
        "family": role.family,
        "owner": role.owner,
        "parts": [section.key for section in role.sections],
        "faqs": [faq.key for faq in role.faqs],
        "reviewed": role.reviewed.isoformat() if role.reviewed else None,
        "stale": _stale(role, today),
    }


def _table(knowledge_base: KnowledgeBase, today: dt.date) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(caption=_summary(knowledge_base), caption_justify="left")
    for title in ("Role", "Id", "Family"):
        table.add_column(title, overflow="fold")
    table.add_column("Parts", justify="right")
    table.add_column("FAQs", justify="right")
    table.add_column("Reviewed", no_wrap=True)
    for role in knowledge_base.roles:
        reviewed = Text(role.reviewed.isoformat() if role.reviewed else "never")
        if _stale(role, today):
            reviewed.append(" (overdue)", style="yellow")
        table.add_row(
            Text(role.title),
            role.id,
            Text(role.family),
            str(len(role.sections)),
            str(len(role.faqs)),
            reviewed,
        )
    return table


def _summary(knowledge_base: KnowledgeBase) -> str:
    faqs = sum(len(role.faqs) for role in knowledge_base.roles)
    general = len(knowledge_base.faqs)
    return f"{len(knowledge_base.roles)} roles, {faqs} role FAQs, {general} general FAQs"
