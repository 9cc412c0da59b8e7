"""What people ask of the serving tables: saved queries of Athena, and the examples of docs/bi.md.

Written in what DuckDB, Athena and Snowflake have in common: no FILTER, no QUALIFY, groups by number, and no alias that is a column's
name too, for Snowflake takes one for the other in HAVING and ORDER BY.
"""

from mart.schema import View


def _question(name: str, doc: str, sql: str) -> View:
    return View(layer="bi", name=name, doc=doc, sql=sql.strip())


QUESTIONS: tuple[View, ...] = (
    _question(
        "revenue_by_week",
        "What did we earn in each week of December, refunds taken off?",
        """
SELECT CAST(date_trunc('week', event_day) AS DATE) AS week, currency, sum(order_lines) AS lines,
       sum(revenue) - sum(refunds) AS net
FROM serving.sales
WHERE event_day BETWEEN DATE '2025-12-01' AND DATE '2025-12-31'
GROUP BY 1, 2 ORDER BY 1, 2""",
    ),
    _question(
        "best_sellers",
        "Which five products earned most in December?",
        """
SELECT product_id, sum(quantity) AS pieces, sum(revenue) - sum(refunds) AS net
FROM serving.sales
WHERE event_day BETWEEN DATE '2025-12-01' AND DATE '2025-12-31'
GROUP BY 1 ORDER BY net DESC, product_id LIMIT 5""",
    ),
    _question(
        "given_back",
        "Which products lose most of what they earn to refunds, of those that earned 2,000 or more?",
        """
SELECT product_id, sum(revenue) AS gross, sum(refunds) AS given_back, round(100 * sum(refunds) / sum(revenue), 1) AS percent
FROM serving.sales
WHERE event_day BETWEEN DATE '2025-12-01' AND DATE '2025-12-31'
GROUP BY 1 HAVING sum(revenue) >= 2000 ORDER BY percent DESC, product_id LIMIT 5""",
    ),
    _question(
        "conversion",
        "In which categories do most views end in a purchase?",
        """
SELECT category, sum(views) AS seen, sum(purchases) AS bought, round(100.0 * sum(purchases) / sum(views), 2) AS percent
FROM serving.funnel
WHERE event_day BETWEEN DATE '2025-12-01' AND DATE '2025-12-31'
GROUP BY 1 ORDER BY percent DESC, category LIMIT 5""",
    ),
    _question(
        "lost_in_the_cart",
        "Which categories lose most between cart and purchase?",
        """
SELECT category, sum(cart_adds) AS put_in, sum(purchases) AS bought,
       round(100.0 * (sum(cart_adds) - sum(purchases)) / sum(cart_adds), 1) AS percent_lost
FROM serving.funnel
WHERE event_day BETWEEN DATE '2025-12-01' AND DATE '2025-12-31'
GROUP BY 1 ORDER BY percent_lost DESC, category LIMIT 5""",
    ),
    _question(
        "busiest_hours",
        "At which hours of the day (UTC) do people look and buy?",
        """
SELECT extract(hour FROM hour) AS hour_of_day, sum(views) AS seen, sum(purchases) AS bought
FROM serving.popularity
WHERE event_day BETWEEN DATE '2025-12-01' AND DATE '2025-12-31'
GROUP BY 1 ORDER BY seen DESC, 1 LIMIT 5""",
    ),
    _question(
        "seen_not_bought",
        "Which products are looked at most without being bought?",
        """
SELECT product_id, sum(views) AS seen, sum(purchases) AS bought
FROM serving.popularity
WHERE event_day BETWEEN DATE '2025-12-01' AND DATE '2025-12-31'
GROUP BY 1 HAVING sum(purchases) = 0 ORDER BY seen DESC, product_id LIMIT 5""",
    ),
    _question(
        "new_shoppers",
        "How many accounts did something for the first time in each week?",
        """
SELECT CAST(date_trunc('week', began_at) AS DATE) AS week, count(*) AS accounts
FROM (SELECT user_id, min(first_at) AS began_at FROM serving.interactions GROUP BY user_id) AS accounts
GROUP BY 1 ORDER BY 1""",
    ),
    _question(
        "shops",
        "How much do other shops offer, and how much of it can be bought?",
        """
SELECT shop, currency, count(*) AS offers, sum(CASE WHEN in_stock THEN 1 ELSE 0 END) AS to_be_had,
       min(price) AS cheapest, max(price) AS dearest
FROM serving.current_offers
GROUP BY 1, 2 ORDER BY 1, 2""",
    ),
    _question(
        "price_changes",
        "What changed in the other shops since they were seen before?",
        """
SELECT shop, kind, count(*) AS alerts, round(100 * min(change), 1) AS least, round(100 * max(change), 1) AS most
FROM serving.alerts
WHERE kind IN ('price_drop', 'price_rise')
GROUP BY 1, 2 ORDER BY 1, 2""",
    ),
)
