from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from faqbot.slack import manifest

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT.parent / "shared/data/slack/manifest.schema.2.0.0.json"
ALL = [manifest.socket_manifest(), manifest.http_manifest(), manifest.mcp_manifest()]
BOTH = [manifest.socket_manifest(), manifest.http_manifest()]


@pytest.mark.parametrize("written", ALL)
def test_manifest_is_valid_by_slacks_schema(written: dict[str, Any]) -> None:
    if not SCHEMA.is_file():
        pytest.skip("Slack's manifest schema is not at hand")
    jsonschema.validate(written, json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize("written", BOTH)
def test_only_one_kind_of_agent_is_declared(written: dict[str, Any]) -> None:
    assert "agent_view" in written["features"]
    assert "assistant_view" not in written["features"]
    assert len(written["features"]["agent_view"]["suggested_prompts"]) <= 4


@pytest.mark.parametrize("written", BOTH)
def test_optional_scopes_are_scopes(written: dict[str, Any]) -> None:
    scopes = written["oauth_config"]["scopes"]
    assert set(scopes["bot_optional"]) < set(scopes["bot"])


def test_only_http_has_addresses() -> None:
    socket, http = map(json.dumps, BOTH)
    assert "url" not in socket
    assert http.count(manifest.EXAMPLE_URL) == 2 + len(manifest.COMMANDS)


def test_manifest_with_mcp_adds_a_server_and_the_scope_for_it() -> None:
    http, mcp = manifest.http_manifest(), manifest.mcp_manifest()
    assert mcp.pop("mcp_servers") == {
        "faqbot": {"url": "https://faqbot.example.com/mcp", "auth_type": "slack_identity_auth"}
    }
    mcp["oauth_config"]["scopes"]["bot"].remove("mcp:connect")
    assert mcp == http


@pytest.mark.parametrize(
    ("file", "written"),
    list(zip((manifest.SOCKET_FILE, manifest.HTTP_FILE, manifest.MCP_FILE), ALL, strict=True)),
)
def test_the_files_are_up_to_date(file: Path, written: dict[str, Any]) -> None:
    assert (ROOT / file).read_text() == manifest.as_json(written), (
        "run: python -m faqbot.slack.manifest"
    )
