"""Count modules, lines, names and importers of a tree: `python -m benchmarks.layout [TREE ...]`.

Everything is read from the files of `TREE/faqbot` and from `TREE/pyproject.toml`; nothing is
imported. Several trees become several columns. What is counted:

- modules with code: Python files, but for those below a folder `migrations` and for an
  `__init__.py` of at most one line.
- median and longest: lines of the modules with code, blank ones included.
- names in -ing: modules and packages whose own name ends so, each once.
- class names defined twice: names of classes, nested ones too, that two or more modules define.
- modules with one importer: Python files other than `__init__.py` that exactly one other file of
  `faqbot` imports, at the top or anywhere else, also where only types are checked.
- comment lines in 1,000: lines that begin with `#` after their indentation, but for `# type` and
  `# noqa`, by all lines of all Python files. Comments behind code don't count.
- required dependencies: entries of `project.dependencies`.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from statistics import median

from benchmarks.record import Row, table, write

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "faqbot"
COMMENT = re.compile(r"\s*#(?!\s*(?:type|noqa)\b)")
NOTES = (
    "Counted in the files of `faqbot/`, a column for each commit; the docstring of",
    "`benchmarks/layout.py` says what each line counts.",
)


class Tree:
    """The Python files of a checkout.

    Args:
        root: the folder that holds `faqbot/` and `pyproject.toml`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._texts = {
            self._name(path): path.read_text(encoding="utf-8")
            for path in sorted((root / PACKAGE).rglob("*.py"))
        }
        self._packages = {self._name(path) for path in (root / PACKAGE).rglob("__init__.py")}

    def _name(self, path: Path) -> str:
        parts = path.relative_to(self._root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def _parsed(self) -> Mapping[str, ast.Module]:
        return {name: ast.parse(text) for name, text in self._texts.items()}

    def modules(self) -> Mapping[str, int]:
        """Return the lines of each module with code."""
        lines = {name: len(text.splitlines()) for name, text in self._texts.items()}
        return {
            name: count
            for name, count in lines.items()
            if "migrations" not in name.split(".")
            if not (name in self._packages and count <= 1)
        }

    def names_in_ing(self) -> list[str]:
        """Return the modules and packages whose name ends in -ing."""
        return [name for name in self._texts if name.endswith("ing")]

    def shared_classes(self) -> Mapping[str, set[str]]:
        """Return the class names that several modules define, with those modules."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, tree in self._parsed.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    found[node.name].add(name)
        return {name: modules for name, modules in found.items() if len(modules) > 1}

    def imported_once(self) -> Mapping[str, str]:
        """Return the modules with one importer, each with it."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, tree in self._parsed.items():
            for imported in self._imports(tree):
                found[imported].add(name)
        importers = {name: found[name] - {name} for name in self._texts.keys() - self._packages}
        return {name: min(by) for name, by in sorted(importers.items()) if len(by) == 1}

    def _imports(self, tree: ast.Module) -> Iterator[str]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    yield inner if inner in self._texts else str(node.module)

    def comments(self) -> float:
        """Return the comment lines in 1,000."""
        lines = [line for text in self._texts.values() for line in text.splitlines()]
        return 1000 * sum(1 for line in lines if COMMENT.match(line)) / len(lines)

    def dependencies(self) -> list[str]:
        """Return the required dependencies."""
        text = (self._root / "pyproject.toml").read_text(encoding="utf-8")
        required: list[str] = tomllib.loads(text)["project"]["dependencies"]
        return required

    def figures(self) -> Mapping[str, float]:
        """Return all figures by name."""
        lines = self.modules().values()
        return {
            "modules with code": len(lines),
            "median lines": median(lines),
            "longest": max(lines),
            "names in -ing": len(self.names_in_ing()),
            "class names defined twice": len(self.shared_classes()),
            "modules with one importer": len(self.imported_once()),
            "comment lines in 1,000": round(self.comments(), 1),
            "required dependencies": len(self.dependencies()),
        }


def main() -> None:
    """Print the figures of all trees, and what stands behind them where it is asked for."""
    options = _options()
    trees = {_commit(root): Tree(root) for root in options.trees}
    figures = {commit: tree.figures() for commit, tree in trees.items()}
    names = next(iter(figures.values()))
    rows: list[Row] = [
        {"measure": name, **{commit: found[name] for commit, found in figures.items()}}
        for name in names
    ]
    if options.show:
        for commit, tree in trees.items():
            _show(commit, tree)
    print(table(rows))
    if options.write:
        write("layout", "Layout", NOTES, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.layout",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("trees", metavar="TREE", nargs="*", type=Path, default=[ROOT])
    parser.add_argument("--show", action="store_true", help="print the names behind the figures")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/layout")
    return parser.parse_args()


def _commit(root: Path) -> str:
    """The commit that is checked out in a tree, else the tree's name."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.stdout.strip() or root.resolve().name


def _show(commit: str, tree: Tree) -> None:
    print(f"{commit}, names in -ing: {', '.join(tree.names_in_ing())}\n")
    for name, modules in sorted(tree.shared_classes().items()):
        print(f"{commit}, class {name}: {', '.join(sorted(modules))}")
    print()
    for name, importer in tree.imported_once().items():
        print(f"{commit}, {name}: imported by {importer} only")
    print()


if __name__ == "__main__":
    main()
