"""Where collected events go: an outlet says of each lot whether the broker has it, and turns lots away that it can't take in now.

In: keys and payloads of one request. Out: a future that ends when every one of them is confirmed, or has failed; Busy where
too much is waiting or the broker is away. Kafka is one outlet; it is looked for once a second while it is away.
"""

import math
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Protocol

import confluent_kafka as ck

from mart.edges import doors, kafka
from mart.settings import Settings

Lot = Sequence[tuple[bytes, bytes]]  # (key, payload) of each event

PATIENCE = 5.0  # seconds that an event is tried before its sender is told to come again
PAUSE = 1.0  # seconds between two looks for a broker that is away


class Busy(RuntimeError):
    """Nothing was taken in, or not all of it; the sender comes again after `seconds`."""

    def __init__(self, sentence: str, seconds: float = PAUSE) -> None:
        super().__init__(sentence)
        self.seconds = math.ceil(seconds)


class Outlet(Protocol):
    """What the collector needs of a broker."""

    @property
    def waiting(self) -> int:
        """Events that are not confirmed yet."""

    def start(self) -> None:
        """Be ready to send, or know why not."""

    def stop(self) -> None:
        """Wait for the broker's word on what is on its way."""

    def lacks(self) -> list[str]:
        """Say what keeps it from taking events in, each a sentence that says what to do; none if nothing does."""

    def send(self, lot: Lot) -> "Future[None]":
        """Send a request's events; the future fails with Busy where one was not confirmed. Raises Busy."""


class KafkaOutlet:
    """Kafka, by an idempotent producer that waits for all replicas (`acks=all`)."""

    def __init__(self, settings: Settings, patience: float = PATIENCE) -> None:
        self._brokers, self._topic = settings.kafka.brokers, settings.kafka.activity
        self._most, self._patience = settings.api.most_waiting, patience
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="collecting", daemon=True)
        self._client: ck.Producer | None = None
        self._ended = False  # the client may send no more
        self._fault = "the collector has not been started"  # empty while all is well
        self.waiting = 0

    def start(self) -> None:
        self._look()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def lacks(self) -> list[str]:
        return [self._fault] if self._fault else []

    def send(self, lot: Lot) -> "Future[None]":
        client = self._client
        if self._fault or client is None:
            raise Busy(f"nothing was taken in: {self._fault}")
        with self._lock:
            if self.waiting + len(lot) > self._most:
                raise Busy(f"nothing was taken in: {self.waiting:,} events wait for the broker's word already")
            self.waiting += len(lot)
        word = _Word(len(lot))
        for key, payload in lot:
            try:
                client.produce(self._topic, payload, key, on_delivery=partial(self._heard, word))
            except (BufferError, ck.KafkaException) as error:
                self._heard(word, error)
        return word.all

    def _heard(self, word: "_Word", error: object, _: ck.Message | None = None) -> None:
        """Take note of the broker's word on one event."""
        with self._lock:
            self.waiting -= 1
        if error:
            self._fault = f"Kafka at {self._brokers} did not confirm an event: {_said(error)}"
        word.note(self._fault if error else "")

    def _run(self) -> None:
        """Hear the broker, and look for it while it is away, until stopped; then hear what is left."""
        looked = time.monotonic()
        while not self._stopping.is_set() or self.waiting:
            if self._client is None:
                self._stopping.wait(PAUSE)
            else:
                self._client.poll(0.1)
            if self._fault and not self._stopping.is_set() and time.monotonic() - looked > PAUSE:
                self._look()
                looked = time.monotonic()

    def _look(self) -> None:
        """Ask the broker for the topic, and say what is the matter if there is none."""
        if self._ended and self._client:
            self._client.flush(self._patience)  # it tells what became of all it held
            self._client, self._ended = None, False
        try:
            if self._topic not in kafka.topics(self._brokers, patience=1):
                raise kafka.NoTopic(f"Kafka at {self._brokers} has no topic {self._topic!r}: `mart up` creates it")
            self._client = self._client or self._producer()
            self._fault = ""
        except kafka.KafkaError as error:
            self._fault = str(error)

    def _producer(self) -> ck.Producer:
        return ck.Producer(
            doors.librdkafka(self._brokers)
            | {
                "acks": "all",
                "enable.idempotence": True,  # a retry is never stored twice
                "partitioner": "murmur2_random",  # as edges/producing: a key has one partition, whoever sends
                "linger.ms": 2,
                "message.max.bytes": kafka.LARGEST_RECORD,
                "delivery.timeout.ms": int(self._patience * 1000),
                "reconnect.backoff.max.ms": 1000,
                "log_level": 0,
                "error_cb": self._error,
            }
        )

    def _error(self, error: ck.KafkaError) -> None:
        """Turn events away as soon as the broker is known to be gone, not only when one has waited in vain."""
        if error.fatal():
            self._fault, self._ended = f"Kafka at {self._brokers}: {error.str()}", True
        elif error.code() == ck.KafkaError._ALL_BROKERS_DOWN:
            self._fault = f"no Kafka broker answers at {self._brokers}: {doors.advice(self._brokers)}"


class _Word:
    """The broker's word on a lot: it comes event by event, from any thread, and the last one ends the future."""

    def __init__(self, left: int) -> None:
        self.all: Future[None] = Future()
        self.all.set_running_or_notify_cancel()  # from now on nobody who waits can cancel it
        self._left, self._fault, self._lock = left, "", threading.Lock()
        if not left:
            self.all.set_result(None)

    def note(self, fault: str) -> None:
        """Note that one event is confirmed, or what its fault was."""
        with self._lock:
            self._fault = self._fault or fault
            self._left -= 1
            ended = not self._left
        if ended and self._fault:
            self.all.set_exception(Busy(f"not every event was confirmed: {self._fault}"))
        elif ended:
            self.all.set_result(None)


def _said(error: object) -> str:
    """Put an error of confluent_kafka into words, whether raised or told."""
    told = error.args[0] if isinstance(error, ck.KafkaException) else error
    return told.str() if isinstance(told, ck.KafkaError) else str(told)
