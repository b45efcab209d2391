"""The pages for operators name what exists: settings, metrics, scopes, messages and files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from faqbot.runtime.metrics import Metrics
from faqbot.settings.fields import GROUPS
from faqbot.settings.models import Settings
from faqbot.slack.manifest import MCP_SCOPE, OPTIONAL_SCOPES, SCOPES

ROOT = Path(__file__).resolve().parent.parent
HOW_TO = ROOT / "docs" / "how-to"
PAGES = sorted(HOW_TO.rglob("*.md"))
SETTINGS = {name.upper() for name in Settings.model_fields}


def text_of(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """The text below a heading."""
    (found,) = re.findall(rf"^##? {title}$(.*?)(?=^##? |\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)


def rows(text: str) -> dict[str, list[str]]:
    """The cells of each row of a table, by each name in its first cell."""
    table = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        for name in re.findall(r"`([^`]+)`", cells[0]) if line.startswith("|") else ():
            table[name.partition("{")[0]] = cells
    return table


def metrics() -> set[str]:
    """The names of faqbot's own metrics, as Prometheus knows them."""
    exposed = Metrics().exposition().decode()
    return {name for name in re.findall(r"^# HELP (\S+)", exposed, re.MULTILINE)
            if name.startswith("faqbot_") and not name.endswith("_created")}  # fmt: skip


def test_every_setting_has_a_meaning_and_is_in_a_group() -> None:
    fields = Settings.model_fields
    assert [name for name, field in fields.items() if not field.description] == []
    assert set(GROUPS) <= set(fields)
    assert next(iter(GROUPS)) == next(iter(fields))
    page = text_of("reference/settings.md")
    assert re.findall(r"^### (\w+)$", page, re.MULTILINE) == [name.upper() for name in fields]


def test_every_metric_is_in_the_table() -> None:
    assert set(rows(text_of("reference/metrics.md"))) - {"/metrics", "PORT"} == metrics()


def test_every_scope_is_explained_and_said_to_be_needed_or_not() -> None:
    table = rows(section(text_of("reference/slack.md"), "Scopes"))
    needed = {scope: cells[1] for scope, cells in table.items() if scope != "connections:write"}
    assert needed == {
        **dict.fromkeys(SCOPES, "yes"),
        **dict.fromkeys(OPTIONAL_SCOPES, "optional"),
        MCP_SCOPE: "MCP",
    }
    assert all(len(cells) == 4 and all(cells) for cells in table.values())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOW_TO)))
def test_only_settings_metrics_and_files_that_exist_are_named(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"\b(?:SLACK|FAQBOT)_[A-Z_]+\b", text)) <= SETTINGS
    named = set(re.findall(r"(?<!#)\bfaqbot_(?!drill)[a-z_]+", text))
    assert {name.removesuffix("_bucket") for name in named} <= metrics()
    files = set(re.findall(r"(?<![\w/.-])(?:deploy|docs|tools)/[\w./-]+\w", text))
    missing = {one for one in files if not (ROOT / one).exists()}
    assert missing <= {"deploy/tls/tls.conf", "deploy/.env"}, "what operators make themselves"


SLACK_LABELS = {"Event Subscriptions", "did not respond", "OAuth & Permissions", "Revoke Tokens"}


def test_messages_in_the_troubleshooting_table_are_those_of_the_program() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "faqbot").rglob("*.py"))
    quoted = set(re.findall("“([^”]+)”", text_of("how-to/operators/troubleshooting.md")))
    assert len(quoted - SLACK_LABELS) >= 3
    assert [message for message in quoted - SLACK_LABELS if message not in source] == []
