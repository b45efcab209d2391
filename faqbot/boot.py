"""The composition root: the one place where the parts are put together."""

from __future__ import annotations

import time
from importlib.resources import as_file, files
from pathlib import Path

from faqbot.content.loading import load_library
from faqbot.content.shipped import load_shipped
from faqbot.conversations import Conversations
from faqbot.desk import Desk, Knowledge
from faqbot.matching.decision import Decider, Thresholds
from faqbot.matching.encoding import StaticEncoder
from faqbot.matching.matcher import Matcher
from faqbot.model import Library


def open_desk(knowledge: Path) -> Desk:
    """A desk that answers from a content folder.

    Raises:
        ContentError: the content has problems.
        UsageError: there is no content in the folder.
    """
    return Desk(understand(load_library(knowledge)), Conversations(time.monotonic))


def understand(library: Library) -> Knowledge:
    """Build what answers questions about a library."""
    encoder = StaticEncoder()
    matcher = Matcher(library, load_shipped(), encoder, encoder.language())
    return Knowledge(library, matcher, Decider(library, Thresholds()))


def knowledge_folder(configured: str | None) -> tuple[Path, str]:
    """The content folder, and a line that says so when the shipped content takes its place."""
    if configured:
        return Path(configured), ""
    here = Path("knowledge")
    if here.is_dir():
        return here, ""
    with as_file(files("faqbot") / "knowledge") as carried:
        shipped = carried
    if not shipped.is_dir():
        shipped = Path(__file__).resolve().parent.parent / "knowledge"
    return shipped, (
        f"No folder {here.resolve()}: answering from the content shipped with faqbot. "
        "Set FAQBOT_KNOWLEDGE or --knowledge to use yours."
    )
