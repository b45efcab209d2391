"""Writes results: JSON for programs and a Markdown table for people, with machine and date."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from faqbot import __version__

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("numpy", "rapidfuzz", "bm25s", "scikit-learn", "sentence-transformers")

Row = Mapping[str, object]


def write(name: str, title: str, notes: Sequence[str], rows: Sequence[Row]) -> None:
    """Write the rows of one benchmark as `results/NAME.json` and `results/NAME.md`."""
    RESULTS.mkdir(exist_ok=True)
    setting = surroundings()
    whole = {**setting, "results": list(rows)}
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    about = (
        f"{setting['date']}, faqbot {setting['faqbot']}, Python {setting['python']}; "
        f"{setting['cpu']}, {setting['cores']} cores, {setting['memory_gb']} GB."
    )
    lines = [f"# {title}", "", about, "", table(rows), "", *notes]
    (RESULTS / f"{name}.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(f"Written: {RESULTS / name}.json and .md")


def surroundings() -> dict[str, object]:
    """When and on what this runs."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "faqbot": __version__,
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": dict(_versions()),
    }


def _cpu() -> str:
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        facts = []
    names = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _versions() -> Iterable[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def table(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table; columns in the order in which they first occur."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    number = {
        name: all(isinstance(row.get(name), int | float | None) for row in rows) for name in names
    }
    lines = [
        "| " + " | ".join(name.replace("_", " ") for name in names) + " |",
        "| " + " | ".join("---:" if number[name] else "---" for name in names) + " |",
    ]
    lines += ["| " + " | ".join(_cell(row.get(name)) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
