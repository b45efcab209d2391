"""Settings from the environment and a `.env` file; everything that is wrong is said at once."""

from faqbot.settings.reading import (
    configured_cache,
    configured_database,
    configured_encoder,
    configured_knowledge,
)
from faqbot.settings.service import Mode, Settings

__all__ = [
    "Mode",
    "Settings",
    "configured_cache",
    "configured_database",
    "configured_encoder",
    "configured_knowledge",
]
