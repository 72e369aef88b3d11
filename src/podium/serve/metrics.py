"""What a server counts, for Prometheus; in a registry of its own, so that two servers do not mix."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.process_collector import ProcessCollector

__all__ = ["Metrics"]

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Counters of one server. No label has a value that a client chooses."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "podium_requests", "Requests by route and status.", ("route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "podium_predict_seconds", "Seconds from a request to its answer.", buckets=_SECONDS, registry=registry
        )
        self.images = Counter("podium_images", "Images by what became of them.", ("outcome",), registry=registry)
        self.batches = Histogram("podium_batch_images", "Images computed together.", buckets=_SIZES, registry=registry)
        self.lost_workers = Counter("podium_lost_decode_workers", "Decode workers that died.", registry=registry)
        self.inside = Gauge("podium_images_inside", "Images let in and not answered yet.", registry=registry)
        self.ready = Gauge("podium_ready", "1 while requests are let in.", registry=registry)
        self._model = Info("podium_model", "The model that answers.", registry=registry)

    def name_model(self, model_id: str, engine: str, version: str) -> None:
        """Say which model answers."""
        self._model.info({"model_id": model_id, "engine": engine, "podium": version})

    def page(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
