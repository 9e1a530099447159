"""What the server measures, in OpenMetrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot import __version__

if TYPE_CHECKING:
    from bot.serve.entries import Depth

CONTENT_TYPE = CONTENT_TYPE_LATEST
EVENTS = frozenset(
    {
        "check_run",
        "check_suite",
        "issue_comment",
        "merge_group",
        "ping",
        "pull_request",
        "pull_request_review",
        "push",
        "workflow_run",
    }
)
"""Events that are counted by name; GitHub has a hundred more, which are counted together."""
SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 1800)
ANSWER_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Figures:
    """One registry of one server."""

    def __init__(self) -> None:
        """Start every counter at nothing."""
        self._registry = CollectorRegistry()
        self.deliveries = self._counter(
            "deliveries", "Deliveries by event and what became of them.", "event", "result"
        )
        self.jobs = self._counter("jobs", "Jobs by verb and how they ended.", "verb", "end")
        self.calls = self._counter("github_requests", "Requests to GitHub's API.", "kind")
        self.closed = self._counter(
            "connections_closed", "Connections closed because they kept us waiting.", "why"
        )
        self.answers = self._histogram(
            "answer_seconds", "Seconds until a delivery was answered.", ANSWER_SECONDS
        )
        self.seconds = self._histogram("job_seconds", "Seconds a job ran.", SECONDS, "verb")
        self.waited = self._histogram("job_wait_seconds", "Seconds a job waited to start.", SECONDS)
        self.left = self._gauge("github_requests_left", "Requests left, as GitHub said last.")
        self.swept = self._gauge(
            "last_sweep_timestamp_seconds", "When a repository was swept last.", "repository"
        )
        self.memory = self._gauge("job_peak_bytes", "Most memory one process of a job held.")
        self._queue = self._gauge("queue_jobs", "Jobs by state.", "state")
        self._age = self._gauge("queue_oldest_seconds", "Age of the oldest waiting job.")
        version = Info("lockstep_version", "Version of Lockstep.", registry=self._registry)
        version.info({"version": __version__})

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"lockstep_{name}", about, labels, registry=self._registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"lockstep_{name}", about, labels, registry=self._registry)

    def _histogram(
        self, name: str, about: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            f"lockstep_{name}", about, labels, buckets=buckets, registry=self._registry
        )

    def delivered(self, event: str, result: str, seconds: float) -> None:
        """Count a delivery and its answer."""
        name = event if event in EVENTS else "other"
        self.deliveries.labels(event=name, result=result).inc()
        self.answers.observe(seconds)

    def text(self, depth: Depth) -> bytes:
        """Write everything, with the queue as it is now."""
        for state in ("waiting", "running", "parked"):
            self._queue.labels(state=state).set(getattr(depth, state))
        self._age.set(depth.oldest_s)
        text: bytes = generate_latest(self._registry)  # type: ignore[no-untyped-call]  # it has no types
        return text
