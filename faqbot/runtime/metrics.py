"""Metrics in the format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector

from faqbot.replies.result import Result
from faqbot.runtime.http_limits import ConnectionRefusal

METRICS_CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_QUESTION_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_CALL_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0)
_GaugeMode = Literal["livesum", "livemin", "livemax"]
"""How prometheus-client merges the gauges of several workers."""

_CONFIDENCE_BUCKETS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class GaugeValues:
    """The values of all gauges at one moment.

    Attributes:
        waiting: how many items wait, by queue.
        store_up: whether the database responds.
        socket_connected: whether the Socket Mode connection is open.
        version: the version of the content.
        since: when that content came into use, in seconds since 1970.
        tried: when content was last checked, in seconds since 1970.
        reloads: changes of content that came into use.
        failures: changes of content that were refused.
        problems: how many problems the newest content has; 0 if it is in use.
        workspaces: workspaces whose content is in memory.
    """

    waiting: Mapping[str, int]
    store_up: bool
    socket_connected: bool
    version: str = ""
    since: float = 0.0
    tried: float = 0.0
    reloads: int = 0
    failures: int = 0
    problems: int = 0
    workspaces: int = 0


class Metrics:
    """The metrics of one process, or of all workers that share a folder.

    Args:
        folder: where workers write their metrics (`PROMETHEUS_MULTIPROC_DIR`); None for a single
            process.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._registry = registry = CollectorRegistry()
        if folder is None:
            ProcessCollector(registry=registry)
        self._questions = Counter(
            "faqbot_questions",
            "Questions by outcome (answer, choices, decline, silent) and by surface.",
            ("outcome", "place"),
            registry=registry,
        )
        self._question_seconds = Histogram(
            "faqbot_question_seconds",
            "Time to parse a question and decide; usually milliseconds.",
            buckets=_QUESTION_BUCKETS,
            registry=registry,
        )
        self._handled_seconds = Histogram(
            "faqbot_handled_seconds",
            "Time to handle a delivery, calls to Slack included.",
            ("kind",),
            buckets=_CALL_BUCKETS,
            registry=registry,
        )
        self._confidence = Histogram(
            "faqbot_confidence",
            "Confidence of the best entry.",
            ("outcome",),
            buckets=_CONFIDENCE_BUCKETS,
            registry=registry,
        )
        self._ratings = Counter(
            "faqbot_ratings", "Ratings: helpful or not helpful.", ("rating",), registry=registry
        )
        self._errors = Counter(
            "faqbot_errors",
            "Unexpected errors; each has a reference in the log.",
            registry=registry,
        )
        self._store_errors = Counter(
            "faqbot_store_errors", "Failed or timed-out database operations.", registry=registry
        )
        self._calls = Counter(
            "faqbot_slack_calls",
            "Calls of the Web API; calls with status 429 are retried.",
            ("method", "status"),
            registry=registry,
        )
        self._call_seconds = Histogram(
            "faqbot_slack_call_seconds",
            "Response time of the Web API.",
            buckets=_CALL_BUCKETS,
            registry=registry,
        )
        self._requests = Counter(
            "faqbot_http_requests",
            "Requests by our response's status; 401 is a wrong signature or clock.",
            ("status",),
            registry=registry,
        )
        self._refused = Counter(
            "faqbot_http_refused",
            "Connections and requests beyond a limit of the web server; none was signed by Slack.",
            ("reason",),
            registry=registry,
        )
        self._web_requests = Counter(
            "faqbot_web_requests",
            "Requests to MCP, the HTTP API and the widget, by status.",
            ("surface", "status"),
            registry=registry,
        )
        self._limited = Counter(
            "faqbot_limited",
            "Questions above a rate limit: of a user, a workspace, an address, or a key.",
            ("whose",),
            registry=registry,
        )
        self._duplicates = Counter(
            "faqbot_deliveries_repeated",
            "Repeated deliveries, which were not answered again.",
            registry=registry,
        )
        self._left_to_retry = Counter(
            "faqbot_deliveries_left_to_retry",
            "Deliveries that were refused because the database doesn't respond.",
            registry=registry,
        )
        self._takeovers = Counter(
            "faqbot_deliveries_taken_over",
            "Deliveries taken over from a process that died.",
            registry=registry,
        )

        def gauge(name: str, text: str, mode: _GaugeMode, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)

        self._waiting = gauge(
            "faqbot_waiting",
            "Queue lengths: running listeners, calls to Slack, claimed deliveries, records for the "
            "database.",
            "livesum",
            ("queue",),
        )
        self._store_up = gauge("faqbot_store_up", "1 if the database responds.", "livemin")
        self._socket = gauge(
            "faqbot_socket_connected",
            "1 if the Socket Mode connection is open; 0 over HTTP.",
            "livemin",
        )
        self._content = gauge(
            "faqbot_content_info", "1 for the content version in use.", "livemax", ("version",)
        )
        self._since = gauge(
            "faqbot_content_since_seconds",
            "Unix time since which the content is in use.",
            "livemin",
        )
        self._tried = gauge(
            "faqbot_content_tried_seconds",
            "Unix time of the last reload attempt.",
            "livemin",
        )
        self._reloads = gauge(
            "faqbot_content_reloads", "Successful reloads since the start.", "livemax"
        )
        self._failures = gauge(
            "faqbot_content_failures", "Failed reloads since the start.", "livemax"
        )
        self._problems = gauge(
            "faqbot_content_problems",
            "Problems of the newest content; 0 if it is in use.",
            "livemax",
        )
        self._workspaces = gauge(
            "faqbot_workspaces_loaded", "Workspaces with content in memory.", "livesum"
        )
        self._version = ""

    # -- counters and histograms

    def question(self, result: Result) -> None:
        """Count a question that was decided."""
        self._questions.labels(result.kind, result.question.surface.value).inc()
        self._question_seconds.observe(result.seconds)
        if result.entries:
            self._confidence.labels(result.kind).observe(result.entries[0].confidence)

    def handled(self, kind: str, seconds: float) -> None:
        """Measure a delivery that was handled."""
        self._handled_seconds.labels(kind).observe(seconds)

    def rating(self, *, helpful: bool) -> None:
        """Count a rating."""
        self._ratings.labels("helpful" if helpful else "not helpful").inc()

    def error(self) -> None:
        """Count an error that got a reference."""
        self._errors.inc()

    def store_error(self) -> None:
        """Count an error of the database."""
        self._store_errors.inc()

    def slack_call(self, method: str, status: str, seconds: float) -> None:
        """Measure a call to Slack."""
        self._calls.labels(method, status).inc()
        self._call_seconds.observe(seconds)

    def request(self, status: int) -> None:
        """Count an HTTP request."""
        self._requests.labels(str(status)).inc()

    def refused(self, reason: ConnectionRefusal) -> None:
        """Count a connection or request beyond a limit of the web server."""
        self._refused.labels(reason.value).inc()

    def web_request(self, surface: str, status: int) -> None:
        """Count a request to MCP, the HTTP API or the widget."""
        self._web_requests.labels(surface, str(status)).inc()

    def limited(self, whose: str) -> None:
        """Count a question above a rate limit: "person", "workspace", "address" or "key"."""
        self._limited.labels(whose).inc()

    def duplicate(self) -> None:
        """Count a delivery that was claimed before."""
        self._duplicates.inc()

    def left_to_retry(self) -> None:
        """Count a delivery that was refused, so that Slack sends it again."""
        self._left_to_retry.inc()

    def takeover(self) -> None:
        """Count a delivery that was taken over from a dead process."""
        self._takeovers.inc()

    # -- gauges

    def set_gauges(self, values: GaugeValues) -> None:
        """Set all gauges."""
        for queue, count in values.waiting.items():
            self._waiting.labels(queue).set(count)
        self._store_up.set(values.store_up)
        self._socket.set(values.socket_connected)
        if self._version and self._version != values.version:
            self._content.labels(self._version).set(0)
        self._version = values.version
        if values.version:
            self._content.labels(values.version).set(1)
        self._since.set(values.since)
        self._tried.set(values.tried)
        self._reloads.set(values.reloads)
        self._failures.set(values.failures)
        self._problems.set(values.problems)
        self._workspaces.set(values.workspaces)

    def described(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield the name, labels, kind and meaning of each of faqbot's own metrics."""
        for metric in vars(self).values():
            if isinstance(metric, Counter | Gauge | Histogram):
                (family,) = metric.describe()
                ending = "_total" if family.type == "counter" else ""
                names = ",".join(metric._labelnames)  # noqa: SLF001 - nothing else tells them
                labels = f"{{{names}}}" if names else ""
                yield family.name + ending, labels, family.type, family.documentation

    def exposition(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        if self._folder is None:
            return generate_latest(self._registry)
        merged = CollectorRegistry()
        MultiProcessCollector(merged, path=str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(merged)


def forget_process(folder: Path, process: int) -> None:
    """Remove the gauges of a worker that has ended."""
    mark_process_dead(process, path=str(folder))  # type: ignore[no-untyped-call]
