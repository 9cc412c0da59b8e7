"""The questions to the lake behind a report: what each shopper of an experiment did, as sums over shoppers.

In: processed.events and processed.rates at whatever version they have, read by DuckDB; no Spark. Out: SQL. A visit's events
before the login are its account's. A shopper counts for the variant that he saw first, whatever he was shown later: to leave
out those who saw both would leave out more of the smaller variant.
"""

from datetime import datetime

# A measure: y per x, both a number a shopper.
MEASURES = {
    "ctr": ("clicks", "impressions"),
    "add_to_cart": ("cart_adds", "impressions"),
    "conversion": ("bought", "one"),
    "revenue_per_shopper": ("revenue", "one"),
    "attributed_revenue_per_shopper": ("attributed", "one"),
}
TEAMS = {"clicks": "click", "cart_adds": "cart_add", "purchases": "purchase"}
COUNTS = ("impressions", "clicks", "cart_adds", "purchases")
MOMENTS = ("y", "x", "yy", "xx", "yx")


def by_variant(name: str, since: datetime, until: datetime, currency: str) -> str:
    """Ask for a row a variant: shoppers, crossed, unpriced, COUNTS, and MOMENTS of each measure (ctr_y and so on)."""
    counts = ", ".join(f"sum(each.{one})::BIGINT AS {one}" for one in COUNTS)
    moments = ", ".join(_moments(measure, y, x) for measure, (y, x) in MEASURES.items())
    return f"""
        WITH {_events(name, since, until)}, {_valued(currency)},
        firsts AS (
            SELECT shopper, arg_min(arm, (event_at, event_id)) AS variant, min(event_at) AS first_at,
                   count(DISTINCT arm) > 1 AS crossed
            FROM named WHERE arm <> '' GROUP BY shopper),
        each AS (
            SELECT variant, shopper, any_value(crossed) AS crossed, 1 AS one,
                   {_counted("impression")} AS impressions, {_counted("click")} AS clicks,
                   {_counted("cart_add")} AS cart_adds, {_counted("purchase")} AS purchases,
                   count(*) FILTER (sold AND worth IS NULL) AS unpriced,
                   count(*) FILTER (sold) > 0 AS did_buy, did_buy::INT AS bought,
                   coalesce(sum(worth) FILTER (sold), 0) AS revenue,
                   coalesce(sum(worth) FILTER (sold AND arm <> ''), 0) AS attributed
            FROM (SELECT *, event_type = 'purchase' AND event_at >= first_at AS sold FROM valued JOIN firsts USING (shopper))
            GROUP BY variant, shopper)
        SELECT variant, count(*) AS shoppers, count(*) FILTER (crossed) AS crossed, sum(each.unpriced)::BIGINT AS unpriced,
               {counts}, {moments}
        FROM each GROUP BY variant ORDER BY variant"""


def by_team(name: str, since: datetime, until: datetime) -> str:
    """Ask an interleaved experiment for a row: shoppers, what each team was credited with, and MOMENTS of each of TEAMS.

    y is what the second team was credited with, x what both were.
    """
    kinds = {"impressions": "impression"} | TEAMS
    teams = ", ".join(_credited(one, kind) for one, kind in kinds.items())
    sums = ", ".join(f"sum(each.{one}_{team})::BIGINT AS {one}_{team}" for one in kinds for team in ("first", "second"))
    moments = ", ".join(_moments(one, f"each.{one}_second", f"(each.{one}_first + each.{one}_second)") for one in TEAMS)
    return f"""
        WITH {_events(name, since, until)},
        picked AS (
            SELECT *, try_cast(properties['position'] AS INT) AS place,
                   CASE WHEN place BETWEEN 1 AND 128 THEN
                       xor((sha256(split_part(recommendation_id, '.', 3))[((place + 1) // 2)] >= '8')::INT, (place - 1) % 2)
                   END AS team
            FROM named WHERE arm LIKE '%~%'),
        each AS (SELECT shopper, {teams} FROM picked GROUP BY shopper)
        SELECT count(*) AS shoppers, {sums}, {moments} FROM each"""


def _events(name: str, since: datetime, until: datetime) -> str:
    """Name each event's shopper, and the experiment's arm whose list it answers; '' for another list or none."""
    days = f"event_day BETWEEN DATE '{since:%Y-%m-%d}' AND DATE '{until:%Y-%m-%d}'"
    within = f"event_at >= TIMESTAMPTZ '{since.isoformat()}' AND event_at < TIMESTAMPTZ '{until.isoformat()}'"
    return f"""
        during AS (
            SELECT * FROM processed.events
            WHERE {days} AND {within}),
        owners AS (
            SELECT session_id, min(user_id) AS owner FROM during WHERE user_id IS NOT NULL AND session_id IS NOT NULL
            GROUP BY session_id HAVING count(DISTINCT user_id) = 1),
        named AS (
            SELECT during.*, coalesce('u' || coalesce(user_id, owner), 's' || session_id) AS shopper,
                   coalesce(regexp_extract(recommendation_id, '^[^.]+[.]{name}:([^.:]+)[.][^.]+$', 1), '') AS arm
            FROM during LEFT JOIN owners USING (session_id)
            WHERE shopper IS NOT NULL)"""


def _valued(currency: str) -> str:
    """Put beside each event what it is worth in the reference currency, by the newest rate of its day or before; null without one."""
    return f"""
        valued AS (
            SELECT named.*, CASE WHEN price IS NULL THEN 0 WHEN named.currency = '{currency}' THEN 1.0 ELSE rate END
                            * coalesce(price, 0)::DOUBLE * coalesce(quantity, 1) AS worth
            FROM named ASOF LEFT JOIN processed.rates AS rates
                 ON named.currency = rates.currency AND named.event_day >= rates.rate_day)"""


def _counted(event_type: str) -> str:
    return f"count(*) FILTER (arm <> '' AND event_type = '{event_type}')"


def _credited(name: str, event_type: str) -> str:
    which = {"first": 0, "second": 1}
    counts = (f"count(*) FILTER (event_type = '{event_type}' AND team = {n}) AS {name}_{t}" for t, n in which.items())
    return ", ".join(counts)


def _moments(measure: str, y: str, x: str) -> str:
    y, x = f"{y}::DOUBLE", f"{x}::DOUBLE"
    values = (f"avg({y})", f"avg({x})", f"var_samp({y})", f"var_samp({x})", f"covar_samp({y}, {x})")
    return ", ".join(f"{value} AS {measure}_{moment}" for value, moment in zip(values, MOMENTS, strict=True))
