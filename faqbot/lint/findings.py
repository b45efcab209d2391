"""Findings about content, the rules behind them, and their formats for other programs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from faqbot import __version__
from faqbot.errors import Problem
from faqbot.model import Faq, Role, Section, SensitiveMatter, SmallTalk


class FindingLevel(StrEnum):
    """Severity of a finding; the values are those of SARIF 2.1.0."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: the level of its findings, what it finds, and what to do about it."""

    level: FindingLevel
    finds: str
    advice: str


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "content": Rule(
            FindingLevel.ERROR, "Content that can't be loaded.", "Correct it as the message says."
        ),
        "own-test": Rule(
            FindingLevel.ERROR,
            "A question of `matches` or `rejects` with another outcome than the FAQ says.",
            "Add a phrasing to the entry that is meant, or change the test.",
        ),
        "question-astray": Rule(
            FindingLevel.WARNING,
            "A question or phrasing that another entry answers, or none.",
            "Reword it, or move it to that entry; `faqbot explain` shows how it is read.",
        ),
        "question-unsure": Rule(
            FindingLevel.NOTE,
            "A question or phrasing that is asked back, because other entries are near too.",
            "Reword it, or the nearest phrasing of the other entry.",
        ),
        "phrasings-too-close": Rule(
            FindingLevel.WARNING,
            "Phrasings of two entries that mean nearly the same.",
            "Keep it in the entry that answers it best, and reword or remove the other.",
        ),
        "answers-alike": Rule(
            FindingLevel.WARNING,
            "Two FAQs with the same or nearly the same answer.",
            "Keep one, with the phrasings of both.",
        ),
        "section-missing": Rule(
            FindingLevel.WARNING,
            "A standard section that most roles of the family have.",
            "Write the section, or leave it: questions about it are declined.",
        ),
        "review-overdue": Rule(
            FindingLevel.WARNING,
            "Content whose review is overdue.",
            "Check that it is still right, then set `reviewed` to today.",
        ),
        "review-in-future": Rule(
            FindingLevel.WARNING,
            "A last review in the future.",
            "Correct `reviewed`: the date of the last review, as in 2026-11-01.",
        ),
        "owner-unreachable": Rule(
            FindingLevel.WARNING,
            "An owner that Slack can't find; questions go to FAQBOT_DEFAULT_OWNER instead.",
            "Write a user group (@people), or the id of a person (U0123ABCD) or of a channel "
            "(C0123ABCD): Slack shows it in the profile, and at the end of a channel's details.",
        ),
        "not-content": Rule(
            FindingLevel.WARNING,
            "A file that looks like content and isn't read.",
            "Import it, or move it to another folder.",
        ),
        "slack-markup": Rule(
            FindingLevel.WARNING,
            "Text in Slack's own markup, which Markdown reads otherwise.",
            "Write Markdown: **bold**, _italic_, ~~struck out~~, [text](https://example.com).",
        ),
        "strange-placeholder": Rule(
            FindingLevel.WARNING,
            "What looks like `{role}` and would be shown as it is.",
            "Write `{role}`, in small letters and without spaces, in the file of a role.",
        ),
        "not-shown-in-slack": Rule(
            FindingLevel.WARNING,
            "Text that Slack can't show.",
            "Use the Markdown that Slack supports: bold, italic, code, lists, quotes, links.",
        ),
        "dead-reference": Rule(
            FindingLevel.WARNING,
            "A link that isn't a web address.",
            "Link to a web address, and name roles in `related` or `next_roles`.",
        ),
        "one-sided-relation": Rule(
            FindingLevel.NOTE,
            "A role that names another as related, which doesn't name it.",
            "Name it there too if readers of that role should know.",
        ),
        "hard-to-read": Rule(
            FindingLevel.NOTE,
            "English text that is hard to read.",
            "Use shorter sentences and shorter words.",
        ),
        "too-long": Rule(
            FindingLevel.NOTE,
            "A sentence or an answer that is very long.",
            "Split the sentence; begin the answer with its main point, or split the FAQ.",
        ),
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A finding; line and column count from 1."""

    path: str
    line: int
    column: int
    rule: str
    message: str
    level: FindingLevel = field(compare=False)

    def __str__(self) -> str:
        position = f"{self.path}:{self.line}:{self.column}"
        if self.level is FindingLevel.ERROR:
            return f"{position}: {self.message}"
        return f"{position}: {self.level}: {self.message} [{self.rule}]"


def finding_of_problem(problem: Problem) -> Finding:
    """Return a problem of loading as a finding."""
    return Finding(
        problem.path, problem.line, problem.column, "content", problem.message, FindingLevel.ERROR
    )


def finding_at(
    entry: Role | Section | Faq | SmallTalk | SensitiveMatter, rule: str, message: str
) -> Finding:
    """Return a finding about an entry, or about what is said to small talk or a matter."""
    origin = entry.origin
    level = RULES[rule].level
    return Finding(origin.path, max(origin.line, 1), 1, rule, f"{entry.id}: {message}", level)


SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_GITHUB_COMMANDS: Final = {
    FindingLevel.ERROR: "error",
    FindingLevel.WARNING: "warning",
    FindingLevel.NOTE: "notice",
}


def github_commands(found: Sequence[Finding]) -> Iterator[str]:
    """Yield workflow commands, which GitHub shows beside the lines of a change."""
    for one in found:
        path = _escape_property(_repository_path(one.path))
        title = _escape_property(f"faqbot {one.rule}")
        properties = f"file={path},line={one.line},col={one.column},title={title}"
        yield f"::{_GITHUB_COMMANDS[one.level]} {properties}::{_escape_message(one.message)}"


def sarif_log(found: Sequence[Finding]) -> dict[str, Any]:
    """Return a SARIF log with one run."""
    ids = list(RULES)
    rules = [
        {
            "id": name,
            "shortDescription": {"text": rule.finds},
            "help": {"text": rule.advice},
            "defaultConfiguration": {"level": rule.level.value},
        }
        for name, rule in RULES.items()
    ]
    driver = {"name": "faqbot", "semanticVersion": __version__, "rules": rules}
    results = [
        {
            "ruleId": one.rule,
            "ruleIndex": ids.index(one.rule),
            "level": one.level.value,
            "message": {"text": one.message},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(_repository_path(one.path))},
                        "region": {"startLine": one.line, "startColumn": one.column},
                    }
                }
            ],
        }
        for one in found
    ]
    # Python counts code points, while UTF-16 units are the default of SARIF.
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _repository_path(path: str) -> str:
    """Return a path relative to the working folder, if it is below it, with slashes."""
    try:
        return Path(path).resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return Path(path).as_posix().replace(os.sep, "/")


def _escape_message(text: str) -> str:
    # The percent sign first, or the ones of the other escapes would be escaped again. A raw line
    # break would end the command, and the rest of the message could begin another one.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_message(text).replace(":", "%3A").replace(",", "%2C")
