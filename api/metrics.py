"""What this process counts of itself, and a tenant's campaigns, in Prometheus's text format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from models.enums import AgentState
from models.repository.live import CampaignLive

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "ringmaster_http_requests",
            "Requests answered, by route.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "ringmaster_http_request_seconds",
            "From the request's arrival to the end of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._delivery = Histogram(
            "ringmaster_live_delivery_seconds",
            "From the write in PostgreSQL to the hand-over to a socket.",
            ("kind",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._delivered = {kind: self._delivery.labels(kind) for kind in ("event", "live")}
        self.sockets = Gauge("ringmaster_live_sockets", "WebSockets open now.", registry=self.registry)
        self._closed = Counter(
            "ringmaster_live_sockets_closed", "WebSockets closed, by code.", ("code",), registry=self.registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. `route` is its template, never the path itself."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def delivered(self, kind: str, seconds: float) -> None:
        """A message that was written `seconds` ago was handed to a socket."""
        self._delivered[kind].observe(max(0.0, seconds))

    def closed(self, code: int) -> None:
        """A socket was closed."""
        self._closed.labels(str(code)).inc()

    def text(self, tenant: Iterable[Metric]) -> bytes:
        """Everything of this process, and the tenant's families."""
        registry = CollectorRegistry()
        registry.register(_Fixed(list(tenant)))
        return generate_latest(self.registry) + generate_latest(registry)


class _Fixed:
    """Families that were made already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


_COUNTS = {
    "dialed": "Numbers dialed since the dialer started.",
    "live_answers": "Answered by a person since the dialer started.",
    "abandoned": "Live answers without an agent in time since the dialer started.",
}


def campaign_families(
    names: dict[str, str],
    figures: Sequence[CampaignLive],
    agents: dict[tuple[str, str], int],
    waiting_events: int,
    feed_lag_seconds: float,
) -> list[Metric]:
    """The tenant's families. `agents`: how many by (campaign id, state)."""
    state = GaugeMetricFamily("ringmaster_agents", "Agents, by state.", labels=("campaign", "state"))
    for campaign_id, name in names.items():
        for word in AgentState:
            state.add_metric((name, word.value), agents.get((campaign_id, word.value), 0))
    calls = GaugeMetricFamily("ringmaster_calls", "Calls in hand, by stage.", labels=("campaign", "stage"))
    limit = GaugeMetricFamily(
        "ringmaster_limited_by",
        "1 for what keeps the campaign from dialing more.",
        labels=("campaign", "code"),
    )
    stale = GaugeMetricFamily(
        "ringmaster_figures_stale", "1 while no dialer shows the campaign's figures.", labels=("campaign",)
    )
    counts = {
        field: CounterMetricFamily(f"ringmaster_{field}", text, labels=("campaign",))
        for field, text in _COUNTS.items()
    }
    for shown in (one for one in figures if one.campaign_id in names):
        name = names[shown.campaign_id]
        stale.add_metric((name,), int(shown.stale))
        for field, family in counts.items():
            family.add_metric((name,), float(shown.payload.get(field, 0)))
        if shown.stale:
            continue
        for stage, number in dict(shown.payload.get("calls") or {}).items():
            calls.add_metric((name, str(stage)), float(number))
        limit.add_metric((name, str(shown.payload.get("limited_by", ""))), 1)
    unplaced = GaugeMetricFamily("ringmaster_events_unplaced", "Events that have no place yet.")
    unplaced.add_metric((), waiting_events)
    lag = GaugeMetricFamily("ringmaster_events_lag_seconds", "Age of the oldest event without a place.")
    lag.add_metric((), feed_lag_seconds)
    return [state, calls, limit, stale, *counts.values(), unplaced, lag]
