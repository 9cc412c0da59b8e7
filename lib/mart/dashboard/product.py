"""One product: what it costs where and what it did so, and what we sell of it."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from mart.charts import market as charts
from mart.dashboard.elements import MONEY, Figure, command, draw, empty, figures, follow, head, table, whole
from mart.dashboard.reading import Lake

# Ours first, those that others sell too before all others, then what only others sell.
FOUND = """
WITH ours AS (SELECT product_id, product_key, p.title, p.brand, p.price, p.currency
              FROM processed.products p LEFT JOIN serving.own_products USING (product_id)),
     theirs AS (SELECT NULL AS product_id, product_key, title, brand, NULL AS price, NULL AS currency
                FROM serving.products_sold ANTI JOIN serving.own_products USING (product_key))
SELECT product_id, product_key, coalesce(title, product_id, product_key) AS title, brand, price, currency
FROM (FROM ours UNION ALL FROM theirs)
WHERE contains(lower(concat_ws(' ', title, brand, product_id)), lower(?))
ORDER BY product_key IS NULL, product_id IS NULL, title, product_id, product_key LIMIT 200"""

OFFERS = """
SELECT shop, title, price, currency, price_reference, in_stock, rating, seen_at FROM serving.current_offers
WHERE product_key = ? ORDER BY price_reference, shop, offer_id"""

MARKET = (
    "SELECT our_price, cheapest_price, cheapest_shop, median_price, offers FROM serving.market WHERE product_key = ?"
)

SOLD = """
SELECT event_day::TIMESTAMP AS event_day, sum(quantity)::BIGINT AS quantity FROM serving.sales WHERE product_id = ?
GROUP BY event_day ORDER BY event_day DESC LIMIT 90"""


def page(lake: Lake) -> None:
    """Draw the page."""
    head("Product", "One product: its price in each shop over time, and what we sell of it.")
    asked = st.text_input("Search", placeholder="a word of the title, the brand or the number", key="product-search")
    found = lake.ask(FOUND, asked.strip())
    if len(found):
        products = found.to_dict("records")
        place = st.selectbox("Product", range(len(products)), format_func=lambda one: _called(products[one]))
        _product(lake, products[place])
    elif asked:
        empty("No product has that in its title, brand or number.")
    else:
        empty("No products yet: load the catalogue.", command(lake, "run batch/products"))
    follow(lake)


def _called(product: Mapping[Hashable, Any]) -> str:
    number = product["product_id"] if isinstance(product["product_id"], str) else "not ours"
    return f"{product['title']} ({number})"


def _product(lake: Lake, product: Mapping[Hashable, Any]) -> None:
    if isinstance(product["product_key"], str):
        _prices(lake, product["product_key"])
    else:
        empty("No other shop is known to sell it; a crawl may find one.", "python -m scrapers crawl SHOP")
    if isinstance(product["product_id"], str):
        sold = lake.ask(SOLD, product["product_id"])
        if len(sold):
            draw(charts.pieces(sold))
        else:
            empty("We have not sold any yet.")


def _prices(lake: Lake, key: str) -> None:
    currency = lake.settings.offers.reference_currency
    known = lake.ask(MARKET, key)
    if len(known):
        figures(_figures(known.iloc[0], currency))
    history = lake.ask(charts.CHANGES, key, key).dropna(subset=["price"])
    if len(history):
        ours = known["our_price"].iloc[0] if len(known) else None
        draw(charts.price_history(history, currency, None if pd.isna(ours) else ours))
    table(
        lake.ask(OFFERS, key),
        {
            "shop": "Shop",
            "title": "As the shop calls it",
            "price": st.column_config.NumberColumn("Price", format=MONEY),
            "currency": "In",
            "price_reference": st.column_config.NumberColumn(f"In {currency}", format=MONEY),
            "in_stock": "In stock",
            "rating": st.column_config.NumberColumn("Stars", format="%.1f"),
            "seen_at": st.column_config.DatetimeColumn("Last seen, UTC", format="YYYY-MM-DD HH:mm", timezone="UTC"),
        },
    )


def _figures(market: pd.Series, currency: str) -> list[Figure]:
    def money(name: str) -> str:
        return "–" if pd.isna(market[name]) else f"{market[name]:,.2f}"

    return [
        Figure(f"Ours, {currency}", money("our_price")),
        Figure(f"Cheapest, {currency}", money("cheapest_price")),
        Figure(f"Median, {currency}", money("median_price")),
        Figure("Offers", whole(market["offers"])),
    ]
