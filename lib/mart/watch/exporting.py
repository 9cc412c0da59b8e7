"""Samples in the words of Prometheus, and the objects that other processes count with."""

from collections.abc import Iterable, Iterator
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from mart.watch.metric import Metric, Sample


class Exposition(Collector):
    """Samples as Prometheus reads them: those of the newest look."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._lock, self._samples = Lock(), list[Sample]()

    def show(self, samples: Iterable[Sample]) -> None:
        with self._lock:
            self._samples = list(samples)

    def collect(self) -> Iterator[Family]:
        with self._lock:
            samples = self._samples
        for metric in dict.fromkeys(sample.metric for sample in samples):
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = kind(metric.name, metric.doc, labels=metric.labels)
            for sample in (one for one in samples if one.metric == metric):
                family.add_metric([sample.named[name] for name in metric.labels], sample.value)
            yield family


def counter(metric: Metric) -> Counter:
    """Make what a process counts a declared metric with."""
    return Counter(metric.name, metric.doc, metric.labels)


def gauge(metric: Metric) -> Gauge:
    """Make what a process shows a declared metric's value with."""
    return Gauge(metric.name, metric.doc, metric.labels)


def histogram(metric: Metric) -> Histogram:
    """Make what a process measures a declared metric with."""
    return Histogram(metric.name, metric.doc, metric.labels, buckets=metric.buckets)
