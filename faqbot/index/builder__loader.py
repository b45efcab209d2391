"""Folders -> knowledge that is mapped from disk: from the cache, or built in another process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from faqbot.index import cache
from faqbot.index.builder import Encoders
from faqbot.index.builder__building import written_aside
from faqbot.index.cache import Snapshots, key_of
from faqbot.workspaces.content_pool import Weighed


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads folders beside those that answer.

    Args:
        encoder: the folder of the chosen encoder; None is the bundled one.
        encoders: what this process has loaded of it.
        kept: where built content is kept; None keeps nothing, and builds each time.
    """

    encoder: Path | None
    encoders: Encoders
    kept: Snapshots | None

    def __post_init__(self) -> None:
        """One thread for each question, as `built` says."""
        threadpool_limits(limits=1, user_api="blas")

    def __call__(self, folder: Path) -> Weighed:
        """Load a folder.

        Raises:
            ContentError: the content has problems.
            UsageError: there is no content in the folder.
            ServiceError: the process that builds did not finish.
        """
        key = key_of(folder, self.encoder)
        found = self._found(key)
        if found is not None:
            return found
        with written_aside(folder, self.encoder) as place:
            if self.kept is not None and key_of(folder, self.encoder) == key:
                self.kept.adopt(key, place)
                found = self._found(key)
            if found is not None:
                return found
            knowledge = cache.read(place, self.encoders.common, gently=True)
            return Weighed(knowledge, cache.weight_of(place))

    def _found(self, key: str) -> Weighed | None:
        if self.kept is None:
            return None
        knowledge = self.kept.find(key, self.encoders.common, gently=True)
        return Weighed(knowledge, self.kept.weight(key)) if knowledge else None
