"""Start faqbot, as `faqbot run` does: the Slack command line tool starts this file."""

from __future__ import annotations

import sys

from faqbot.cli.main import main

if __name__ == "__main__":
    sys.argv.insert(1, "run")
    main()
