"""Compiles the kernel of MiniLM; nothing but the standard library is needed.

The build of the package calls it. To compile it by hand, beside its source:

    python -m faqbot.matching.minilm_compiler
"""

from __future__ import annotations

import hashlib
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("minilm_kernel.c")
LIBRARY: Final = Path(__file__).with_name("libminilm.so")

FLAGS: Final = (
    "-std=c99",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-fPIC",
)
"""Flags that keep each result to the bit: no fused multiply-add, no reordering."""

LEVELS: Final = {
    "avx2": ("-mavx2",),
    "avx512": (
        *("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vnni"),
        "-mprefer-vector-width=512",
    ),
}
"""Levels of x86-64 for which the forward pass is compiled once more, and their flags."""

_TIMEOUT: Final = 300


class CompilerError(Exception):
    """There is no compiler, or it failed; `str()` says which and why."""


def compile_kernel(
    library: Path = LIBRARY,
    compiler: Sequence[str] | None = None,
    levels: Iterable[str] = tuple(LEVELS),
) -> None:
    """Compile the kernel into a shared library.

    A level that the compiler doesn't know is left out. The library is replaced in one step, so
    that a process that has it open keeps the old one.

    Args:
        library: where the library goes.
        compiler: the command of the C compiler; None looks for one.
        levels: the levels of LEVELS to compile for, besides any processor.

    Raises:
        CompilerError: there is no compiler, or it can't compile the kernel.
    """
    command = list(compiler or find_compiler())
    with tempfile.TemporaryDirectory(prefix="faqbot-kernel-") as place:
        folder = Path(place)
        compiled = list(_compiled_levels(command, folder, levels))
        defines = [f"-DFAQBOT_{level.upper()}" for level in compiled]
        source = f'-DFAQBOT_SOURCE="{digest_of(SOURCE)}"'
        base = folder / "base.o"
        _run([*command, *FLAGS, *defines, source, "-c", str(SOURCE), "-o", str(base)])
        objects = [str(folder / f"{level}.o") for level in compiled]
        made = folder / library.name
        _run([*command, "-shared", str(base), *objects, "-lm", "-o", str(made)])
        library.parent.mkdir(parents=True, exist_ok=True)
        unfinished = library.with_name(f".{library.name}.new")
        shutil.copyfile(made, unfinished)
        unfinished.chmod(0o755)
        unfinished.replace(library)


def find_compiler() -> list[str]:
    """Return the command of the compiler that Python was built with, or of another one.

    Raises:
        CompilerError: there is none.
    """
    built_with = shlex.split(sysconfig.get_config_var("CC") or "")[:1]
    for name in (*built_with, "cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    raise CompilerError("there is no C compiler")


def digest_of(path: Path) -> str:
    """Return a hash of a file's content; a library says of which source it is."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def _compiled_levels(command: list[str], folder: Path, levels: Iterable[str]) -> Iterator[str]:
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return
    for level in levels:
        name = f"-DFAQBOT_LEVEL={level}"
        made = str(folder / f"{level}.o")
        try:
            _run([*command, *FLAGS, *LEVELS[level], name, "-c", str(SOURCE), "-o", made])
        except CompilerError:
            continue
        yield level


def _run(command: list[str]) -> None:
    try:
        ran = subprocess.run(  # noqa: S603 - the command of a compiler
            command, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CompilerError(f"{command[0]}: {error}") from error
    if ran.returncode:
        raise CompilerError(f"{' '.join(command)} failed:\n{ran.stderr.strip()}")


if __name__ == "__main__":
    try:
        compile_kernel()
    except CompilerError as problem:
        sys.exit(f"The kernel can't be compiled, so numpy is used, which is slower: {problem}")
