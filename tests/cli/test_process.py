"""What only a process of its own can show."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import DEADLINE

from .conftest import KNOWLEDGE

FAQBOT = (sys.executable, "-c", "from faqbot.cli.main import main; main()")


@pytest.fixture
def environment() -> dict[str, str]:
    return {**os.environ, "FAQBOT_KNOWLEDGE": str(KNOWLEDGE), "TERM": "xterm", "COLUMNS": "100"}


def test_help_imports_no_heavy_module() -> None:
    listing = (
        "import sys\nfrom faqbot.cli.main import main\nsys.argv = ['faqbot', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*(m for m in ('numpy', 'pydantic', 'slack_bolt') if m in sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    assert ran.stdout.rstrip("\n").splitlines()[-1].strip() == ""


def test_python_m_faqbot_is_the_command(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "faqbot", "ask", "--json", "skills of a QA engineer"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert '"outcome": "answer"' in ran.stdout


def test_closed_pipe_is_no_error(environment: dict[str, str]) -> None:
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
    """The exit code after Ctrl-C, which is pressed again and again until the process has ended."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)
    return process.returncode


def test_interrupt_ends_a_conversation_without_a_traceback(environment: dict[str, str]) -> None:
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


INTERRUPTED_IMPORT = """
import os, signal, sys

def interrupt(event, arguments):
    if event == "import" and arguments[0] == "{module}":
        os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(interrupt)
from faqbot.cli.main import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "numpy", "rapidfuzz.fuzz"])
def test_interrupt_during_an_import_ends_with_130(environment: dict[str, str], module: str) -> None:
    program = INTERRUPTED_IMPORT.format(module=module)
    ran = subprocess.run(
        [sys.executable, "-c", program, "chat"],
        env=environment, capture_output=True, check=False, input=b"skills\n",
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")


INTERRUPTED_TWICE = """
import os, signal

class Last:
    def __del__(self, kill=os.kill, process=os.getpid(), number=signal.SIGINT):
        kill(process, number)

last = Last()
"""


def test_second_interrupt_while_the_interpreter_ends_changes_nothing(
    environment: dict[str, str],
) -> None:
    program = INTERRUPTED_TWICE + INTERRUPTED_IMPORT.format(module="numpy")
    ran = subprocess.run(
        [sys.executable, "-c", program, "ask", "skills"],
        env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")


def test_text_is_printed_in_a_locale_that_cannot_show_it(
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


def test_stopping_the_editor_while_it_answers_shows_no_traceback(
    environment: dict[str, str], tmp_path: Path
) -> None:
    command = [*FAQBOT, "edit", "--knowledge", str(tmp_path), "--port", "0"]
    form = {"role": "cook", "title": "Cook", "sections": [{"key": "overview", "text": "Cooks."}]}
    asked = json.dumps({"question": "what does a cook do", "form": form}).encode()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as editor:
        assert editor.stdout is not None
        port = int(editor.stdout.readline().rstrip("/\n").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as browser:
            head = f"POST /calls/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(asked)}"
            browser.sendall(f"{head}\r\n\r\n".encode() + asked)
            editor.send_signal(signal.SIGINT)
            answer = browser.recv(100)
        _, errors = editor.communicate(timeout=DEADLINE)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503"))
    assert "Traceback" not in errors
