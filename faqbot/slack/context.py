"""What all workspaces of a process share."""

from __future__ import annotations

from dataclasses import dataclass, field

from faqbot.runtime.metrics import Metrics
from faqbot.slack.middleware.deduplication import Claims, RecentClaims
from faqbot.slack.middleware.rate_limit import Limits
from faqbot.slack.middleware.request_log import Running


@dataclass(frozen=True, slots=True)
class Shared:
    """The parts that every app of a process is made with.

    Args:
        claims: what was taken on, so that it is done once.
        running: the listeners that run.
        metrics: what is counted and measured.
        limits: how many questions a minute.
    """

    claims: Claims = field(default_factory=RecentClaims)
    running: Running = field(default_factory=Running)
    metrics: Metrics = field(default_factory=Metrics)
    limits: Limits = field(default_factory=lambda: Limits.of(0, 0))
