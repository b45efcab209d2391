"""Write the generated files; `--check` only lists those that are out of date."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = Path("docs/reference")
VECTORS = Path("faqbot/matching/minilm/vectors.safetensors")
COMMAND = (sys.executable, "-m", "typer", "faqbot.cli.commands", "utils", "docs")


def generated() -> Iterator[tuple[Path, str]]:
    """Each generated file with what it should hold."""
    from faqbot.content.format import schema_text
    from faqbot.slack import manifest
    from tools import reference

    yield Path("knowledge/schema.json"), schema_text()
    yield manifest.SOCKET_FILE, manifest.as_json(manifest.socket_manifest())
    yield manifest.HTTP_FILE, manifest.as_json(manifest.http_manifest())
    yield manifest.MCP_FILE, manifest.as_json(manifest.mcp_manifest())
    yield REFERENCE / "commands.md", commands()
    yield REFERENCE / "settings.md", reference.settings()
    yield REFERENCE / "content.md", reference.content_keys()
    yield REFERENCE / "section-titles.md", reference.section_titles()
    yield REFERENCE / "metrics.md", reference.metrics()


def commands() -> str:
    """The command reference, by Typer's own generator."""
    from tools.reference import WIDTH, prose

    made = subprocess.run(
        [*COMMAND, "--name", "faqbot", "--title", "Command line"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
    )
    lines = (
        prose(line, indent="  " if line.startswith("* ") else "")
        if len(line) > WIDTH and not line.startswith(("$", "#"))
        else line.rstrip()
        for line in made.stdout.strip().splitlines()
    )
    return "\n".join(lines) + "\n"


def made_vectors(folder: Path, *, anew: bool) -> bytes | None:
    """The vectors of the shipped sentences that have none yet, or of all; None if there are none.

    Args:
        folder: an empty folder to work in.
        anew: whether to make all of them.
    """
    from faqbot.content.loader import load_knowledge_base
    from faqbot.index.builder import build_index
    from faqbot.matching.training_data import SharedResources

    shipped = None if anew else ROOT / VECTORS
    resources = SharedResources(cache=folder, shipped_vectors=shipped)
    build_index(load_knowledge_base(ROOT / "knowledge"), resources)
    return next((path.read_bytes() for path in folder.glob(".vectors/*")), None)


def main() -> int:
    """The exit code: 1 when a file is out of date and was not to be written."""
    check = "--check" in sys.argv[1:]
    stale = []
    for path, text in generated():
        target = ROOT / path
        if target.is_file() and target.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not check:
            target.write_text(text, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        # To make all of them takes half a minute: only where one is missing.
        if made_vectors(Path(folder), anew=False) is not None:
            stale.append(VECTORS)
            if not check:
                with tempfile.TemporaryDirectory() as other:
                    (ROOT / VECTORS).write_bytes(made_vectors(Path(other), anew=True) or b"")
    for path in stale:
        print(f"{path} {'is out of date: run make format' if check else 'is new'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
