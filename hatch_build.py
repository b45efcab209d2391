"""Compiles the kernel of MiniLM when faqbot is built or installed from its source.

Without a compiler the package is pure Python: numpy then computes the same vectors, more slowly.
"""

from __future__ import annotations

import os
import runpy
import shlex
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
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
