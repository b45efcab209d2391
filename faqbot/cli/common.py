"""What the commands that ask questions share: a desk, a checked role, the JSON contract."""

from __future__ import annotations

from pathlib import Path

from faqbot.cli.common__output import note
from faqbot.engine import Desk
from faqbot.errors import UsageError
from faqbot.model import (
    Answered,
    Audience,
    Candidate,
    Comparison,
    Declined,
    Library,
    Line,
    Lookup,
    Question,
    Receipt,
    Requirement,
    Unsure,
)


def open_desk(knowledge: str | None) -> Desk:
    """The desk of a content folder; says on standard error when it is the shipped one.

    Raises:
        ContentError: the content has problems.
        UsageError: there is no content in the folder, or the encoder can't be loaded.
    """
    from faqbot import app
    from faqbot.settings import configured_cache, configured_encoder

    return app.open_desk(content_folder(knowledge), configured_encoder(), configured_cache())


def content_folder(knowledge: str | None) -> Path:
    """The content folder that is named here or in `.env`, else ./knowledge, else the shipped one.

    Raises:
        SettingsError: `.env` can't be read.
    """
    from faqbot import app
    from faqbot.settings import configured_knowledge

    folder, line = app.knowledge_folder(knowledge or configured_knowledge())
    note(line)
    return folder


def question(text: str, audience: Audience, role: str | None = None) -> Question:
    """A question from this terminal."""
    return Question(text, asker="terminal", audience=audience, role=role)


def known_role(library: Library, role_id: str | None) -> str | None:
    """The id of a role, if one is given.

    Raises:
        UsageError: no role has that id; the message names the nearest.
    """
    if role_id is None or library.role(role_id):
        return role_id
    from rapidfuzz import fuzz, process

    near = process.extract(
        role_id.lower(), list(library.roles_by_id), scorer=fuzz.ratio, score_cutoff=60, limit=1
    )
    meant = f" Did you mean {near[0][0]!r}?" if near else ""
    raise UsageError(f"No role has the id {role_id!r}.{meant} `faqbot roles` lists them all.")


def contract(asked: str, receipt: Receipt, text: str) -> dict[str, object]:
    """A receipt as the JSON that other programs read; keys are added, never changed."""
    outcome, entries = _outcome(receipt)
    return {
        "question": asked,
        "outcome": outcome,
        "role": receipt.role,
        "entries": [entry(candidate) for candidate in entries],
        "text": text,
        **_fact(receipt),
    }


def _fact(receipt: Receipt) -> dict[str, object]:
    """What the data of roles says, only where it answers: the kind, the roles and their lines."""
    fact = receipt.outcome.fact if isinstance(receipt.outcome, Answered) else None
    if fact is None:
        return {}
    said: dict[str, object] = {"kind": fact.kind, "roles": list(fact.roles)}
    match fact:
        case Requirement(subject=subject, level=level, lines=lines):
            said |= {"subject": subject, "level": level.value, "lines": _lines(lines)}
        case Lookup(subject=subject, wanted=wanted, lines=lines, also=also):
            said |= {"subject": subject, "wanted": wanted.value}
            said |= {"lines": _lines(lines), "also": _lines(also)}
        case Comparison(part=part):
            said |= {"part": part}
    return {"fact": said}


def _lines(lines: tuple[Line, ...]) -> list[dict[str, str]]:
    return [{"entry": line.entry, "text": line.text, "level": line.level.value} for line in lines]


def entry(candidate: Candidate) -> dict[str, object]:
    """A candidate as JSON."""
    return {
        "id": candidate.id,
        "kind": candidate.kind.value,
        "role": candidate.role,
        "confidence": candidate.confidence,
    }


def _outcome(receipt: Receipt) -> tuple[str, tuple[Candidate, ...]]:
    match receipt.outcome:
        case Answered(entries=entries):
            return "answer", entries
        case Unsure(options=options):
            return "choices", options
        case Declined():
            return "decline", ()
