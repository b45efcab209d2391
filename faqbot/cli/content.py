"""`faqbot check` and `faqbot roles`: problems and tests of the content, and its roles."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from faqbot.cli.common import (
    Json,
    Knowledge,
    Quiet,
    Verbose,
    console,
    content_folder,
    in_quotes,
    print_json,
    printable,
)
from faqbot.errors import UsageError, counted
from faqbot.model import Faq

if TYPE_CHECKING:
    import datetime as dt

    from rich.table import Table

    from faqbot.lint.findings import Finding
    from faqbot.model import KnowledgeBase, Role

EXAMPLE = "Example: faqbot check knowledge --watch"


class CheckFormat(StrEnum):
    """How findings are printed."""

    HUMAN = "human"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


Folder = Annotated[
    str | None,
    typer.Argument(
        metavar="DIR",
        help="The content folder; without it FAQBOT_KNOWLEDGE, ./knowledge, else what ships.",
        show_default=False,
    ),
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--knowledge",
        "-k",
        metavar="DIR",
        help="The content folder, as other commands take it.",
        show_default=False,
    ),
]
Formatted = Annotated[
    CheckFormat, typer.Option("--format", help="For people, programs, GitHub or code scanners.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")]
StaleIsError = Annotated[
    bool, typer.Option("--stale-is-error", help="Fail where a review is overdue.")
]
AskSlack = Annotated[
    bool, typer.Option("--slack", help="Also ask Slack whether it knows and reaches every owner.")
]
Watch = Annotated[bool, typer.Option("--watch", help="Check again whenever a file is saved.")]

_WATCH_TIMEOUT: Final = 200
"""Milliseconds of silence after which `watch` yields an empty set."""


@dataclass(frozen=True, slots=True)
class _CheckResult:
    folder: Path
    knowledge_base: KnowledgeBase | None
    found: tuple[Finding, ...]

    def count(self, level: str) -> int:
        return sum(1 for one in self.found if one.level == level)


def check(
    folder: Folder = None,
    *,
    knowledge: AsOption = None,
    output: Formatted = CheckFormat.HUMAN,
    as_json: Json = False,
    strict: Strict = False,
    stale_is_error: StaleIsError = False,
    ask_slack: AskSlack = False,
    watch: Watch = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check the content, and ask each question and phrasing that it contains.

    Each finding is a line with file, line and column: errors, warnings, and with --verbose notes
    and what to do about each. Exit code 0 when there is no error, 1 when there is one (with
    --strict also for a warning), 2 when the content can't be found. --slack needs SLACK_BOT_TOKEN.
    """
    where = content_folder(_one_folder(folder, knowledge))
    shape = CheckFormat.JSON if as_json else output

    def once() -> bool:
        checked = _check(where, stale_is_error=stale_is_error, ask_slack=ask_slack)
        _print(checked, shape, quiet=quiet, verbose=verbose)
        return bool(checked.count("error") or (strict and checked.count("warning")))

    if watch:
        _watch(where, once)
    elif once():
        raise typer.Exit(1)


def _one_folder(folder: str | None, knowledge: str | None) -> str | None:
    """Return the folder that is given as the argument, as the option, or as both.

    Raises:
        UsageError: They differ.
    """
    if folder and knowledge and Path(folder).resolve() != Path(knowledge).resolve():
        raise UsageError(
            f"DIR is {folder}, and --knowledge is {knowledge}: name the folder to check once."
        )
    return folder or knowledge


def _watch(where: Path, once: Callable[[], bool]) -> None:
    """Check now and after each change, until Ctrl-C."""
    from rich.console import Console

    from faqbot.errors import FaqbotError

    console = Console()
    for _ in _changes(where):
        console.clear()
        try:
            once()
        except FaqbotError as error:
            typer.echo(str(error), err=True)
        typer.echo(f"Watching {where}; Ctrl-C ends it.")


def _changes(where: Path) -> Iterator[None]:
    """Yield now, whenever a file is saved, and when the folder is replaced or made anew."""
    from watchfiles import watch

    from faqbot.index.reloader import folder_identity

    while True:
        watched = folder_identity(where)
        if watched is None:
            time.sleep(_WATCH_TIMEOUT / 1000)
            continue
        changes = watch(where, rust_timeout=_WATCH_TIMEOUT, yield_on_timeout=True)
        # The watcher is set up by the first `next`, which yields an empty set after the timeout: a
        # file that is saved while the content is checked, or later, is a change from then on.
        with contextlib.suppress(FileNotFoundError):
            next(changes)
            yield
            for changed in changes:
                if folder_identity(where) != watched:
                    break
                if changed:
                    yield


def _check(folder: Path, *, stale_is_error: bool, ask_slack: bool) -> _CheckResult:
    import datetime as dt

    from faqbot import app
    from faqbot.content.files import unread_files
    from faqbot.content.loader import check_folder
    from faqbot.evaluation.content_tests import content_findings
    from faqbot.lint.findings import RULES, Finding, finding_of_problem
    from faqbot.settings.sources import configured_cache, configured_encoder

    knowledge_base, problems = check_folder(folder)
    unread = [
        Finding(str(path), 1, 1, "not-content", advice, RULES["not-content"].level)
        for path, advice in unread_files(folder)
    ]
    if knowledge_base is None:
        found = (*map(finding_of_problem, problems), *unread)
        return _CheckResult(folder, None, tuple(sorted(found)))
    # First, as what Slack refuses ends the check.
    owners = _unknown_owners(folder, knowledge_base) if ask_slack else []
    engine = app.load_engine(folder, configured_encoder(), configured_cache())
    asked = content_findings(
        knowledge_base,
        engine,
        app.bundled_encoder(),
        dt.datetime.now().astimezone().date(),
        stale_is_error=stale_is_error,
    )
    return _CheckResult(folder, knowledge_base, tuple(sorted((*unread, *asked, *owners))))


def _unknown_owners(folder: Path, knowledge_base: KnowledgeBase) -> list[Finding]:
    """Ask Slack about all owners; the default ones are about the settings, not about a file."""
    import asyncio

    from faqbot.lint import rules
    from faqbot.lint.findings import RULES, Finding
    from faqbot.settings.sources import configured_slack
    from faqbot.slack.owners import unknown_owners

    token, base_url, default = configured_slack()
    unknown = asyncio.run(unknown_owners(token, base_url, knowledge_base, default))
    found = list(rules.unknown_owners(knowledge_base, unknown))
    level = RULES["owner-unreachable"].level
    return found + [
        Finding(
            str(folder), 1, 1, "owner-unreachable", f"FAQBOT_DEFAULT_OWNER: {one} {said}", level
        )
        for one, said in unknown.items()
        if one in default.replace(",", " ").split()
    ]


def _print(checked: _CheckResult, shape: CheckFormat, *, quiet: bool, verbose: bool) -> None:
    from faqbot.lint.findings import github_commands, sarif_log

    match shape:
        case CheckFormat.JSON:
            _print_json(checked)
        case CheckFormat.SARIF:
            print_json(sarif_log(checked.found))
        case CheckFormat.GITHUB:
            for line in github_commands(checked.found):
                typer.echo(line)
        case CheckFormat.HUMAN:
            _print_text(checked, quiet=quiet, verbose=verbose)


def _print_json(checked: _CheckResult) -> None:

    knowledge_base, found = checked.knowledge_base, checked.found
    entries = sum(1 for _ in knowledge_base.entries()) if knowledge_base else None
    print_json(
        {
            "ok": not checked.count("error"),
            "roles": len(knowledge_base.roles) if knowledge_base else None,
            "entries": entries,
            "problems": [_as_json(one) for one in found if one.level == "error"],
            "findings": [
                {"rule": one.rule, "level": one.level.value, **_as_json(one)} for one in found
            ],
        }
    )


def _as_json(one: Finding) -> dict[str, object]:
    return {"path": one.path, "line": one.line, "column": one.column, "message": one.message}


def _print_text(checked: _CheckResult, *, quiet: bool, verbose: bool) -> None:
    from faqbot.lint.findings import RULES

    levels = {"error"} | (set() if quiet else {"warning"}) | ({"note"} if verbose else set())
    shown = [one for one in checked.found if one.level in levels]
    for one in shown:
        typer.echo(in_quotes(printable(str(one))))
    if verbose:
        for rule in dict.fromkeys(one.rule for one in shown):
            typer.echo(in_quotes(f"{rule}: {RULES[rule].advice}"))
    errors = checked.count("error")
    if errors or checked.knowledge_base is None:
        typer.echo(f"{counted(errors, 'problem')} in {checked.folder}.")
    elif not quiet:
        typer.echo(_good(checked, checked.knowledge_base))


def _good(checked: _CheckResult, knowledge_base: KnowledgeBase) -> str:
    entries = sum(1 for _ in knowledge_base.entries())
    tests = sum(
        len(faq.matches) + len(faq.rejects)
        for faq in knowledge_base.entries()
        if isinstance(faq, Faq)
    )
    counts = Counter(one.level.value for one in checked.found)
    rest = [counted(counts[level], level) for level in ("warning", "note") if counts[level]]
    passed = f"{counted(tests, 'test')} of its own passed" if tests else "no tests of its own yet"
    return (
        f"{checked.folder}: {counted(len(knowledge_base.roles), 'role')}, "
        f"{counted(entries, 'entry')}, {passed}. No problems"
        f"{', ' + ' and '.join(rest) if rest else ''}."
    )


ROLES_EXAMPLE = "Example: faqbot roles --json"


def roles(*, as_json: Json = False, knowledge: Knowledge = None) -> None:
    """List the roles with their sections, FAQs and last review.

    With --json one line for each role.
    """
    import datetime as dt

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
    return (
        f"{counted(len(knowledge_base.roles), 'role')}, {counted(faqs, 'role FAQ')}, "
        f"{counted(general, 'general FAQ')}"
    )
