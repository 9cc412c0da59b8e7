"""What became of recommendations: the lift of recommendation_feedback, and whose pick a place of a list was.

In: rows of processed.events. Out: those that answer a list, with the table's columns put beside theirs. Everything is read from
the event itself: mart.recommendation_id says the same in Python.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mart.tables.feedback import BOTH, LAST_POSITION, NO_POSITION, PATTERN, UNKNOWN
from mart.views.shopping import only, value

ANSWERS = ("impression", "click", "cart_add", "purchase")
_ID = rf"^{PATTERN}\z"


def recommendation_feedback(events: DataFrame) -> DataFrame:
    """Impressions, clicks, cart adds and purchases that name the list they answer.

    Which cart adds and purchases do was decided before (the collector looks for the last click). An id that is none of ours
    counts as (unknown). Revenue is price times pieces in whatever currency, as in popularity: a rate that comes to be known
    later would make the same event worth another amount.
    """
    answers = answering() & F.col("event_type").isin(*ANSWERS)
    counts = {f"{event_type}s": only(event_type, F.lit(1)) for event_type in ANSWERS}
    placed = events.where(answers).withColumn("position", position())
    return placed.withColumns(credit() | counts | {"revenue": only("purchase", value())})


def answering() -> Column:
    """Tell whether an event names the list it answers."""
    return F.col("recommendation_id").isNotNull()


def position() -> Column:
    """Read the place in the list; 0 where none is told, or none that a list of ours has."""
    told = F.col("properties")["position"].try_cast("int")
    return F.when(told.between(1, LAST_POSITION), told).otherwise(F.lit(NO_POSITION))


def credit() -> dict[str, Column]:
    """Tell to which model_version and variant the event's place in the list is owed, as mart.recommendation_id.credit."""
    version, variant, of = (F.regexp_extract("recommendation_id", _ID, group) for group in (1, 2, 3))
    arms = F.substring_index(variant, ":", -1)
    experiment = F.left(variant, F.length(variant) - F.length(arms))  # with its colon
    drafted = F.contains(variant, F.lit(BOTH)) & (F.col("position") != NO_POSITION)
    owed_version = F.when(drafted, _pick(version, of)).otherwise(version)
    owed_variant = F.when(drafted, F.concat(experiment, _pick(arms, of))).otherwise(variant)
    ours = of != ""
    return {
        "model_version": F.when(ours, owed_version).otherwise(F.lit(UNKNOWN)),
        "variant": F.when(ours, owed_variant).otherwise(F.lit(UNKNOWN)),
    }


def _pick(both: Column, of: Column) -> Column:
    """Give the part of `a~b` whose team picked at the place; a part without `~` is that of both."""
    digit = F.substring(F.sha2(of, 256), F.ceil(F.col("position") / 2).cast("int"), F.lit(1))
    second = (digit >= "8") != (F.col("position") % 2 == 0)
    return F.when(second, F.substring_index(both, BOTH, -1)).otherwise(F.substring_index(both, BOTH, 1))


def reactions(events: DataFrame) -> DataFrame:
    """Count what shoppers with an account did with what they were shown: (user_id, product_id, impressions, clicks).

    One row a pair, of events that answer a list. For training, which reads all events; it is no table and nothing folds it.
    """
    of_people = answering() & F.col("event_type").isin("impression", "click") & F.col("user_id").isNotNull()
    counts = {name: F.count_if(F.col("event_type") == name[:-1]) for name in ("impressions", "clicks")}
    return events.where(of_people).groupBy("user_id", "product_id").agg(*(n.alias(name) for name, n in counts.items()))
