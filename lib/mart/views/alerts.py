"""What changed on the market and is worth telling.

In: new sightings of offers, what is remembered of these offers, and what is known of their products. Out: alerts, and what is
to be remembered next. The same sightings come to the same alerts however they are cut into micro-batches.
"""

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from mart.settings import Offers
from mart.tables.market import ALERTS, OFFER_STATES

OFFER = ("shop", "offer_id")
LEAST = 5  # prices that a history needs before anything can be an anomaly
DIGITS = 9  # of a change: doubles make -0.04999999999999998 of 14.00 to 13.30, which is 5 % and must be told as such
NOISE = 0.02  # a price that never moved has no spread: nothing within this share times sigmas is an anomaly


def followed(sightings: DataFrame, states: DataFrame) -> DataFrame:
    """Put beside each sighting what was known of its offer before it; one that is older than that is left out.

    Out: the sighting's columns with last_price, last_currency, last_in_stock, n, s1, s2 (count, sum and sum of squares of the
    logarithms of the prices before, in its currency) and is_first.
    """
    known = states.select(*OFFER, *[F.col(name).alias(f"its_{name}") for name in OFFER_STATES.names[2:]])
    rows = sightings.join(known, how="left", on=list(OFFER))
    rows = rows.where(F.col("its_seen_at").isNull() | (F.col("seen_at") > F.col("its_seen_at")))
    money = F.when(F.col("price").isNotNull(), F.struct("price", "currency"))
    its = F.struct(F.col("its_price").alias("price"), F.col("its_currency").alias("currency"))
    its = F.when(F.col("its_price").isNotNull(), its)
    last = F.coalesce(F.last(money, ignorenulls=True).over(_before()), its)
    stock = F.coalesce(F.last("in_stock", ignorenulls=True).over(_before()), F.col("its_in_stock"))
    number = F.row_number().over(Window.partitionBy(*OFFER).orderBy("seen_at"))
    rows = rows.withColumns(
        {"last": last, "last_in_stock": stock, "is_first": F.col("its_seen_at").isNull() & (number == 1)}
    )
    return _with_history(rows.withColumns({"last_price": F.col("last.price"), "last_currency": F.col("last.currency")}))


def _before(*more: str) -> WindowSpec:
    """The sightings of an offer before each, of those that agree in `more`."""
    return Window.partitionBy(*OFFER, *more).orderBy("seen_at").rowsBetween(Window.unboundedPreceding, -1)


def _with_history(rows: DataFrame) -> DataFrame:
    """Count the prices before each sighting that are in its currency."""
    log = F.when(F.col("price") > 0, F.ln(F.col("price").cast("double")))
    rows = rows.withColumn("log", log)
    kept = F.col("its_currency") == F.col("currency")

    def so_far(known: str, new: Column) -> Column:
        before = F.when(kept, F.col(known)).otherwise(F.lit(0))
        return F.coalesce(before, F.lit(0)) + F.coalesce(F.sum(new).over(_before("currency")), F.lit(0))

    one = F.when(F.col("log").isNotNull(), 1)
    return rows.withColumns(
        {
            "n": so_far("its_prices", one),
            "s1": so_far("its_log_sum", F.col("log")),
            "s2": so_far("its_log_squares", F.col("log") * F.col("log")),
        }
    )


def raised(rows: DataFrame, first_crawls: DataFrame, products: DataFrame, rules: Offers) -> DataFrame:
    """Find everything that could be told: a row an alert, before quiet periods. Columns of ALERTS and `version`.

    In: `followed` sightings with `_commit_version`; the first crawl of each known shop; by offer product_key, category,
    `ours` (our price in the offer's currency).
    """
    rows = rows.join(F.broadcast(first_crawls), how="left", on="shop").join(products, how="left", on=list(OFFER))
    price, last = F.col("price").cast("double"), F.col("last_price").cast("double")
    comparable = F.col("last_currency") == F.col("currency")
    change = F.round(F.when(comparable, F.try_divide(price - last, last)), DIGITS)
    ours, spread = F.col("ours").cast("double"), _spread()
    low, high = _threshold(rules, rules.drop), _threshold(rules, rules.rise)
    was_above = last.isNull() | ~comparable | (last >= ours)
    news = F.col("first_crawl").isNotNull() & ~F.col("first_crawl").eqNullSafe(F.col("crawl_id"))
    kinds = {
        "price_drop": change <= -low,
        "price_rise": change >= high,
        "new_offer": F.col("is_first") & news,
        "out_of_stock": F.col("last_in_stock") & ~F.col("in_stock"),
        "back_in_stock": ~F.col("last_in_stock") & F.col("in_stock"),
        "below_our_price": (price < ours) & was_above,
        "anomaly": (F.col("n") >= LEAST) & (F.abs(F.col("log") - F.col("s1") / F.col("n")) > rules.sigmas * spread),
    }
    found = F.array_compact(F.array(*[F.when(is_so, F.lit(kind)) for kind, is_so in kinds.items()]))
    told = rows.withColumns({"change": change, "kind": F.explode(found)})
    return told.select(*_columns(), F.col("_commit_version").alias("version"))


def _threshold(rules: Offers, otherwise: float) -> Column:
    """Give the share by which a price must change: the product's, else its category's, else the one for all."""
    if not rules.thresholds:
        return F.lit(otherwise)
    shares = F.create_map(*[F.lit(part) for pair in rules.thresholds.items() for part in pair])
    return F.coalesce(
        F.try_element_at(shares, F.col("product_key")), F.try_element_at(shares, F.col("category")), F.lit(otherwise)
    )


def _spread() -> Column:
    """Estimate the standard deviation of the logarithms of the prices before."""
    n = F.greatest(F.col("n"), F.lit(2))
    variance = (F.col("s2") - F.col("s1") * F.col("s1") / n) / (n - 1)
    return F.greatest(F.sqrt(F.greatest(variance, F.lit(0.0))), F.lit(NOISE))


def _columns() -> list[Column]:
    place = F.concat_ws("\n", "kind", "shop", "offer_id", F.unix_micros("seen_at").cast("string"))
    ours = F.col("kind") == "below_our_price"
    before = F.when(ours, F.col("ours")).when(F.col("last_currency") == F.col("currency"), F.col("last_price"))
    change = F.when(ours, F.try_divide(F.col("price").cast("double"), F.col("ours").cast("double")) - 1).otherwise(
        F.col("change")
    )
    values = {
        "alert_id": F.substring(F.sha2(place, 256), 1, 32),
        "before": before.cast("decimal(18,4)"),
        "after": F.col("price"),
        "change": change,
        "raised_at": F.col("seen_at"),
    }
    return [values[name].alias(name) if name in values else F.col(name) for name in ALERTS.names]


def compared(offers: DataFrame, matched: DataFrame, own: DataFrame, rates: DataFrame, reference: str) -> DataFrame:
    """Put our own price beside offers: shop, offer_id, product_key, category, `ours` in the offer's currency; null without one.

    In: offers with their currency; what is known of their products; our own products with their product_key; rates, of which
    the newest counts.
    """
    newest = rates.groupBy("currency").agg(F.max_by("rate", "rate_day").alias("rate"))

    def worth(currency: str) -> DataFrame:
        return newest.select(F.col("currency").alias(currency), F.col("rate").alias(f"{currency}_rate"))

    mine = own.select("product_key", F.col("price").alias("our_price"), F.col("currency").alias("our_currency"))
    rows = offers.join(matched, how="inner", on=list(OFFER)).join(mine, how="left", on="product_key")
    for currency in ("currency", "our_currency"):
        rows = rows.join(F.broadcast(worth(currency)), how="left", on=currency)
        rate = F.when(F.col(currency) == reference, F.lit(1.0)).otherwise(F.col(f"{currency}_rate"))
        rows = rows.withColumn(f"{currency}_rate", rate)
    exchanged = F.col("our_price").cast("double") * F.try_divide(F.col("our_currency_rate"), F.col("currency_rate"))
    ours = F.when(F.col("currency") == F.col("our_currency"), F.col("our_price")).otherwise(
        exchanged.cast("decimal(18,4)")
    )
    return rows.select(*OFFER, "product_key", "category", ours.alias("ours"))


def told(alerts: DataFrame, states: DataFrame, quiet_hours: float) -> DataFrame:
    """Leave out what comes within the quiet period after the last alert of its kind about its offer."""
    seconds = quiet_hours * 3600
    each = alerts.groupBy(*OFFER, "kind").agg(
        F.sort_array(F.collect_list(F.struct("raised_at", "alert_id"))).alias("queue")
    )
    since = F.try_element_at(F.col("told"), F.col("kind")).try_cast("timestamp")
    each = each.join(states.select(*OFFER, "told"), how="left", on=list(OFFER)).withColumn("since", since)
    kept = F.expr(
        f"""aggregate(queue, named_struct('since', since, 'kept', CAST(array() AS ARRAY<STRING>)), (told, one) -> CASE
          WHEN told.since IS NULL OR unix_micros(one.raised_at) - unix_micros(told.since) >= {round(seconds * 1e6)}
          THEN named_struct('since', one.raised_at, 'kept', array_append(told.kept, one.alert_id)) ELSE told END, told -> told.kept)"""
    )
    return alerts.join(each.select(F.explode(kept).alias("alert_id")), how="semi", on="alert_id")


def remembered(rows: DataFrame, alerts: DataFrame, states: DataFrame) -> DataFrame:
    """Give the new states of the offers that were seen: rows of speed.offer_states. In: `followed` sightings, what was `told`.

    A sighting without a price, or one that does not speak of stock, changes nothing of what is known of these.
    """
    seen = rows.groupBy(*OFFER).agg(
        F.min("seen_at").alias("began"),
        F.min_by("crawl_id", "seen_at").alias("began_crawl"),
        F.max("seen_at").alias("seen_at"),
        F.max_by("in_stock", F.when(F.col("in_stock").isNotNull(), F.col("seen_at"))).alias("in_stock"),
        F.max_by(
            F.struct("price", "currency", *_counted()), F.when(F.col("price").isNotNull(), F.col("seen_at"))
        ).alias("new"),
    )
    spoken = alerts.groupBy(*OFFER, "kind").agg(F.date_format(F.max("raised_at"), _INSTANT).alias("at"))
    now = spoken.groupBy(*OFFER).agg(F.map_from_entries(F.collect_list(F.struct("kind", "at"))).alias("now"))
    old = states.select(*OFFER, F.struct(*OFFER_STATES.names[2:]).alias("old"))
    joined = seen.join(now, how="left", on=list(OFFER)).join(old, how="left", on=list(OFFER))
    return joined.select(*[_state(name).alias(name) for name in OFFER_STATES.names])


_INSTANT = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"


def _counted() -> list[Column]:
    """Count the price of a sighting to those before it."""
    log = F.coalesce("log", F.lit(0.0))
    one = F.when(F.col("log").isNotNull(), 1).otherwise(0)
    counted = {"prices": F.col("n") + one, "log_sum": F.col("s1") + log, "log_squares": F.col("s2") + log * log}
    return [value.alias(name) for name, value in counted.items()]


def _state(name: str) -> Column:
    """Give a column of the new state: from the new sightings, else as it was."""
    old = F.coalesce("old.told", F.expr("CAST(map() AS MAP<STRING,STRING>)"))
    new = F.coalesce("now", F.expr("CAST(map() AS MAP<STRING,STRING>)"))
    nothing = {"prices": F.lit(0), "log_sum": F.lit(0.0), "log_squares": F.lit(0.0)}
    special = {
        "shop": F.col("shop"),
        "offer_id": F.col("offer_id"),
        "seen_at": F.col("seen_at"),
        "first_seen_at": F.coalesce("old.first_seen_at", "began"),
        "first_crawl_id": F.when(F.col("old").isNull(), F.col("began_crawl")).otherwise(F.col("old.first_crawl_id")),
        "in_stock": F.coalesce("in_stock", "old.in_stock"),
        "told": F.map_concat(F.map_filter(old, lambda kind, _: ~F.array_contains(F.map_keys(new), kind)), new),
    }
    if name in special:
        return special[name]
    found = F.when(F.col("new").isNotNull(), F.col(f"new.{name}")).otherwise(F.col(f"old.{name}"))
    return F.coalesce(found, nothing[name]) if name in nothing else found
