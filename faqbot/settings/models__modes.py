"""How faqbot reaches Slack."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """How faqbot reaches Slack."""

    SOCKET = "Socket Mode"
    HTTP = "HTTP"
    MANY = "HTTP for many workspaces"
    WORKSPACE = "local workspace"
