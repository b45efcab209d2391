"""The entry point of the command line: runs a command and maps its failures to exit codes."""

from __future__ import annotations

import atexit
import hashlib
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Final

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C: 128 and the number of SIGINT, as shells report it."""


def main() -> None:
    """Run the command of `sys.argv`; every failure is a line of advice and an exit code.

    Raises:
        SystemExit: Always, with the command's exit code; 130 after Ctrl-C.
    """
    interrupt = _Interrupt()
    interrupt.catch()
    try:
        _run(interrupt)
    except BaseException:
        # A library that is interrupted may raise anything: numpy's import an ImportError.
        if interrupt.happened:
            sys.exit(INTERRUPTED)
        raise
    finally:
        interrupt.release()


class _Interrupt:
    """Turns Ctrl-C into an exit code, from before the first import until the process has ended."""

    def __init__(self) -> None:
        self.happened = False
        self._previous = signal.getsignal(signal.SIGINT)

    def catch(self) -> None:
        """Handle Ctrl-C, unless it is ignored, as shells do for programs in the background."""
        if self._previous is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._exit)

    def release(self) -> None:
        """Restore the handler; after Ctrl-C see to it that a second one changes nothing."""
        if not self.happened:
            signal.signal(signal.SIGINT, self._previous)
            return
        # The interpreter joins threads, calls atexit, then resets handlers to the default action,
        # which ends by the signal. Handlers can interrupt the first; ignored signals stay ignored.
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)

    def _exit(self, _number: int, _frame: FrameType | None) -> None:
        self.happened = True
        # Not KeyboardInterrupt: Typer and its prompts turn it into "Aborted!" and exit code 1.
        sys.exit(INTERRUPTED)


def _run(interrupt: _Interrupt) -> None:
    # Imported here, because an interrupt is handled from now on: these take most of a short run.
    from faqbot.cli.commands import Invocation, app
    from faqbot.errors import FaqbotError

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that lacks a character shows a question mark instead of an error.
            stream.reconfigure(errors="replace")
    invocation = Invocation()
    try:
        app(obj=invocation)
    except FaqbotError as error:
        _print_error(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        if invocation.debug or interrupt.happened:
            raise
        _print_error(_unexpected(error))
        sys.exit(1)
    finally:
        _flush()


def _unexpected(error: Exception) -> str:
    """One line whose reference is the same whenever the same thing fails in the same place."""
    # Without line numbers, so that a version that only moves lines keeps the reference.
    frames = traceback.extract_tb(error.__traceback__)
    place = [f"{Path(frame.filename).name}:{frame.name}" for frame in frames[-3:]]
    key = " ".join([type(error).__name__, *place]).encode()
    reference = hashlib.sha256(key).hexdigest()[:8]
    return (
        f"Unexpected error ({type(error).__name__}, reference {reference}). Run it again with "
        "FAQBOT_DEBUG=1 to see where it comes from; please report it with the reference."
    )


def _print_error(line: str) -> None:
    import typer

    from faqbot.cli.common import in_quotes

    typer.echo(in_quotes(line), err=True)


def _flush() -> None:
    """Write what is buffered; a reader that has gone away is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes again when it ends, and would print the same error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
