"""Extras: a command whose extra is missing names it, and pyproject.toml has no other extras."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faqbot.cli.main import main

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
POSTGRESQL = "postgresql://faqbot@127.0.0.1:9/faqbot"
FILES = {
    "a.html": b"<h1>Clerk</h1><p>Pays.</p>",
    "a.docx": b"PK\x03\x04",
    "a.pdf": b"%PDF-1.7",
    "a.xlsx": b"PK\x03\x04",
}


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Run a command in an empty folder where some modules aren't installed.

    Returns the exit code, standard output and standard error.
    """

    def run(line: str, *missing: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("FAQBOT_KNOWLEDGE", str(ROOT / "knowledge"))
        monkeypatch.setenv("FAQBOT_DATABASE_URL", POSTGRESQL)
        # It may have been imported by another test, with the module that is missing now.
        monkeypatch.delitem(sys.modules, "faqbot.web.mcp_tools", raising=False)
        for module in missing:
            parts = [name for name in sys.modules if name.startswith(f"{module}.")]
            for name in (module, *parts):
                monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setattr(sys, "argv", ["faqbot", *line.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capfd.readouterr()

    return run


@pytest.mark.parametrize(
    ("line", "module", "needs"),
    [
        ("import document a.html", "bs4", "faqbot import document needs 'faqbot[documents]'"),
        ("import document a.pdf", "pypdf", "faqbot import document needs 'faqbot[documents]'"),
        ("import table a.xlsx", "openpyxl", "An Excel table (.xlsx) needs 'faqbot[documents]'"),
        ("export table b.xlsx", "openpyxl", "An Excel table (.xlsx) needs 'faqbot[documents]'"),
        (
            "export role data-analyst --format docx --out b.docx",
            "docx",
            "A Word file (.docx) needs 'faqbot[documents]'",
        ),
        ("mcp", "mcp", "faqbot mcp needs 'faqbot[mcp]'"),
        (
            "report",
            "asyncpg",
            "A PostgreSQL database (FAQBOT_DATABASE_URL) needs 'faqbot[postgres]'",
        ),
    ],
)
def test_command_without_its_extra_says_which_to_install(
    command: Command, line: str, module: str, needs: str, tmp_path: Path
) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)

    code, out, err = command(line, module)

    extra = needs.split(" needs ")[1]
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == f"{needs}: pip install {extra}."
    assert {path.name for path in tmp_path.iterdir()} == FILES.keys()


def test_csv_and_markdown_need_no_extra(command: Command, tmp_path: Path) -> None:
    (tmp_path / "clerk.md").write_text("# Clerk\n\nPays.\n")
    (tmp_path / "faqs.csv").write_text("question,answer\nWhen?,Now.\n")
    missing = ("bs4", "docx", "pypdf", "openpyxl")
    assert command("import document clerk.md", *missing)[0] == 0
    assert command("import table faqs.csv", *missing)[0] == 0
    names = {path.name for path in (tmp_path / "knowledge").rglob("*.yaml")}
    assert names == {"clerk.yaml", "faqs.yaml"}


def test_at_most_28_packages_are_required() -> None:
    assert len(PROJECT["dependencies"]) <= 28


def test_extras_are_the_decided_ones_and_all_installs_every_other() -> None:
    extras = PROJECT["optional-dependencies"]
    assert set(extras) == {"documents", "mcp", "postgres", "plot", "all"}
    (every,) = extras["all"]
    found = re.fullmatch(r"faqbot\[(.+)\]", every)
    assert found
    assert set(found[1].split(",")) == extras.keys() - {"all"}


def test_every_requirement_has_a_lower_bound() -> None:
    """tools/smoke-wheel installs exactly these."""
    requirements = [*PROJECT["dependencies"]]
    for extra in ("documents", "mcp", "postgres", "plot"):
        requirements += PROJECT["optional-dependencies"][extra]
    for requirement in requirements:
        assert re.fullmatch(
            r"[a-z0-9.-]+(\[[a-z]+\])?>=[0-9.]+(,<[0-9]+)?(; sys_platform != 'win32')?",
            requirement,
        ), requirement
