"""`faqbot explain`: what was parsed from a question, its candidates, and the decision's reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.common import (
    Json,
    Knowledge,
    QuestionWords,
    RoleId,
    Who,
    checked_role_id,
    console,
    load_engine,
    print_json,
    printable,
    question_of,
)
from faqbot.errors import UsageError, counted
from faqbot.model import (
    Answer,
    Audience,
    Candidate,
    Choices,
    Decline,
    LinkMethod,
    ParsedQuestion,
    Reason,
    Silence,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from faqbot.cli.ask import QuestionAsker
    from faqbot.engine import Engine
    from faqbot.evaluation.runner import OutcomeChange
    from faqbot.matching.candidates import Explanation
    from faqbot.replies.result import Result

REASONS = {
    Reason.CLEAR: "one entry is clearly the best",
    Reason.WHICH_ROLE: "the part is clear, the role is not",
    Reason.WHICH_PART: "the role is clear, the part is not",
    Reason.CLOSE: "no entry is certain enough, but some are near",
    Reason.EMPTY: "the question has no words to go by",
    Reason.UNKNOWN_ROLE: "the question is about a role that the content does not describe",
    Reason.NOT_WRITTEN: "the part is clear, but nobody has written it for this role",
    Reason.SMALL_TALK: "all of it is small talk",
    Reason.SENSITIVE: "it is about a sensitive matter, which goes to a person",
    Reason.NOT_UNDERSTOOD: "nothing in the content is near enough",
}

LINKS = {
    LinkMethod.TITLE: "its title",
    LinkMethod.ALIAS: "another name",
    LinkMethod.TYPO: "a misspelt name",
    LinkMethod.PARTIAL: "a part of its name",
    LinkMethod.CONVERSATION: "the conversation, or --role",
}


VETOES = {
    "code": "is a code that it doesn't have",
    "verb": "is an action that it doesn't explain",
    "number": "is another number than its own",
}

MIN_SHOWN = 0.05
"""Log odds from which a feature's contribution is shown."""

EXPLAINED = 3
"""Candidates whose features are shown."""


def explanation_json(result: Result, explanations: Sequence[Explanation]) -> dict[str, object]:
    """Return the fields that `faqbot explain --json` adds to the JSON contract."""
    from faqbot.replies.result import candidate_to_dict

    parsed, outcome = result.parsed, result.outcome
    explained = {explanation.entry: explanation for explanation in explanations}
    declined = outcome if isinstance(outcome, Decline) else Decline()
    return {
        "why": outcome.reason.value,
        "normalised": parsed.normalised,
        "repairs": [{"written": fix.written, "read": fix.corrected} for fix in parsed.corrections],
        "links": [
            {"role": link.role, "words": link.words, "by": link.method.value, "score": link.score}
            for link in parsed.links
        ],
        "unknown_role": parsed.unknown_role,
        "verbatim": parsed.verbatim.id if parsed.verbatim else None,
        "candidates": [
            candidate_to_dict(candidate)
            | {"opinions": dict(candidate.scores)}
            | _evidence_json(explained[candidate.id])
            for candidate in parsed.candidates
        ],
        "nearest": list(declined.nearest),
        "owner": declined.owner,
        "content_version": result.content_version,
        "milliseconds": round(result.seconds * 1000, 3),
    }


def _evidence_json(explanation: Explanation) -> dict[str, object]:
    veto = explanation.veto
    return {
        "contributions": {name: round(value, 4) for name, value in explanation.contributions},
        "log_odds": round(explanation.log_odds, 4),
        "learnt": round(explanation.learnt, 4),
        "verifier_share": round(explanation.verifier_share, 4),
        "veto": {"kind": veto.kind.value, "words": veto.words} if veto else None,
    }


def render(result: Result, explanations: Sequence[Explanation]) -> Iterator[RenderableType]:
    """Yield the explanation's tables."""
    yield _reading(result.parsed)
    if result.parsed.links:
        yield ""
        yield _links(result.parsed)
    if result.parsed.candidates:
        yield ""
        yield _candidates(result.parsed.candidates)
        yield ""
        yield _evidence(explanations[:EXPLAINED])
    if any(explanation.veto for explanation in explanations):
        yield ""
        yield _vetoes(explanations)
    yield ""
    yield _decision(result)


def _facts() -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _reading(parsed: ParsedQuestion) -> Table:
    from rich.text import Text

    table = _facts()
    table.add_row("Question", Text(printable(parsed.text)))
    table.add_row("Normalised", Text(printable(parsed.normalised) or "nothing is left"))
    for correction in parsed.corrections:
        table.add_row(
            "Corrected",
            Text(f"{printable(correction.written)} → {printable(correction.corrected)}"),
        )
    if parsed.verbatim:
        table.add_row("Verbatim", f"the own question of {parsed.verbatim.id}")
    if parsed.unknown_role:
        table.add_row("Unknown role", Text(printable(parsed.unknown_role)))
    return table


def _links(parsed: ParsedQuestion) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("Role", "Words", "Linked by", "Score", title="Roles", title_justify="left")
    for link in parsed.links:
        table.add_row(
            link.role, Text(printable(link.words)), LINKS[link.method], f"{link.score:.2f}"
        )
    return table


def _candidates(candidates: tuple[Candidate, ...]) -> Table:
    from rich.table import Table

    views = list(dict.fromkeys(view for c in candidates for view, _ in c.scores))
    table = Table(title="Candidates", title_justify="left")
    table.add_column("Entry", overflow="fold", min_width=24)
    table.add_column("Confidence", justify="right")
    for view in views:
        table.add_column(view, justify="right")
    for candidate in candidates:
        opinions = dict(candidate.scores)
        table.add_row(
            candidate.id or "the role as a whole",
            f"{candidate.confidence:.2f}",
            *(f"{opinions[view]:.2f}" if view in opinions else "" for view in views),
        )
    return table


def _evidence(explanations: Sequence[Explanation]) -> Table:
    """Return what each feature adds to the log odds of the best candidates, and what follows."""
    from rich.table import Table

    table = Table(title="Evidence, in log odds", title_justify="left")
    table.add_column("Feature")
    for explanation in explanations:
        table.add_column(
            explanation.entry or "the role as a whole", justify="right", overflow="fold"
        )
    columns = [dict(explanation.contributions) for explanation in explanations]
    for name in dict.fromkeys(name for column in columns for name in column):
        values = [column.get(name, 0.0) for column in columns]
        if any(abs(value) >= MIN_SHOWN for value in values):
            table.add_row(name, *(f"{value:+.2f}" for value in values))
    table.add_section()
    table.add_row("sum", *(f"{explanation.log_odds:+.2f}" for explanation in explanations))
    for label, values in (
        ("verified: its probability", [e.verified for e in explanations]),
        ("learnt from the content", [e.learnt for e in explanations]),
        ("share of verified", [e.verifier_share for e in explanations]),
    ):
        table.add_row(label, *(f"{value:.2f}" for value in values))
    return table


def _vetoes(explanations: Sequence[Explanation]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("Entry", "Offered at most, since", title="Vetoes", title_justify="left")
    for explanation in explanations:
        if explanation.veto:
            words = printable(explanation.veto.words)
            table.add_row(explanation.entry, Text(f"“{words}” {VETOES[explanation.veto.kind]}"))
    return table


def _decision(result: Result) -> Table:
    from rich.text import Text

    table = _facts()
    outcome = result.outcome
    match outcome:
        case Answer(entries=entries):
            table.add_row("Decision", "answer")
            _rows(table, "With", entries)
        case Choices(options=options):
            table.add_row("Decision", "ask back")
            _rows(table, "Options", options)
        case Decline(nearest=nearest, owner=owner):
            table.add_row("Decision", "decline")
            if nearest:
                table.add_row("Nearest", ", ".join(nearest))
            if owner:
                table.add_row("Ask", Text(owner))
        case Silence():
            table.add_row("Decision", "silence")
    table.add_row("Because", REASONS[outcome.reason])
    table.add_row("Took", f"{result.seconds * 1000:.1f} ms")
    return table


def _rows(table: Table, label: str, candidates: tuple[Candidate, ...]) -> None:
    for number, candidate in enumerate(candidates):
        confidence = f"{candidate.id} ({candidate.confidence:.2f})"
        table.add_row("" if number else label, confidence)


_MAX_CHANGES = 12


def with_phrasings(engine: Engine, more: Mapping[str, Sequence[str]]) -> Engine:
    """Return an engine of the same content with more phrasings, by entry."""
    from faqbot import app
    from faqbot.content.loader import with_phrasings
    from faqbot.engine import Engine
    from faqbot.matching.conversations import ConversationMemory
    from faqbot.matching.training_data import shared_resources
    from faqbot.settings.sources import configured_cache, configured_encoder

    # The resources of the engine: what one of the two has encoded needn't be encoded again.
    resources = shared_resources(configured_encoder(), configured_cache())
    knowledge = app.build_index(with_phrasings(engine.knowledge_base, more), resources)
    # No question of a comparison belongs to a conversation, so no time has to pass.
    return Engine(knowledge, ConversationMemory(lambda: 0.0))


def outcome_diff(before: Engine, after: Engine, text: str) -> str:
    """Say how a change of the content changes one question's outcome."""
    from faqbot.evaluation.runner import TestQuestion, outcome_changes

    for change in outcome_changes(before, after, [TestQuestion(text, None, "")]):
        return f"The question itself was {change.before}, and would be {change.after}."
    return "The question itself would be answered as it is now."


def compare(before: Engine, after: Engine) -> tuple[int, tuple[OutcomeChange, ...]]:
    """Return the number of questions in the content, and those whose outcome changes."""
    from faqbot.evaluation.runner import content_questions, outcome_changes

    questions = content_questions(before.knowledge_base)
    return len(questions), outcome_changes(before, after, questions)


def print_changes(count: int, found: Sequence[OutcomeChange]) -> None:
    """Print a summary of the changed outcomes, the worst first."""
    better = sum(change.better for change in found)
    worse = sum(change.worse for change in found)
    typer.echo(
        f"{len(found)} of {counted(count, 'question')} of the content change: "
        f"{better} for the better, {worse} for the worse."
    )
    ordered = sorted(found, key=lambda change: (not change.worse, not change.better))
    for change in ordered[:_MAX_CHANGES]:
        mark = "worse" if change.worse else "better" if change.better else "other"
        typer.echo(
            printable(f"  {mark}: “{change.question.text}” was {change.before}, is {change.after}")
        )


Add = Annotated[
    str | None,
    typer.Option(
        "--add",
        metavar="ENTRY",
        help="Say what would change if this were a phrasing of that section or FAQ.",
        show_default=False,
    ),
]
EXAMPLE = 'Example: faqbot explain "wich degree for a data anlyst"'


def explain(
    words: QuestionWords = None,
    *,
    role: RoleId = None,
    add: Add = None,
    as_json: Json = False,
    audience: Who = Audience.EMPLOYEES,
    knowledge: Knowledge = None,
) -> None:
    """Show how a question is understood.

    What was normalised and corrected, and which role was linked through which words.

    Then the candidates with the score of each view, what each feature adds to the log odds of the
    best, which of them are vetoed and why, and the reason of the decision. With --add also what
    would change if the question were a phrasing of that entry.
    """
    text = question_of(words)
    if text is None:
        raise UsageError(f"Give a question to explain. {EXAMPLE}")
    from faqbot.cli.ask import QuestionAsker

    engine = load_engine(knowledge)
    _explain(
        QuestionAsker(engine, audience, checked_role_id(engine.knowledge_base, role)),
        text,
        as_json=as_json,
    )
    if add:
        _print_changes_by_phrasing(engine, text, add)


def _print_changes_by_phrasing(engine: Engine, text: str, entry_id: str) -> None:
    """Print what would change if the question were a phrasing of an entry."""
    from faqbot.model import Role

    entry = engine.knowledge_base.entry(entry_id)
    # A role as a whole is asked for by its titles, which are no phrasings.
    if entry is None or isinstance(entry, Role):
        raise UsageError(
            f"--add {entry_id} is neither a section nor an FAQ: write role/section, role/faq/id or "
            "faq/id as faqbot roles and faqbot ask --json show them."
        )
    after = with_phrasings(engine, {entry_id: (text,)})
    typer.echo(f"\nWith this as a phrasing of {entry_id}:")
    count, found = compare(engine, after)
    own = outcome_diff(engine, after, text)
    typer.echo(own)
    print_changes(count, found)


def _explain(asker: QuestionAsker, text: str, *, as_json: bool) -> None:

    result, explanations = asker.result(text), asker.explanations(text)
    if as_json:
        explained = explanation_json(result, explanations)
        print_json(result.to_dict() | {"question": text} | explained)
    else:
        terminal = console()
        for block in render(result, explanations):
            terminal.print(block)
