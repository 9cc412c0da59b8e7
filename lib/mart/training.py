"""Training: learn what shoppers want from batch.interactions, and let the configuration meet its rivals on the same cut.

In: batch.interactions at its horizon, processed.events at that version, the champion's configuration out of the registry.
Out: a model with the gate's verdict, as yet known to nobody; `record` keeps it in the registry.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from matplotlib.figure import Figure
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart import __version__
from mart.edges import delta, lake, recording, registry
from mart.edges.registry import Released
from mart.gate import Verdict, judge
from mart.models import card, feedback, metrics, plots, rivals
from mart.models.card import Lineage
from mart.models.contest import Contest
from mart.models.rivals import Split
from mart.models.weighing import confidence
from mart.settings import Als, Gate, Settings, Taste
from mart.tables import EVENTS, INTERACTIONS
from mart.views import feedback as answers
from mart.views import shopping
from mart.views.fold import gather

LATE = 0.2  # of the pairs of shopper and product: those that began last are held out
WANTED = Taste()  # whatever a configuration makes of acts, what is held out is the same for all of them


class TooLittle(RuntimeError):
    """There is nothing that a model could learn; the message says what is missing."""


@dataclass(frozen=True)
class Source:
    """What a model is made from."""

    interactions: DataFrame
    made_from: int  # version of processed.events
    now: datetime  # newest event
    period: str


@dataclass(frozen=True)
class Learned:
    """A trained model and what is known of it."""

    trained: feedback.Trained
    als: Als
    lineage: Lineage
    contest: Contest | None
    verdict: Verdict


class Description(TypedDict):
    """What is recorded with a model, as `recording.record` names it."""

    params: dict[str, object]
    metrics: dict[str, float]
    tags: dict[str, str]
    files: dict[str, str | Figure]


def source(spark: SparkSession, settings: Settings) -> Source:
    """Find what there is to learn from. Raises TooLittle."""
    standing = delta.standing(settings, INTERACTIONS.at("batch"))
    if standing is None or standing.frontier is None:
        raise TooLittle("batch.interactions is not there yet, run batch/views first")
    rows = lake.read(spark, settings, INTERACTIONS.at("batch"), standing.version)
    ends = rows.agg(
        F.unix_micros(F.min("first_at")).alias("first"), F.unix_micros(F.max("last_at")).alias("last")
    ).first()
    if ends is None or ends["last"] is None:
        raise TooLittle("it takes 2 shoppers and 2 products, batch.interactions has 0 and 0")
    first, last = (datetime.fromtimestamp(micros / 1e6, UTC) for micros in (ends["first"], ends["last"]))
    return Source(rows, standing.frontier, last, f"{first:%Y-%m-%d} to {last:%Y-%m-%d}")


def learn(spark: SparkSession, settings: Settings) -> Learned:
    """Measure the configuration of the settings, then train it on everything. Raises TooLittle."""
    made_of = source(spark, settings)
    sure = confidence(made_of.interactions, settings.als.taste, made_of.now).persist()
    shoppers, products = (sure.select(column).distinct().count() for column in ("user_id", "product_id"))
    if min(shoppers, products) < 2:
        raise TooLittle(f"it takes 2 shoppers and 2 products, batch.interactions has {shoppers} and {products}")
    contest = meet(spark, settings, made_of, settings.als)
    lineage = Lineage(
        made_of.made_from, __version__, made_of.period, made_of.now, shoppers, products, pairs=sure.count()
    )
    shown = _reactions(lake.read(spark, settings, EVENTS, made_of.made_from))
    trained = feedback.fit(sure, shown, settings.als)
    sure.unpersist()
    return Learned(trained, settings.als, lineage, contest, judge(contest, settings.gate))


def measure(spark: SparkSession, settings: Settings, version: Released) -> Verdict:
    """Judge the configuration of a version anew, on what there is today. Raises TooLittle."""
    return judge(meet(spark, settings, source(spark, settings), version.als), settings.gate)


def record(settings: Settings, learned: Learned) -> str:
    """Keep a model in the registry with its card, plots and verdict. Returns its version."""
    about = describe(learned.als, learned.lineage, learned.contest, learned.verdict)
    return recording.record(settings, learned.trained.model, learned.lineage.made_from, **about)


def describe(als: Als, line: Lineage, contest: Contest | None, verdict: Verdict) -> Description:
    """Say what the registry keeps of a model besides the model."""
    checks = [(check.name, check.passed, check.said) for check in verdict.checks]
    text = card.markdown(line, als, contest, checks)
    tags = registry.lineage(als, line.now, line.shoppers, line.products, line.code_version)
    return Description(
        params=card.flat(als) | {"shoppers": line.shoppers, "products": line.products, "pairs": line.pairs},
        metrics=contest.metrics() if contest else {},
        tags=tags | {"period": line.period, registry.VERDICT: verdict.word},
        files={registry.CARD: text, registry.GATE: verdict.json(), **(plots.all_of(contest) if contest else {})},
    )


def meet(spark: SparkSession, settings: Settings, made_of: Source, als: Als) -> Contest | None:
    """Train a configuration, the champion's and popularity up to one cut, and score them; None where nothing is held out."""
    split = _by_time(spark, settings, made_of) or _at_random(made_of, als, settings.gate)
    if split is None:
        return None
    champion = registry.released(settings)
    challenger = rivals.by_als(split, als)
    same = champion is not None and configuration(champion.als) == configuration(als)
    other = champion.als.model_copy(update={"blocks": als.blocks}) if champion and not same else None
    contest = Contest(
        protocol=split.protocol,
        k=rivals.K,
        products=rivals.products(split),
        segments=rivals.segments(split),
        challenger=challenger,
        popularity=rivals.by_popularity(split),
        champion=rivals.by_als(split, other) if other else challenger if same else None,
        champion_version=champion.version if champion else None,
    )
    rivals.close(split)
    return contest


def configuration(als: Als) -> dict[str, object]:
    """Give what decides how good a model is: neither how it is computed nor how long its lists are."""
    return als.model_dump(exclude={"blocks", "top_n"})


def _by_time(spark: SparkSession, settings: Settings, made_of: Source) -> Split | None:
    """Hold out the pairs that began last. What is known is folded anew from the events before: no later act is in it."""
    micros = made_of.interactions.select(F.unix_micros("first_at").cast("double").alias("first_at"))
    (late,) = micros.approxQuantile("first_at", [1 - LATE], 0.001)
    cut = datetime.fromtimestamp(late / 1e6, UTC)
    after = F.unix_micros("first_at") > F.lit(int(late))
    before = (F.col("event_day") <= F.lit(cut.date())) & (F.unix_micros("event_at") <= F.lit(int(late)))
    events = lake.read(spark, settings, EVENTS, made_of.made_from).where(before)
    known = gather(shopping.interactions(events), INTERACTIONS.at("batch"))
    wanted = confidence(made_of.interactions.where(after), WANTED)
    told = f"Known: events up to {cut:%Y-%m-%d %H:%M} UTC. Held out: products that a shopper came to later"
    split = rivals.split(
        known, wanted, cut, f"{told}, all of the known ones ranked.", settings.gate.most_shoppers, _reactions(events)
    )
    return _enough(split, settings.gate.least_shoppers)


def _reactions(events: DataFrame) -> DataFrame | None:
    """Count what shoppers did with what they were shown; None where nothing was."""
    reactions = answers.reactions(events).localCheckpoint()
    return None if reactions.isEmpty() else reactions


def _at_random(made_of: Source, als: Als, gate: Gate) -> Split | None:
    """Hold out some of each shopper's products, where too few shoppers come back for a cut in time."""
    wanted = confidence(made_of.interactions, WANTED).select("user_id", "product_id")
    rows = made_of.interactions.join(wanted, ["user_id", "product_id"], how="left_semi")
    known, held_out = metrics.hold_out(rows, LATE, als.seed)
    told = f"Held out: {LATE:.0%} of each shopper's products, by hash, since fewer than {gate.least_shoppers} shoppers"
    protocol = f"{told} came to others after a cut in time; all products ranked."
    return _enough(rivals.split(known, held_out, made_of.now, protocol, gate.most_shoppers), 1)


def _enough(split: Split, least: int) -> Split | None:
    if split.held_out.select("user_id").distinct().count() >= least:
        return split
    rivals.close(split)
    return None
