"""The audit of dependencies: it fails on what is known, and says so when nobody could be asked."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).resolve().parent.parent / "tools" / "audit.py"
CLEAN = {"name": "rich", "version": "15.0.0", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "3.1.6",
    "vulns": [
        {
            "id": "GHSA-aaaa-bbbb-cccc",
            "aliases": ["CVE-2026-1"],
            "fix_versions": ["3.1.7"],
            "description": "What is bad.",
        }
    ],
}
SKIPPED = {"name": "ours", "skip_reason": "Dependency not found on PyPI"}

Audited = tuple[int, str]
Audit = Callable[..., Audited]


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Audit with a pip-audit that answers what the test says; the exit code and what is said."""

    def do(*dependencies: Any, allowed: str = "", errors: str = "") -> Audited:
        told = json.dumps({"dependencies": dependencies, "fixes": []}) if dependencies else ""
        auditor = tmp_path / "pip-audit"
        answers = (f"printf %s {shlex.quote(told)}", f"printf %s {shlex.quote(errors)} >&2")
        auditor.write_text("\n".join(("#!/bin/sh", *answers, "exit 1", "")))
        auditor.chmod(0o755)
        rules = tmp_path / "allowed.txt"
        rules.write_text(f"# who knows\n{allowed}\n")
        ran = subprocess.run(
            [sys.executable, str(AUDIT), "--auditor", str(auditor), "--allowed", str(rules)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in ran.stderr
        return ran.returncode, ran.stdout + ran.stderr

    return do


def test_versions_that_nothing_is_known_of_pass(audit: Audit) -> None:
    assert audit(CLEAN) == (0, "1 versions audited, 0 with something to do.\n")


def test_a_known_vulnerability_fails_and_names_the_version_without_it(audit: Audit) -> None:
    code, said = audit(CLEAN, BAD)
    assert code == 1
    assert "jinja2 3.1.6: GHSA-aaaa-bbbb-cccc, CVE-2026-1 (fixed in 3.1.7)" in said


def test_one_that_does_no_harm_is_allowed_by_any_of_its_names(audit: Audit) -> None:
    code, said = audit(BAD, allowed="CVE-2026-1 2999-01-01 only our own templates are rendered")
    assert code == 0
    assert "only our own templates are rendered" in said


def test_what_was_allowed_until_a_day_fails_from_it(audit: Audit) -> None:
    code, said = audit(BAD, allowed="CVE-2026-1 2020-01-01 only our own templates are rendered")
    assert code == 1
    assert "look again" in said


def test_a_rule_that_is_needed_no_more_is_named(audit: Audit) -> None:
    code, said = audit(CLEAN, allowed="CVE-2026-1 2999-01-01 why not")
    assert code == 0
    assert "CVE-2026-1 is allowed and not found" in said


def test_a_rule_needs_a_reason(audit: Audit) -> None:
    code, said = audit(CLEAN, allowed="CVE-2026-1 2999-01-01")
    assert code == 2
    assert "allowed.txt:2" in said


@pytest.mark.parametrize(
    ("told", "errors"),
    [((), "requests.exceptions.ConnectionError: Max retries exceeded"), ((SKIPPED, SKIPPED), "")],
)
def test_when_no_service_answers_that_is_said_in_a_line(
    audit: Audit, told: tuple[Any, ...], errors: str
) -> None:
    code, said = audit(*told, errors=errors)
    assert code == 0
    assert said.startswith("NOT AUDITED: ")
    assert said.count("\n") == 1


def test_an_audit_that_is_broken_fails(audit: Audit) -> None:
    code, said = audit(errors="pip-audit: error: unrecognized arguments")
    assert code == 2
    assert "unrecognized arguments" in said


def test_what_a_service_does_not_know_is_named(audit: Audit) -> None:
    code, said = audit(CLEAN, SKIPPED)
    assert code == 0
    assert "nothing is known of ours" in said
