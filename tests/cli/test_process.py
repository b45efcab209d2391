"""What only a process of its own can show."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.waiting import DEADLINE

from .conftest import KNOWLEDGE

FAQBOT = (sys.executable, "-c", "from faqbot.cli.main import main; main()")


@pytest.fixture
def environment() -> dict[str, str]:
    return {**os.environ, "FAQBOT_KNOWLEDGE": str(KNOWLEDGE), "TERM": "xterm", "COLUMNS": "100"}


def test_help_loads_nothing_heavy() -> None:
    listing = (
        "import sys\nfrom faqbot.cli.main import main\nsys.argv = ['faqbot', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*(m for m in ('numpy', 'pydantic', 'slack_bolt') if m in sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    assert ran.stdout.rstrip("\n").splitlines()[-1].strip() == ""


def test_a_reader_that_goes_away_is_no_error(environment: dict[str, str]) -> None:
    asked = subprocess.Popen(
        [*FAQBOT, "ask", "--batch", "-"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert asked.stdin
    assert asked.stdout
    assert asked.stderr
    asked.stdin.write(b"skills\n")
    asked.stdin.flush()
    assert asked.stdout.readline().startswith(b'{"question": "skills"')
    asked.stdout.close()
    asked.stdin.write(b"education\n")
    asked.stdin.close()
    said = asked.stderr.read()
    asked.stderr.close()
    asked.wait(timeout=DEADLINE)
    assert said == b""


def interrupt(process: subprocess.Popen[bytes]) -> int:
    """The exit code after Ctrl-C; pressed again where the prompt was not yet listening."""
    for _ in range(20):
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=0.5)
    process.kill()
    return process.wait()


def test_an_interrupt_ends_a_conversation_quietly(environment: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    chat = subprocess.Popen(
        [*FAQBOT, "chat"], env=environment, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE
    )
    os.close(theirs)
    shown = b""
    while b"you> " not in shown:
        shown += os.read(ours, 4096)
    os.write(ours, b"skills of a QA engineer\n")
    shown = b""
    while b"you> " not in shown:
        shown += os.read(ours, 4096)
    assert b"Patience" in shown
    code = interrupt(chat)
    assert chat.stderr
    said = chat.stderr.read()
    chat.stderr.close()
    os.close(ours)
    assert (code, said) == (130, b"")


def test_text_survives_a_locale_that_cannot_show_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment |= {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    plain = subprocess.run(
        [*FAQBOT, "ask", "skills of a QA engineer"],
        env=environment, capture_output=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert b"QA Engineer ? Skills" in plain.stdout
    lines = subprocess.run(
        [*FAQBOT, "ask", "--json", "skills of a QA engineer"],
        env=environment, capture_output=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert "QA Engineer · Skills" in lines.stdout.decode()
