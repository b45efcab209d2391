"""Proposals of edits, where owners decide before a file is written."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from faqbot.editor.changes import changes_in_words
from faqbot.editor.files import PendingEdit
from faqbot.storage.models import EDIT, Proposal, utc_now
from faqbot.storage.store import new_id

_NO_WORDS: Final = "- Only how the file is written"


def proposal_of(pending: PendingEdit, person: str, roles: Collection[str]) -> Proposal:
    """Return the proposal of an edit, which no workspace has yet.

    Args:
        pending: the edit.
        person: who proposes it.
        roles: the ids of the roles in the content.
    """
    edit, now = pending.edit, utc_now()
    return Proposal(
        id=new_id(),
        team="",
        kind=EDIT,
        question=_what_is_edited(pending),
        answer="\n".join(changes_in_words(pending.before, pending.after)) or _NO_WORDS,
        role=_role_of_edit(pending, roles),
        proposed_by=person,
        created=now,
        changed=now,
        file=edit.file,
        version=edit.version,
        text=edit.text,
    )


def _what_is_edited(pending: PendingEdit) -> str:
    """Return in words what an edit is about."""
    form = pending.before or pending.after
    about = form.get("about")
    title = form.get("title") or (f"FAQs about {about}" if about else "General FAQs")
    if not pending.edit.version:
        return f"New: {title}"
    return f"{title}" if pending.edit.text is not None else f"Remove {title}"


def _role_of_edit(pending: PendingEdit, roles: Collection[str]) -> str | None:
    """Return the role whose owners decide about an edit; None leaves it to the default owners.

    What moves from one role to another is for both, so neither decides alone.
    """
    named = {
        str(form.get("role") or form.get("about") or "")
        for form in (pending.before, pending.after)
        if form
    }
    known = sorted(named & set(roles))
    return known[0] if len(known) == 1 and "" not in named else None
