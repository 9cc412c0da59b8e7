"""The market: where our prices lie among those of other shops, and which shop is cheapest how often."""

import pandas as pd
import streamlit as st

from mart.dashboard import market_charts
from mart.dashboard.elements import Figure, command, draw, empty, figures, follow, head, names, share, table, whole
from mart.dashboard.reading import Lake

# Prices are compared by the median of the other shops: it does not move when one shop errs.
COMPARED = """
SELECT product_key, title, offers, cheapest_shop, cheapest_price, median_price, our_price, our_product_id,
       cheapest_price / median_price - 1 AS low, cheapest_price * (1 + spread) / median_price - 1 AS high,
       our_price / median_price - 1 AS ours, our_price / cheapest_price - 1 AS above
FROM serving.market WHERE offers > 0 AND our_price IS NOT NULL ORDER BY above DESC, product_key LIMIT 1000"""

SHOPS = """
SELECT o.shop, count(*) AS offers, avg(o.in_stock::INT) AS in_stock,
       count(DISTINCT m.product_key) FILTER (m.offers > 1 AND m.cheapest_shop = o.shop) AS cheapest
FROM serving.current_offers o LEFT JOIN serving.market m USING (product_key) GROUP BY o.shop ORDER BY o.shop"""

DRAWN = 20


def page(lake: Lake) -> None:
    """Draw the page."""
    head("Market", "What others ask for what we sell; prices in one currency, products matched across shops.")
    shops = lake.ask(SHOPS)
    if len(shops):
        _compared(lake.ask(COMPARED), lake.settings.offers.reference_currency)
        draw(market_charts.shops(shops))
        _shops(shops)
    else:
        crawl = f"python -m scrapers crawl SHOP --home {lake.settings.home}"
        refine = command(lake, "run batch/refine_offers")
        empty(
            "No offers yet: crawl a shop, and refine what was seen.",
            crawl,
            command(lake, "poll --available-now"),
            refine,
        )
    follow(lake)


def _compared(found: pd.DataFrame, currency: str) -> None:
    if not len(found):
        empty("None of our products was met in another shop yet.")
        return
    dearer = int((found["above"] > 0).sum())
    figures(
        [
            Figure("Ours met elsewhere", whole(len(found))),
            Figure("Somebody is cheaper", whole(dearer), note=share(dearer, len(found))),
            Figure(
                "Above the cheapest",
                f"{found['above'].median():+.1%}",
                meaning="Our price against the cheapest, the median of these products.",
            ),
        ]
    )
    drawn = found.head(DRAWN)
    draw(market_charts.positions(drawn.assign(name=names(drawn, "title", "our_product_id"))))
    money = {"our_price": "Ours", "cheapest_price": "Cheapest", "median_price": "Median"}
    prices = {one: st.column_config.NumberColumn(f"{word} [{currency}]", format="%.2f") for one, word in money.items()}
    above = st.column_config.NumberColumn("Ours above cheapest", format="percent")
    table(
        found, {"title": "Product", **prices, "above": above, "cheapest_shop": "Cheapest at", "offers": "Offers"}, 320
    )


def _shops(shops: pd.DataFrame) -> None:
    stock = st.column_config.NumberColumn("In stock", format="percent")
    table(shops, {"shop": "Shop", "offers": "Offers", "in_stock": stock, "cheapest": "Cheapest for [products]"})
