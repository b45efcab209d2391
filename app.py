"""Start faqbot, as `faqbot run` does: the Slack command line tool starts this file."""

from __future__ import annotations

import sys

from faqbot.boot import run
from faqbot.errors import FaqbotError
from faqbot.settings import Settings

if __name__ == "__main__":
    try:
        run(Settings())
    except FaqbotError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
