"""Check the versions in constraints.txt for known vulnerabilities; `make audit` runs it.

It fails if there is one that tools/audit-allowed.txt doesn't allow. If no service responds, it
says so in a line and goes on, since that says nothing about the versions.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("pypi", "osv")
"""Both know the same advisories; one may be reachable where the other isn't."""

UNREACHABLE = re.compile(
    r"ConnectionError|ConnectTimeout|ReadTimeout|NameResolution|Could not connect|ServiceError"
)
RULE = re.compile(r"(?P<id>\S+)\s+(?P<until>\d{4}-\d\d-\d\d)\s+(?P<reason>\S.*)")


class AuditError(Exception):
    """The audit could not be made, and not because a service was out of reach."""


@dataclass(frozen=True)
class Allowed:
    """A vulnerability that does no harm here, until somebody has to look again."""

    id: str
    until: dt.date
    reason: str


@dataclass(frozen=True)
class Found:
    """A vulnerability of a version, under all its names."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixed: tuple[str, ...]

    def __str__(self) -> str:
        better = f"fixed in {', '.join(self.fixed)}" if self.fixed else "no version is without it"
        return f"{self.package} {self.version}: {', '.join(self.ids)} ({better})"


@dataclass(frozen=True)
class Report:
    """What a service said."""

    audited: int
    skipped: tuple[str, ...]
    found: tuple[Found, ...]


def allowed(path: Path) -> tuple[Allowed, ...]:
    """The rules of a file.

    Raises:
        AuditError: a line is none.
    """
    rules = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = RULE.fullmatch(line.strip())
        if match is None:
            raise AuditError(f"{path.name}:{number}: write an id, a day as 2027-03-01, and why")
        until = dt.date.fromisoformat(match["until"])
        rules.append(Allowed(match["id"], until, match["reason"]))
    return tuple(rules)


def asked(auditor: Path, constraints: Path, service: str) -> Report | None:
    """What a service says of the versions; None when it doesn't answer.

    Raises:
        AuditError: it failed for another reason.
    """
    command = [str(auditor), "--requirement", str(constraints), "--no-deps", "--disable-pip"]
    command += ["--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = read(json.loads(ran.stdout))
    except ValueError:
        if UNREACHABLE.search(ran.stderr):
            return None
        raise AuditError(f"pip-audit failed:\n{ran.stderr.strip()}") from None
    return report if report.audited else None


def read(told: Mapping[str, Any]) -> Report:
    """What pip-audit's JSON says."""
    dependencies = told["dependencies"]
    found = (
        Found(one["name"], one["version"], (each["id"], *each["aliases"]), (*each["fix_versions"],))
        for one in dependencies
        for each in one.get("vulns", ())
    )
    skipped = tuple(one["name"] for one in dependencies if "skip_reason" in one)
    return Report(len(dependencies) - len(skipped), skipped, tuple(found))


def lines(report: Report, rules: tuple[Allowed, ...], today: dt.date) -> Iterator[tuple[bool, str]]:
    """Each thing to say, and whether it makes the audit fail."""
    used = set()
    for one in report.found:
        rule = next((rule for rule in rules if rule.id in one.ids), None)
        if rule is None:
            yield True, f"{one}: raise it in constraints.txt, or allow it in audit-allowed.txt"
            continue
        used.add(rule.id)
        if rule.until <= today:
            yield True, f"{one}: was allowed until {rule.until} ({rule.reason}): look again"
        else:
            yield False, f"{one}: allowed until {rule.until}, {rule.reason}"
    for rule in rules:
        if rule.id not in used:
            yield False, f"{rule.id} is allowed and not found: take it out of audit-allowed.txt"
    if report.skipped:
        yield False, f"nothing is known of {', '.join(report.skipped)}"


def main() -> int:
    """The exit code: 1 when a vulnerability was found, 2 when the audit itself is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--auditor", type=Path, default=Path(sys.executable).with_name("pip-audit"))
    parser.add_argument("--constraints", type=Path, default=ROOT / "constraints.txt")
    parser.add_argument("--allowed", type=Path, default=ROOT / "tools" / "audit-allowed.txt")
    options = parser.parse_args()
    try:
        rules = allowed(options.allowed)
        reports = (asked(options.auditor, options.constraints, service) for service in SERVICES)
        report = next(filter(None, reports), None)
    except AuditError as error:
        print(error, file=sys.stderr)
        return 2
    if report is None:
        print("NOT AUDITED: no service that knows vulnerabilities can be reached from here.")
        return 0
    told = list(lines(report, rules, dt.datetime.now(dt.UTC).date()))
    for _, line in told:
        print(line)
    bad = sum(fails for fails, _ in told)
    print(f"{report.audited} versions audited, {bad} with something to do.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
