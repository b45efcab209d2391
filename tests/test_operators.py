"""The page for operators covers each setting, metric and scope, and nothing that doesn't exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from faqbot.runtime.metrics import Metrics
from faqbot.settings.models import Settings
from faqbot.slack.manifest import OPTIONAL_SCOPES, SCOPES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "how-to" / "operators.md"
TEXT = PAGE.read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text below a heading."""
    (found,) = re.findall(rf"^## {title}$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return str(found)


def rows(title: str) -> dict[str, list[str]]:
    """The cells of each row of a section's table, by each name in its first cell."""
    table = {}
    for line in section(title).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        for name in re.findall(r"`([^`]+)`", cells[0]) if line.startswith("|") else ():
            table[name.partition("{")[0]] = cells
    return table


def metrics() -> set[str]:
    """The names of faqbot's own metrics, as Prometheus knows them."""
    exposed = Metrics().exposition().decode()
    return {name for name in re.findall(r"^# HELP (\S+)", exposed, re.MULTILINE)
            if name.startswith("faqbot_") and not name.endswith("_created")}  # fmt: skip


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table = rows("Settings")
    assert set(table) == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if field.default not in (None, "") and name != "slack_api_url":
            assert table[name.upper()][1].strip("`") == str(field.default), name


def test_every_metric_is_in_the_table() -> None:
    assert set(rows("Metrics")) == metrics()


def test_every_scope_is_explained_and_said_to_be_needed_or_not() -> None:
    table = rows("Scopes, one by one")
    needed = {scope: cells[1] for scope, cells in table.items() if scope != "connections:write"}
    assert needed == {**dict.fromkeys(SCOPES, "yes"), **dict.fromkeys(OPTIONAL_SCOPES, "optional")}
    assert all(len(cells) == 4 and all(cells) for cells in table.values())


def test_only_settings_and_metrics_that_exist_are_named() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    assert set(re.findall(r"\b(?:SLACK|FAQBOT)_[A-Z_]+\b", TEXT)) <= settings
    named = set(re.findall(r"\bfaqbot_(?!drill)[a-z_]+", TEXT))
    assert {name.removesuffix("_bucket") for name in named} <= metrics()


SLACK_LABELS = {"Event Subscriptions", "did not respond", "OAuth & Permissions", "Revoke Tokens"}


def test_messages_in_the_troubleshooting_table_are_those_of_the_program() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "faqbot").rglob("*.py"))
    quoted = set(re.findall("“([^”]+)”", section("Troubleshooting"))) - SLACK_LABELS
    assert len(quoted) >= 3
    assert [message for message in quoted if message not in source] == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", TEXT))))
def test_links_lead_to_files(target: str) -> None:
    assert (PAGE.parent / target).exists()


def test_links_within_the_page_lead_to_headings() -> None:
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    known = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= known


def test_files_that_are_named_exist() -> None:
    named = set(re.findall(r"(?<![\w/.-])(?:deploy|docs|tools)/[\w./-]+\w", TEXT))
    missing = {one for one in named if not (ROOT / one).exists()}
    assert missing <= {"deploy/tls/tls.conf", "deploy/.env"}, "what operators make themselves"
