"""What the server counts, for Prometheus; no label ever holds what a client sent."""

import math

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from plainfilm.serving.watch import Watched

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
BATCHES = (1, 2, 4, 8, 16)
PATHS = ("/v1/predictions", "/v1/models", "/v1/samples", "/v1/run", "/healthz", "/readyz", "/metrics", "/openapi.json")
METHODS = ("GET", "HEAD", "POST")


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "plainfilm_requests", "Requests answered", ["method", "path", "status"], registry=registry
        )
        self.films = Counter("plainfilm_films", "Films, by what came of them", ["outcome"], registry=registry)
        self.seconds = Histogram(
            "plainfilm_answer_seconds", "From a request's body to its answer", buckets=SECONDS, registry=registry
        )
        self.batch = Histogram(
            "plainfilm_batch_films", "Films that the network answered together", buckets=BATCHES, registry=registry
        )
        self.waiting = Gauge("plainfilm_films_waiting", "Films taken and not yet answered", registry=registry)

        self.distance = Gauge(
            "plainfilm_shift_distance",
            "Last window of films: distance from home, above 1 abroad; NaN: too few films",
            ["model"],
            registry=registry,
        )
        self.abroad = Gauge("plainfilm_shift_abroad", "1 if the last window is abroad", ["model"], registry=registry)
        self.watched = Gauge("plainfilm_shift_films", "Films watched since the start", ["model"], registry=registry)

    def observe_watch(self, model: str, state: Watched) -> None:
        """What watching a model's films has found."""
        distance = state.latest.distance
        self.distance.labels(model).set(math.nan if distance is None else distance)
        self.abroad.labels(model).set(state.is_abroad)
        self.watched.labels(model).set(state.films)

    def observe_request(self, method: str, path: str, status: int) -> None:
        """Count a request; methods and paths other than the known ones are counted as one."""
        known = path if path in PATHS else "/v1/samples" if path.startswith("/v1/samples/") else "other"
        self.requests.labels(method if method in METHODS else "other", known, status).inc()

    def text(self) -> bytes:
        """All of it, in the text format of Prometheus."""
        return generate_latest(self.registry)
