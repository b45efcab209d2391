"""The rules of the layout: who may import whom, and what stays where."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "faqbot"
LONGEST = 400

LAYERS = (
    ("__main__",),
    ("cli",),
    ("app",),
    ("local_workspace",),
    ("workspaces", "insights", "editor"),
    ("web",),
    ("slack", "playground"),
    ("runtime", "index", "evaluation"),
    ("storage", "engine", "importers"),
    ("matching", "lint", "spreadsheet", "exporters"),
    ("content", "replies", "settings"),
    ("model", "errors", "pages"),
)
"""Each line may import the lines below it; parts of one line don't import each other."""

RANK = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}
SLACK_LIBRARIES = {"slack", "web", "workspaces", "insights", "playground", "app"}
TREE = {path: path.relative_to(ROOT) for path in sorted(PACKAGE.rglob("*.py"))}


def module_of(path: Path) -> str:
    parts = TREE[path].with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in TREE}


def part_of(module: str) -> str:
    """The package or top-level module below `faqbot` that a module belongs to."""
    return (module.split(".")[1:] or [""])[0]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path, *, only_top: bool = False) -> Iterator[str]:
    """The modules that a file imports; `only_top` leaves out those inside functions."""
    tree = tree_of(path)
    for node in tree.body if only_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide who imports whom"
            name = node.module or ""
            for alias in node.names:
                inner = f"{name}.{alias.name}"
                yield inner if inner in MODULES else name


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"faqbot"}))
def test_modules_import_only_lower_layers(module: str) -> None:
    part = part_of(module)
    used = {part_of(name) for name in imports(MODULES[module]) if name.startswith("faqbot.")}
    higher = {other for other in used - {part} if RANK[other] <= RANK[part]}
    assert not higher, f"{module} must not import {sorted(higher)}"


def test_only_slacks_parts_import_its_libraries() -> None:
    users = {
        module
        for module, path in MODULES.items()
        if any(name.split(".")[0] in ("slack_bolt", "slack_sdk") for name in imports(path))
    }
    assert {part_of(user) for user in users} <= SLACK_LIBRARIES, users


def test_only_settings_reads_the_environment() -> None:
    readers = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute | ast.Name | ast.alias)
        and (getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "name", ""))
        in ("environ", "getenv", "environb")
    }
    assert {part_of(reader) for reader in readers} <= {"settings"}


def test_modules_import_each_other_without_a_circle() -> None:
    graph = {
        module: {name for name in imports(path, only_top=True) if name in MODULES} - {module}
        for module, path in MODULES.items()
    }
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"these import each other: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_fits_its_page(module: str) -> None:
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{module} has {lines} lines: split by concept"


def test_no_tracked_file_names_a_package_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    address = re.compile(
        rb"https?://[^\s\"']*(?:pypi\.|pythonhosted\.|registry\.npm|/simple/|conda\.anaconda)"
        rb"|(?:--|[^\w-])(?:extra-)?index[-_]url\b"
    )
    guilty = [
        name
        for name in listed.stdout.decode().split("\0")
        if name and (ROOT / name).is_file() and name != "tests/test_architecture.py"
        if not name.endswith(".safetensors")  # numbers, three quarters of all bytes
        if address.search((ROOT / name).read_bytes())
    ]
    assert guilty == []


FORMER = {
    *("Desk", "Library", "Receipt", "Receipts", "Answered", "Unsure", "Understood"),
    *("LinkedBy", "Backdoor", "Shelf", "Book", "Holder"),
    *("Occupied", "Opened", "Opener", "Remembered", "Exchange", "Handover", "Handovers"),
    *("Forgotten", "Consent", "Seal", "Lapsed", "StoredClaims", "RecentClaims", "Pacer"),
    *("Guard", "NoBodies", "Following", "Deciding", "Assigning", "Proposing", "Speaks"),
    *("Audiences", "Owners", "Spot", "Publishing", "Unwritable", "Weighed", "Weakly", "Verdict"),
    *("Shared", "Backstage", "Backing", "House", "Running", "People", "Asked", "Said", "Past"),
    *("Repair", "Why", "Held", "Wanted", "Common", "Contents", "Mix", "Looked", "Wish", "Trial"),
    *("Pulse", "Rates", "Apps", "Memory", "Leases", "Claims"),
}
"""Class names that were given up; `docs/reference/glossary.md` has those that took their place."""


@pytest.mark.parametrize("module", MODULES)
def test_former_names_stay_out(module: str) -> None:
    used = {
        name
        for node in ast.walk(tree_of(MODULES[module]))
        for name in (getattr(node, "name", None), getattr(node, "id", None))
        if isinstance(name, str)
    }
    assert not used & FORMER, f"{module}: see docs/reference/glossary.md"


def test_no_two_modules_define_a_class_of_one_name() -> None:
    homes: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(module)
    assert {name: where for name, where in homes.items() if len(set(where)) > 1} == {}


def test_modules_are_named_by_nouns() -> None:
    names = {part for module in MODULES for part in module.split(".")}
    assert sorted(name for name in names if name.endswith("ing")) == [
        "matching",
        "ranking",
        "spelling",
    ]


def test_the_glossary_names_what_there_is() -> None:
    text = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+`) \| `(faqbot[\w.]*)` \|", text, flags=re.MULTILINE)
    assert len(rows) > 50
    for names, module in rows:
        found = import_module(module)
        inside = [
            import_module(n) for n in MODULES if module != "faqbot" and n.startswith(f"{module}.")
        ]
        for name in re.findall(r"`(\w+)`", names):
            assert any(hasattr(place, name) for place in (found, *inside)), f"{module}: {name}"


def test_the_guide_for_contributors_names_what_there_is() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:faqbot|tests|docs)/[\w./-]+)`", text)
    assert len(paths) > 15
    assert [path for path in paths if not (ROOT / path).exists()] == []
    layers = text.split("```")[1].split("\n")
    assert [tuple(line.split()) for line in layers if line.strip()] == [
        parts for parts in LAYERS if parts != ("__main__",)
    ]
