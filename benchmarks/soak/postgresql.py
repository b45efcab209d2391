"""A temporary PostgreSQL cluster, which can be killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.soak.processes import free_port, tree


def programs() -> Path:
    """Where PostgreSQL's programs are.

    Raises:
        SystemExit: it isn't installed.
    """
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += [one.parent for one in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    if not folders:
        raise SystemExit("PostgreSQL is missing: install Debian's package postgresql.")
    return folders[-1]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster in a folder."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c max_connections=200"
        options += f" -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def kill(self) -> None:
        """Stop it without a word to those who are connected."""
        self._run("pg_ctl", "-m", "immediate", "stop")

    def freeze(self) -> None:
        """Stop all its processes where they are: it accepts connections, and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        first = (self.folder / "cluster" / "postmaster.pid").read_text().split()[0]
        for pid in tree(int(first)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def make(self) -> None:
        """Make its files."""
        self._run("initdb", "-U", "postgres", "-A", "trust", "-N")

    def _run(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root.
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        whole = [str(programs() / program), "-D", str(self.folder / "cluster"), *arguments]
        done = subprocess.run(
            [*user, *whole], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(whole)} ended with {done.returncode}.")


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster that runs as long as the block does."""
    place = folder / "postgresql"
    place.mkdir()
    if os.geteuid() == 0:
        shutil.chown(place, "postgres")
        folder.chmod(0o755)
    found = Cluster(place, free_port())
    found.make()
    found.start()
    try:
        yield found
    finally:
        found.thaw()
        found.kill()
