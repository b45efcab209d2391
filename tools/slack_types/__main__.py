"""Turn Slack's published types into tests/slack/block-kit.schema.json; `--check` compares only.

It needs npm and some seconds; where npm is missing, one line says that nothing was done.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent.parent
SCHEMA: Final = Path("tests/slack/block-kit.schema.json")
GENERATOR: Final = ("node_modules/.bin/ts-json-schema-generator", "--tsconfig", "tsconfig.json")


def made(npm: str) -> str:
    """The schema of the locked version of @slack/types.

    Raises:
        CalledProcessError: npm or the generator failed; what they said was printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name in ("package.json", "package-lock.json", "tsconfig.json", "messages.ts"):
            shutil.copy(HERE / name, place)
        quietly = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        subprocess.run((npm, "ci", *quietly), cwd=place, check=True, stdout=sys.stderr)
        options = ("--path", "messages.ts", "--jsDoc", "none")
        written = subprocess.run(
            (*GENERATOR, *options), cwd=place, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        package = place / "node_modules/@slack/types"
        version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
        licence = " ".join((package / "LICENSE").read_text(encoding="utf-8").split())
    origin = f"Made from @slack/types {version} by tools/slack_types. Its licence: {licence}"
    return json.dumps({"$comment": origin, **json.loads(written)}, indent=1) + "\n"


def main() -> int:
    """The exit code: 1 when the schema is out of date and was not to be written."""
    npm = shutil.which("npm")
    if npm is None:
        print(f"npm is missing; {SCHEMA} was not compared with Slack's published types")
        return 0
    text, target = made(npm), ROOT / SCHEMA
    if target.is_file() and target.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{SCHEMA} is out of date: run python -m tools.slack_types")
        return 1
    target.write_text(text, encoding="utf-8")
    print(f"{SCHEMA} is new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
