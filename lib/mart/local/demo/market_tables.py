"""What the demo ends with about the market: price drops, cheapest offers, new listings, reviews."""

from collections.abc import Iterator

from rich.table import Table

from mart.edges import duck
from mart.local.demo.shape import shaped
from mart.settings import Settings

DROPS = """
SELECT title, shop, before, after, currency, round(100 * change, 1) FROM serving.alerts
WHERE kind = 'price_drop' ORDER BY change LIMIT 8"""

CHEAPEST = """
SELECT title, offers, cheapest_shop, cheapest_price, median_price, our_price, round(100 * spread, 1) FROM serving.market
WHERE offers > 1 ORDER BY our_price IS NULL, offers DESC, spread DESC, title LIMIT 10"""

BELOW = """
SELECT title, shop, after, before, currency, round(100 * change, 1) FROM serving.alerts
WHERE kind = 'below_our_price' ORDER BY change LIMIT 6"""

NEW = """
SELECT title, shop, after, currency, raised_at FROM serving.alerts WHERE kind = 'new_offer' ORDER BY shop, title LIMIT 8"""

REVIEWS = """
SELECT o.title, r.rating, round(r.sentiment, 2), r.title, left(r.body, 60) FROM processed.reviews r
JOIN serving.current_offers o USING (shop, offer_id) WHERE r.sentiment IS NOT NULL
QUALIFY row_number() OVER (ORDER BY r.sentiment, r.review_id) <= 3 OR row_number() OVER (ORDER BY r.sentiment DESC, r.review_id) <= 3
ORDER BY r.sentiment DESC"""

TOLD = "SELECT replace(kind, '_', ' '), count(*) FROM serving.alerts GROUP BY kind ORDER BY count(*) DESC, kind"

_QUESTIONS = (
    ("Price drops since yesterday", ("product", "shop", "before", "now", "", "%"), DROPS),
    ("Cheapest offers across shops, in euros", ("product", "offers", "cheapest at", "for", "median", "ours", "spread %"), CHEAPEST),
    ("Competitors below our price", ("product", "shop", "theirs", "ours", "", "%"), BELOW),
    ("New listings", ("product", "shop", "price", "", "seen"), NEW),
    ("Reviews, the best and the worst by their tone", ("product", "stars", "tone", "heading", "text"), REVIEWS),
    ("What was told", ("", "alerts"), TOLD),
)  # fmt: skip


def tables(settings: Settings) -> Iterator[Table]:
    """Ask the lake, and lay the answers out; what has no answer is left out."""
    for title, columns, sql in _QUESTIONS:
        if rows := duck.ask(settings, sql)[1]:
            yield shaped(title, columns, rows)
