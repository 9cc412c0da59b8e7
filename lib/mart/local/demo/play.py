"""The demo from beginning to end: services, history, model, live events beside a batch run, publishing, proof.

In: a home without anything in it. Out: a lake that has been verified, and what is worth telling about the way there.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import SparkSession

from mart import job
from mart.local import services
from mart.local.demo import live, market_proof, proof
from mart.local.demo.live import Seen
from mart.local.demo.market import Market, Truth
from mart.local.demo.material import Material, invented, real
from mart.local.demo.reactions import Reactions
from mart.local.demo.screen import Screen
from mart.local.demo.shoppers import Shoppers
from mart.replay import FORMATS
from mart.replay.send import send, send_products
from mart.settings import Settings
from mart.verify import Finding, verify


class Failed(RuntimeError):
    """The demo can't go on; the message says why."""


@dataclass(frozen=True)
class Asked:
    """What a person asked for: a data set of a format, or a shop with so many events."""

    data: Path | None
    format: str | None
    events: int
    seed: int


@dataclass
class Played:
    """What came of it."""

    settings: Settings
    told: str
    history: int = 0  # records
    reactions: Reactions = field(default_factory=Reactions)
    seen: Seen = field(default_factory=Seen)
    findings: list[Finding] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """Count all records that went in."""
        return self.history + len(self.reactions.events) + len(self.seen.sent)

    @property
    def off(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.off]


def play(home: Path, asked: Asked, screen: Screen) -> Played:
    """Play everything. Raises Failed, and whatever a job raises."""
    settings = _services(home, screen)
    material = _material(settings, asked, screen)
    with screen.step("Spark starts: one application for all jobs"):
        os.environ.setdefault("SPARK_SUBMIT_OPTS", job.SHORT_RUN)
        spark = job.session(settings, "demo")
    try:
        play = _Play(spark, settings, material, screen, asked.seed)
        return play.all()
    finally:
        spark.stop()


def _services(home: Path, screen: Screen) -> Settings:
    with screen.step("Services start: Kafka, Snowflake, AWS, MLflow, the HTTP service, shops, on this machine") as step:
        failed = [f"{one.title}: {one.detail}" for one in services.up(home) if one.state != "up"]
        if failed:
            raise Failed("\n".join(failed))
        settings = Settings.read(home=home)
        step.note = f"Kafka at {settings.kafka.brokers}, MLflow at {settings.mlflow.tracking_uri}"
    return settings


def _material(settings: Settings, asked: Asked, screen: Screen) -> Material:
    with screen.step("Input: what will be played") as step:
        if asked.data and asked.format:
            material = real(asked.data, FORMATS[asked.format])
        else:
            material = invented(settings, asked.events, asked.seed)
        step.note = f"{material.told}: {material.lines:,} lines"
    return material


class _Play:
    """One run over one lake, in five acts."""

    def __init__(self, spark: SparkSession, settings: Settings, material: Material, screen: Screen, seed: int) -> None:
        self._spark, self._settings, self._material, self._screen = spark, settings, material, screen
        self._played = Played(settings, material.told)
        self._seed, self._reacted = seed, settings.home / "reactions"
        self._truth: tuple[Truth, Truth] = ([], [])

    def all(self) -> Played:
        self._history()
        self._reactions()
        self._live()
        self._market()
        self._proof()
        return self._played

    def _history(self) -> None:
        with self._screen.step("History: the first 80 % is dropped into the landing zone's inbox") as step:
            self._played.history = send(self._settings, "landing", self._material.history()).lines
            products = send_products(self._settings, "demo", self._material.products())
            step.note = f"{self._played.history:,} records, {products:,} products"
        self._step("Products: the catalogue is read", "batch/products")
        with self._screen.step("Ingest: every record lands with what became of it") as step:
            self._to_its_end("streaming/ingest_activity")
            step.note = proof.landed(self._settings)
        self._step("Batch views: interactions, popularity, sales, funnel", "batch/views")
        self._step("Model: ALS is trained, measured on what was held out, registered", "batch/train_als")
        self._step("Serving: batch and speed are merged", "serving/merge")
        self._step("Recommendations: a list for every shopper, with reasons", "serving/recommendations")

    def _reactions(self) -> None:
        with self._screen.step("Storefront: some shoppers get lists over HTTP, click, and buy") as step:
            self._played.reactions = Shoppers(self._settings, self._seed).react()
            self._played.reactions.write(self._reacted)
            step.note = self._played.reactions.told()

    def _live(self) -> None:
        with self._screen.step("Live: the rest comes through Kafka, a batch run goes on beside it") as step:
            expected = max(1, self._material.lines - self._played.history)
            stream = self._start("streaming/live")
            try:
                batch = self._job("batch/views")
                playing = live.Live(self._spark, self._settings, stream, batch, expected, step.progress)
                self._played.seen = playing.play(self._material.live())
            finally:
                stream.stop()
            step.note = live.told(self._played.seen)
        if not self._material.truth:  # the rest of a data set names products that its first part did not
            send_products(self._settings, "demo", self._material.products())
            self._step("Products: those that came with the rest", "batch/products")
        self._step("Serving: merged again, with what came live", "serving/merge")
        self._step("Recommendations: made anew from it", "serving/recommendations")

    def _market(self) -> None:
        self._truth = Market(self._settings, self._screen, self._to_its_end).play()
        self._step("Snowflake: what changed is published", "serving/publish_snowflake")

    def _to_its_end(self, name: str) -> None:
        """Run a job; a stream takes what is there."""
        stream = job.load(name)(self._spark, self._settings, job.Options(available_now=True))
        while stream and not stream.wait(1):
            pass

    def _proof(self) -> None:
        with self._screen.step("Proof: ledger, offsets, repeats, law, protocol, Snowflake") as step:
            found = [*verify(self._spark, self._settings), proof.everything_landed(self._settings, self._played.sent)]
            found += market_proof.prove(self._settings, *self._truth)
            if self._material.truth:
                found += proof.equals_truth(self._settings, self._material.truth, self._reacted)
            self._played.findings = found
            step.note = f"{len(found)} checks, {len(self._played.off) or 'none'} off"

    def _job(self, name: str) -> Callable[[], object]:
        main = job.load(name)
        return lambda: main(self._spark, self._settings, job.Options())

    def _step(self, title: str, name: str) -> None:
        with self._screen.step(title):
            self._job(name)()

    def _start(self, name: str, options: job.Options = job.Options()) -> job.Running:  # noqa: B008 it is frozen
        stream = job.load(name)(self._spark, self._settings, options)
        assert stream, f"{name} is a stream"
        return stream
