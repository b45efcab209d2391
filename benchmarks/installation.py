"""An installation of faqbot, run as a command."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Installation:
    """A `faqbot` command with the environment that it runs in.

    Args:
        command: the program and the arguments that come before faqbot's own.
        environment: variables besides HOME. None of them is a setting of faqbot.
    """

    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, command: str | None) -> Installation:
        """Return the installation that a command line starts.

        Args:
            command: what starts it, quoted as for a shell; None: the `faqbot` beside this Python.
        """
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        if command is None:
            own = str(Path(sys.executable).with_name("faqbot"))
            # Another installation must not import this checkout, so only the own one gets the path.
            if "PYTHONPATH" in os.environ:
                environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
            return cls((own,), tuple(environment.items()))
        return cls(tuple(shlex.split(command)), tuple(environment.items()))

    def run(self, home: Path, *arguments: str, given: str = "") -> Run:
        """Run `faqbot ARGUMENTS` to its end.

        Args:
            home: its home and working folder, which also holds its caches.
            arguments: what comes after `faqbot`.
            given: its standard input.

        Raises:
            SystemExit: the command failed; shows what it wrote to standard error.
        """
        began = time.perf_counter()
        process = subprocess.Popen(
            (*self.command, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=home,
            env={**dict(self.environment), "HOME": str(home)},
        )
        before = os.times()
        output, errors = process.communicate(given.encode())
        seconds, after = time.perf_counter() - began, os.times()
        if process.returncode:
            called = shlex.join((*self.command, *arguments))
            raise SystemExit(f"{called}: exit code {process.returncode}\n{errors.decode()}")
        spent = after.children_user + after.children_system
        return Run(output.decode(), seconds, spent - before.children_user - before.children_system)


@dataclass(frozen=True, slots=True)
class Run:
    """Standard output of a run, its seconds, and its seconds of processor time."""

    output: str
    seconds: float
    cpu_seconds: float
