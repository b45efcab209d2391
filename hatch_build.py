"""Compiles the kernel of MiniLM when faqbot is built, and mends the README for package indexes.

Without a compiler, or with `FAQBOT_BUILD_KERNEL=off`, the package is pure Python: numpy then
computes the same vectors, more slowly.
"""

from __future__ import annotations

import os
import re
import runpy
import shlex
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface
from packaging.tags import platform_tags

COMPILER = Path("faqbot/matching/minilm_compiler.py")
LIBRARY = Path("faqbot/matching/libminilm.so")


class KernelHook(BuildHookInterface[Any]):
    """Build hook of hatchling; an editable installation gets the kernel beside its source."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the kernel, and put it into the wheel."""
        # Run by its path: importing faqbot would need what faqbot depends on.
        compiler = runpy.run_path(str(Path(self.root) / COMPILER))
        editable = version == "editable"
        self._folder = tempfile.TemporaryDirectory(prefix="faqbot-wheel-")
        if os.environ.get("FAQBOT_BUILD_KERNEL") == "off":
            return
        library = Path(self.root if editable else self._folder.name) / LIBRARY
        command = shlex.split(os.environ.get("CC", "")) or None
        try:
            compiler["compile_kernel"](library, command)
        except (compiler["CompilerError"], OSError) as problem:
            self.app.display_warning(f"Without the compiled kernel, which is slower: {problem}")
            return
        if not editable:
            build_data["force_include"][str(library)] = str(LIBRARY)
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{next(iter(platform_tags()))}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what was only there to be packed."""
        self._folder.cleanup()


VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)")


class ReadmeHook(MetadataHookInterface):
    """Metadata hook of hatchling: the README as an index shows it, which has no files beside it.

    Links and pictures lead to the repository that `[project.urls]` names, at the tag of the
    version. While it names none, links are their text, and pictures are left out.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the README."""
        root = Path(self.root)
        repository = metadata.get("urls", {}).get("Repository", "").rstrip("/")
        (version,) = VERSION.findall((root / "faqbot" / "__init__.py").read_text(encoding="utf-8"))

        def mended(link: re.Match[str]) -> str:
            picture, text, target = link.groups()
            if not repository:
                return "" if picture else text
            kind = "raw" if picture else "blob"
            return f"{picture}[{text}]({repository}/{kind}/v{version}/{target})"

        text = (root / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": re.sub(r"\n{3,}", "\n\n", LINK.sub(mended, text)),
        }
