"""Announce: the topic of alerts follows serving.alerts, each alert once.

The topic itself says where it stands: each record names the version of serving.alerts that it is from. Versions are published
one after the other, and the broker has all of one before the next begins; so after a kill only the newest version in the
topic can be there in part, and its records tell which part.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pyspark.sql import Row, SparkSession

from mart import sightings
from mart.delivery.positions import Refused
from mart.edges import changefeed, kafka, lake, producing
from mart.settings import Settings
from mart.tables import ALERTS

VERSION, ALERT = "version", "alert_id"  # headers of a record


class Announcer:
    """Publishes alerts. Where the topic stands is read once, before the first one is published."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings
        self._topic = settings.kafka.offer_alerts
        self._stands: int | None = None

    def catch_up(self) -> None:
        """Publish what the topic lacks. Without Kafka the alerts stand in their table only. Raises KafkaError."""
        newest = lake.version(self.settings, ALERTS) or 0
        if not self.settings.kafka.brokers or self._stands == newest:
            return
        if self._stands is None:
            self._stands, there = self._read_position(newest)
            self._publish(self._stands - 1, self._stands, there)
        self._publish(self._stands, newest, set())
        self._stands = newest

    def _publish(self, after: int, upto: int, there: set[str]) -> None:
        """Publish the alerts of versions (after, upto] that are not there."""
        if upto <= max(after, 0):
            return
        for version, alerts in self._by_version(max(after, 0), upto):
            with producing.Producer(self.settings.kafka.brokers) as producer:
                for alert in alerts:
                    if alert["alert_id"] not in there:
                        key = sightings.key(alert["shop"], alert["offer_id"])
                        headers = [(VERSION, str(version).encode()), (ALERT, alert["alert_id"].encode())]
                        producer.send(self._topic, document(alert), key, headers)

    def _by_version(self, after: int, upto: int) -> Iterator[tuple[int, list[Row]]]:
        added = changefeed.added(self.spark, self.settings, ALERTS, after, upto)
        with changefeed.kept(ALERTS, after, upto):
            rows = added.orderBy("_commit_version", "alert_id").collect()  # of one micro-batch, but for a first start
        for version in sorted({row["_commit_version"] for row in rows}):
            yield version, [row for row in rows if row["_commit_version"] == version]

    def _read_position(self, newest: int) -> tuple[int, set[str]]:
        """Find the newest version in the topic, and which of its alerts are there. Raises Refused for another lake's topic."""
        brokers = self.settings.kafka.brokers
        last = [int(headers[VERSION]) for headers in kafka.tail(brokers, self._topic, 1) if VERSION in headers]
        if not last:
            return 0, set()
        if max(last) > newest:
            raise Refused(
                f"topic {self._topic} tells alerts of version {max(last)}, but {ALERTS.full_name} ends at {newest}: it was made "
                "anew. Give the topic another name (settings: kafka.offer_alerts)"
            )
        alerts = [alert for _, found in self._by_version(max(last) - 1, max(last)) for alert in found]
        recent = kafka.tail(brokers, self._topic, len(alerts))
        return max(last), {h[ALERT].decode() for h in recent if int(h[VERSION]) == max(last)}


def document(alert: Row) -> bytes:
    """Write an alert as JSON: money as decimal strings, instants as ISO 8601."""
    values = {name: value for name, value in alert.asDict().items() if not name.startswith("_")}
    return json.dumps(values, default=_plain, ensure_ascii=False).encode()


def _plain(value: Any) -> str:  # noqa: ANN401
    return value.isoformat() + "Z" if isinstance(value, datetime) else str(value)
