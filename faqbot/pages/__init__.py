"""The look that all pages share: tokens of type, colour and spacing, and components."""

from __future__ import annotations

from importlib import resources
from typing import Final

STATIC: Final = (__name__, "static")
"""The package and the folder of the files, as Starlette's StaticFiles takes them."""


def look() -> str:
    """Return the style sheet that every page begins with."""
    return resources.files(__name__).joinpath("static", "look.css").read_text("utf-8")
