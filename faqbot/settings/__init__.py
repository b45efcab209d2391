"""Settings from the environment and a `.env` file; all problems are reported at once."""

from faqbot.settings.describe import describe
from faqbot.settings.models import Mode, Settings
from faqbot.settings.sources import (
    configured_cache,
    configured_database,
    configured_encoder,
    configured_knowledge,
    configured_secret_keys,
)

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
