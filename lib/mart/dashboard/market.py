"""The market: where our prices lie among those of other shops, and which shop is cheapest how often."""

import pandas as pd
import streamlit as st

from mart.charts import market as charts
from mart.charts.look import names
from mart.dashboard.elements import (
    MONEY,
    Figure,
    Share,
    command,
    draw,
    empty,
    figures,
    follow,
    head,
    share,
    table,
    whole,
)
from mart.dashboard.reading import Lake

DRAWN = 20


def page(lake: Lake) -> None:
    """Draw the page."""
    head("Market", "What others ask for what we sell; prices in one currency, products matched across shops.")
    shops = lake.ask(charts.SHOPS)
    if len(shops):
        _compared(lake.ask(charts.COMPARED), lake.settings.offers.reference_currency)
        draw(charts.shops(shops))
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
    draw(charts.positions(drawn.assign(name=names(drawn, "title", "our_product_id"))))
    money = {"our_price": "Ours", "cheapest_price": "Cheapest", "median_price": "Median"}
    prices = {one: st.column_config.NumberColumn(f"{word} [{currency}]", format=MONEY) for one, word in money.items()}
    above = Share("Ours above cheapest")
    table(
        found, {"title": "Product", **prices, "above": above, "cheapest_shop": "Cheapest at", "offers": "Offers"}, 320
    )


def _shops(shops: pd.DataFrame) -> None:
    stock = Share("In stock")
    table(shops, {"shop": "Shop", "offers": "Offers", "in_stock": stock, "cheapest": "Cheapest for [products]"})
