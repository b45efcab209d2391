"""What the whole suite shares: tests whose programs are missing are skipped, and it is said."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from playwright.async_api import Browser

# A busy machine is slow to generate examples, and says nothing about a test by that.
hypothesis.settings.register_profile(
    "suite", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None
)
hypothesis.settings.load_profile("suite")
hypothesis.settings.register_profile("fuzz", max_examples=5_000)  # make fuzz
FLAGS = ["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LONGEST = {
    *("test_workers.py", "test_local_workspace.py", "test_reloading.py", "test_service.py"),
    *("test_proxy.py", "test_content_pool.py", "test_check.py", "test_owner_check.py"),
    *("test_documentation.py", "test_api.py", "test_page.py", "test_slack_cli.py"),
}
"""The files that take or wait longest: begun last, one of them would be waited for at the end."""


def chromium_path() -> str | None:
    """Where Chromium is, if it is installed."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def postgresql_path() -> str | None:
    """Where PostgreSQL's programs are, if they are installed."""
    found = shutil.which("initdb")
    if found:
        return str(Path(found).parent)
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return str(folders[-1].parent) if folders else None


def nginx_path() -> str | None:
    """Where nginx is, if it is installed; often not in a person's PATH."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


NEEDS = {
    "browser": ("Chromium", "chromium", chromium_path),
    "postgresql": ("PostgreSQL", "postgresql", postgresql_path),
    "nginx": ("nginx", "nginx-light", nginx_path),
}


def pytest_configure(config: pytest.Config) -> None:
    """Let what the tests start remember in a folder of their own, not in the user's.

    Its cache is shared by all processes of a run: content that many tests load is built once.
    """
    # A shell starts `make test &` deaf to interrupts, and so would be what the tests interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    place = tempfile.TemporaryDirectory(prefix="faqbot-tests-")
    config.add_cleanup(place.cleanup)
    os.environ["XDG_DATA_HOME"] = place.name
    if not hasattr(config, "workerinput"):
        # Matplotlib takes seconds to list the fonts of a machine, so it keeps its own folder.
        fonts = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
        os.environ.setdefault("MPLCONFIGDIR", str(fonts))
        os.environ["XDG_CACHE_HOME"] = str(Path(place.name) / "cache")
    # Until the tests begin hardly anything is thrown away, and looking for it takes a sixth.
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage from now on, but not among what was imported and collected."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: 0 if item.path.name in LONGEST else 1)
    for marker, (name, package, path) in NEEDS.items():
        needing = [item for item in items if item.get_closest_marker(marker)]
        if not needing or path():
            continue
        if os.environ.get("CI") == "true":
            raise pytest.UsageError(f"{name} is missing, and CI demands it: install {package}.")
        for item in needing:
            item.add_marker(pytest.mark.skip(reason=f"{name} is missing"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium, for tests marked `browser`."""
    path = chromium_path()
    assert path is not None
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome(chromium: str) -> AsyncIterator[Browser]:
    """A browser for the tests of a module that share the module's event loop."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def nginx() -> str:
    """The path of nginx, for tests marked `nginx`."""
    path = nginx_path()
    assert path is not None
    return path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "figures" and getattr(report, "when", "") == "call":
                    terminalreporter.write_line(str(value))
    for name, package, path in NEEDS.values():
        if not path():
            terminalreporter.write_line(
                f"{name} is missing; what needs it was not tested: {package}"
            )
