"""Write the generated files; `--check` only lists those that are out of date."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "typer", "faqbot.cli.commands", "utils", "docs")


def generated() -> Iterator[tuple[Path, str]]:
    """Each generated file with what it should hold."""
    from faqbot.content.format import schema_text
    from faqbot.slack import manifest

    yield Path("knowledge/schema.json"), schema_text()
    yield manifest.SOCKET_FILE, manifest.as_json(manifest.socket_manifest())
    yield manifest.HTTP_FILE, manifest.as_json(manifest.http_manifest())
    yield Path("docs/cli.md"), reference()


def reference() -> str:
    """The command reference, by Typer's own generator."""
    made = subprocess.run(
        [*COMMAND, "--name", "faqbot", "--title", "Command line"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
    )
    return "\n".join(line.rstrip() for line in made.stdout.strip().splitlines()) + "\n"


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
    for path in stale:
        print(f"{path} {'is out of date: run make format' if check else 'is new'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
