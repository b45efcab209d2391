"""The sections that every role may have, in the order of a full description."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

STANDARD_SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "overview": "Overview",
        "day-to-day": "Day to day",
        "responsibilities": "Responsibilities",
        "skills": "Skills",
        "education": "Education",
        "certifications": "Certifications",
        "experience": "Experience",
    },
)
"""Key -> title."""
