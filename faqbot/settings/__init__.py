"""Settings from the environment and a `.env` file; everything that is wrong is said at once."""

from faqbot.settings.describing import describe
from faqbot.settings.modes import Mode
from faqbot.settings.reading import (
    configured_cache,
    configured_database,
    configured_encoder,
    configured_knowledge,
    configured_secret_keys,
)
from faqbot.settings.service import Settings

__all__ = [
    "Mode",
    "Settings",
    "configured_cache",
    "configured_database",
    "configured_encoder",
    "configured_knowledge",
    "configured_secret_keys",
    "describe",
]
