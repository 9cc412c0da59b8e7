"""Charts of what the market sells, in the same look, and the questions that fill them: frames in, Altair charts out."""

import altair as alt
import pandas as pd

from mart.charts.look import BLUE, FAINT, GREEN, INK, MANY, RED, ZERO, tall, titled
from mart.charts.ranges import ranges

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

CHANGES = """
SELECT h.shop, h.offer_id, h.changed_at AS at, h.price_reference AS price, h.in_stock
FROM serving.price_history h JOIN serving.current_offers o USING (shop, offer_id) WHERE o.product_key = ?
UNION ALL
SELECT shop, offer_id, seen_at, price_reference, in_stock FROM serving.current_offers WHERE product_key = ?
ORDER BY ALL"""

ALERTS = "SELECT kind, replace(kind, '_', ' ') AS words, count(*) AS alerts FROM serving.alerts GROUP BY kind"

KINDS = {  # good news for our own prices in green, bad in red; what is neither in other colours
    "price_drop": RED,
    "below_our_price": MANY[1],
    "price_rise": GREEN,
    "new_offer": BLUE,
    "out_of_stock": FAINT,
    "back_in_stock": MANY[4],
    "anomaly": MANY[3],
}


def price_history(frame: pd.DataFrame, currency: str, ours: float | None) -> alt.LayerChart:
    """Draw each offer's price over time, and ours as a dashed line. Columns: shop, offer_id, at, price, in_stock."""
    lines = alt.Chart(frame).mark_line(interpolate="step-after", strokeWidth=2, point=alt.OverlayMarkDef(size=36))
    shops = lines.encode(
        x=alt.X(
            "at:T",
            title="seen, UTC",
            scale=alt.Scale(type="utc"),
            axis=alt.Axis(tickCount=4, grid=False, format="%d %b %H:%M", labelOverlap="greedy"),
        ),
        y=alt.Y("price:Q", title=currency, scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(tickCount=4)),
        color=alt.Color("shop:N"),
        detail="offer_id:N",
        tooltip=[
            "shop:N",
            alt.Tooltip("at:T", title="from", format="%d %b %Y %H:%M"),
            alt.Tooltip("price:Q", title=f"price [{currency}]", format=",.2f"),
            alt.Tooltip("in_stock:N", title="in stock"),
        ],
    )
    own = pd.DataFrame({"price": [] if ours is None else [ours]})
    rule = alt.Chart(own).mark_rule(color=INK, strokeDash=[5, 4], strokeWidth=1.5).encode(y="price:Q")
    below = "dashed: our own price" if ours is not None else "we do not sell it"
    return titled(shops + rule, "Price by shop", below)  # type: ignore[return-value]


def pieces(frame: pd.DataFrame) -> alt.Chart:
    """Draw the pieces sold on each day. Columns: event_day, quantity."""
    chart = alt.Chart(frame).mark_bar(color=BLUE)
    days = alt.Axis(title="day, UTC", format="%d %b", labelAngle=0, tickCount=5, grid=False)
    bars = chart.encode(
        x=alt.X("yearmonthdate(event_day):T", axis=days, scale=alt.Scale(type="utc")),
        y=alt.Y("quantity:Q", title="pieces", axis=alt.Axis(tickCount=4, format="d")),
        tooltip=[alt.Tooltip("event_day:T", title="day", format="%d %b %Y"), alt.Tooltip("quantity:Q", title="pieces")],
    )
    return titled(bars, "Pieces sold", "by us, refunds not taken off", 110)


def positions(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw where our price lies among the others', their median being 0. Columns: name, low, high, ours (shares)."""
    base = alt.Chart(frame).encode(y=alt.Y("name:N", sort=None, title="product"))
    share = alt.X(
        "low:Q",
        title="against the median of the other shops",
        axis=alt.Axis(format="+.0%", tickCount=5, labelExpr=ZERO),
    )
    told = [
        alt.Tooltip("name:N", title="product"),
        alt.Tooltip("our_price:Q", title="ours", format=",.2f"),
        alt.Tooltip("cheapest_price:Q", title="cheapest", format=",.2f"),
        alt.Tooltip("median_price:Q", title="median", format=",.2f"),
        alt.Tooltip("offers:Q", title="offers"),
    ]
    ranges = base.mark_bar(height=6, color="#C9CDD3").encode(x=share, x2="high:Q", tooltip=told)
    dearer = alt.condition(alt.datum.our_price > alt.datum.cheapest_price, alt.value(RED), alt.value(GREEN))
    dots = base.mark_circle(size=110, opacity=1).encode(x="ours:Q", color=dearer, tooltip=told)
    below = "grey: other shops; dot: ours, red where another is cheaper"
    return titled(ranges + dots, "Our prices on the market", below, tall(frame))  # type: ignore[return-value]


def spread(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw how far apart the offers of a product are, by category. Columns: name, low, middle, high (quartiles)."""
    below = "products that two shops or more offer; bar: the middle half, dot: the median"
    return ranges(frame, "Spread by category", below, "category", "dearest offer over cheapest, less 1", ".0%")


def levels(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw how dear each shop is. Columns: name, low, middle, high (quartiles)."""
    below = "products that two shops or more offer; bar: the middle half, dot: the median"
    return ranges(
        frame, "Level of each shop", below, "shop", "price against the median of the product's offers", "+.1%"
    )


def shops(frame: pd.DataFrame) -> alt.Chart:
    """Draw how often each shop is the cheapest. Columns: shop, cheapest, offers, in_stock."""
    chart = alt.Chart(frame).mark_bar(color=BLUE, height=16)
    bars = chart.encode(
        y=alt.Y("shop:N", sort="-x", title="shop"),
        x=alt.X("cheapest:Q", title="products", axis=alt.Axis(tickCount=4, format="d")),
        tooltip=[
            "shop:N",
            alt.Tooltip("cheapest:Q", title="cheapest for [products]"),
            alt.Tooltip("offers:Q", title="offers"),
            alt.Tooltip("in_stock:Q", title="in stock", format=".0%"),
        ],
    )
    return titled(bars, "Who is cheapest", "products that two shops or more offer", tall(frame, 30))


def alerts(frame: pd.DataFrame) -> alt.Chart:
    """Draw the number of alerts of each kind. Columns: kind, words, alerts."""
    colour = alt.Scale(domain=list(KINDS), range=list(KINDS.values()))
    chart = alt.Chart(frame).mark_bar(height=16)
    bars = chart.encode(
        y=alt.Y("words:N", sort="-x", title="what happened"),
        x=alt.X("alerts:Q", title="alerts", axis=alt.Axis(tickCount=4, format="d")),
        color=alt.Color("kind:N", scale=colour, legend=None),
        tooltip=[alt.Tooltip("words:N", title="kind"), alt.Tooltip("alerts:Q", format=",")],
    )
    return titled(bars, "What changed", "alerts by kind", tall(frame, 28))
