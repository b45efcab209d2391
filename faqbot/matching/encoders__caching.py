"""Results of methods, kept without keeping the object.

A cache around a bound method holds the object that holds the cache: a circle, which only the
garbage collector ends. Content that is let go shall be gone at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import WeakMethod

P = ParamSpec("P")
T = TypeVar("T")


class Weakly(Generic[P, T]):
    """A method of an object that it doesn't keep alive; whoever calls it does."""

    def __init__(self, method: Callable[P, T]) -> None:
        self._method: WeakMethod[Any] = WeakMethod(method)

    @property
    def method(self) -> Callable[P, T]:
        """The method, bound to its object."""
        found: Callable[P, T] | None = self._method()
        assert found is not None
        return found

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.method(*args, **kwargs)


def cached(method: Callable[P, T], most: int) -> Callable[P, T]:
    """A method that remembers its results, the least recently used forgotten first."""
    found: Any = lru_cache(maxsize=most)(Weakly(method))
    kept: Callable[P, T] = found
    return kept
