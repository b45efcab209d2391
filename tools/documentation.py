"""Build the site of the documentation in build/site; warnings are errors.

`make docs` also shows it at http://127.0.0.1:8800/, `make site` builds a folder for each release
and one for the work tree, and `make links` checks the links to other sites.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import webbrowser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LATEST = "latest"
RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def build(tree: Path, out: Path, builder: str = "html", versions: tuple[str, ...] = ()) -> None:
    """Build the pages of a tree.

    Args:
        tree: a checkout.
        out: the folder of the site.
        builder: of Sphinx.
        versions: the names of all versions, of which the name of `out` is one; none for a
            site of one version.
    """
    environment = dict(os.environ)
    if versions:
        environment |= {"FAQBOT_DOCS_VERSION": out.name, "FAQBOT_DOCS_VERSIONS": " ".join(versions)}
    command = ("-m", "sphinx", "-q", "-b", builder, "--fresh-env", "--fail-on-warning")
    subprocess.run(
        [sys.executable, *command, "-d", out.with_name(f".{out.name}-doctrees"), "docs", out],
        cwd=tree, env=environment, check=True,
    )  # fmt: skip


def releases() -> list[str]:
    """The tags that have a site, the newest first."""

    def git(*arguments: str) -> str:
        ran = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return ran.stdout

    tags = [tag for tag in git("tag").split() if RELEASE.fullmatch(tag)]
    with_site = [tag for tag in tags if git("ls-tree", tag, "docs/conf.py")]
    return sorted(with_site, key=lambda tag: tuple(map(int, tag[1:].split("."))), reverse=True)


def build_every_version(out: Path) -> None:
    """Build the work tree as `latest`, each release under its number; show the newest release."""
    tags = releases()
    names = (LATEST, *(tag[1:] for tag in tags))
    build(ROOT, out / LATEST, versions=names)
    for tag in tags:
        packed = subprocess.run(["git", "archive", tag], cwd=ROOT, capture_output=True, check=True)
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
                archive.extractall(folder, filter="data")
            build(Path(folder), out / tag[1:], versions=names)
    first = names[1] if tags else LATEST
    (out / "index.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>faqbot</title>'
        f'<meta http-equiv="refresh" content="0; url={first}/"><a href="{first}/">faqbot</a>\n',
        encoding="utf-8",
    )


def serve(folder: Path, port: int) -> None:
    """Serve the site on this machine until Ctrl-C."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"The documentation is at {address} until Ctrl-C.", flush=True)
        webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description="Build the site of the documentation.")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--every-version", action="store_true", help="one folder for each tag")
    parser.add_argument("--links", action="store_true", help="check the links to other sites")
    parser.add_argument("--serve", action="store_true", help="show the site at 127.0.0.1")
    parser.add_argument("--port", type=int, default=8800)
    options = parser.parse_args()
    out = options.out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    try:
        if options.links:
            build(ROOT, out.with_name("links"), builder="linkcheck")
        elif options.every_version:
            build_every_version(out)
        else:
            build(ROOT, out)
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    if options.serve:
        serve(out, options.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
