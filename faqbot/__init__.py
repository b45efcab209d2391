"""faqbot answers questions about job roles: in Slack, on the command line, and from Python.

    import faqbot

    bot = faqbot.load("knowledge/")
    print(bot.ask("which skills does a data analyst need?").text)

The names in `__all__` are the public API, described in docs/reference/python.md; all others are
private.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from faqbot.engine import Engine
    from faqbot.errors import ContentError, FaqbotError
    from faqbot.model import Audience, KnowledgeBase, Question
    from faqbot.replies.reply import Reply
    from faqbot.replies.result import Result

__all__ = [
    "Audience",
    "ContentError",
    "Engine",
    "FaqbotError",
    "KnowledgeBase",
    "Question",
    "Reply",
    "Result",
    "load",
]
__version__ = "0.1.0"

_MODULES: Final = {
    "Audience": "faqbot.model",
    "ContentError": "faqbot.errors",
    "Engine": "faqbot.engine",
    "FaqbotError": "faqbot.errors",
    "KnowledgeBase": "faqbot.model",
    "Question": "faqbot.model",
    "Reply": "faqbot.replies.reply",
    "Result": "faqbot.replies.result",
}


def load(
    knowledge: str | Path | None = None,
    *,
    audience: Audience | Literal["everyone", "employees", "candidates"] = "everyone",
    encoder: str | Path | None = None,
    cache: str | Path | None = None,
) -> Engine:
    """Load a content folder and return an engine that answers from it.

    Args:
        knowledge: the content folder; None takes the content that ships with faqbot.
        audience: who asks the questions that are given as a text.
        encoder: the folder of a sentence-transformers model, which needs the package
            sentence-transformers;
            None takes the bundled encoder.
        cache: the folder in which to keep what took more than a second to build, for a quick
            next start; None keeps nothing.

    Raises:
        ContentError: the content has problems; `problems` lists all of them.
        FaqbotError: there is no content in the folder, no such audience, or the encoder can't be
            loaded.
    """
    from pathlib import Path

    from faqbot.content.files import shipped_knowledge
    from faqbot.errors import UsageError
    from faqbot.index.builder import load_engine
    from faqbot.model import Audience

    try:
        asker = Audience(audience)
    except ValueError as error:
        known = ", ".join(repr(one.value) for one in Audience)
        raise UsageError(f"There is no audience {audience!r}: take one of {known}.") from error
    return load_engine(
        shipped_knowledge() if knowledge is None else Path(knowledge),
        Path(encoder) if encoder is not None else None,
        Path(cache) if cache is not None else None,
        asker,
    )


if not TYPE_CHECKING:  # for a type checker, a module that has __getattr__ has every attribute

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used, so that importing faqbot stays cheap."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
