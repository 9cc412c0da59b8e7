"""What the model learned and what it recommends: none of these fold, each carries the version it was made from.

The batch layer trains and lists everybody; the speed layer (streaming/fold_in) appends what is newer, a row for each time; a
reader takes the newest of both. Whole buckets of the speed layer are dropped when the batch layer has gone past them.
"""

from dataclasses import replace

from mart.schema import DOUBLE, FLOATS, INT, LONG, STRING, TIMESTAMP, Column, Table, View

BOUGHT, IN_CART, LOOKED = "bought", "put in the cart", "looked at"  # what a shopper did with another product

BECAUSE = {  # the reason for one, worded alike in lists made in advance and on request; that product's title is filled in
    BOUGHT: "because you bought %s",
    IN_CART: "because you put %s in the cart",
    LOOKED: "because you looked at %s",
}

_MODEL = (
    Column("model_version", STRING, "Version of the model in the registry."),
    Column("made_from_version", LONG, "Version of processed.events that it was made from."),
)

USER_FACTORS = Table(
    layer="batch",
    name="user_factors",
    doc="Where the model places each shopper. Does not fold.",
    columns=(
        Column("user_id", STRING, "Shopper's account, pseudonymous."),
        *_MODEL,
        Column("factors", FLOATS, "Coordinates, `rank` of them."),
    ),
    key=("user_id", "model_version"),
    partition=("model_version",),
)

ITEM_FACTORS = Table(
    layer="batch",
    name="item_factors",
    doc="Where the model places each product. Does not fold.",
    columns=(
        Column("product_id", STRING, "The shop's number of the product."),
        *_MODEL,
        Column("factors", FLOATS, "Coordinates, `rank` of them."),
    ),
    key=("product_id", "model_version"),
    partition=("model_version",),
)

RECOMMENDATIONS = Table(
    layer="serving",
    name="recommendations",
    doc="What to show each shopper next, best first. Does not fold.",
    columns=(
        Column("user_id", STRING, "Shopper's account; (everyone) is the list for shoppers without history."),
        Column("rank", INT, "Place in the list, from 1."),
        Column("product_id", STRING, "The product recommended."),
        Column("score", DOUBLE, "What the model or the popularity count gave it; comparable within one list."),
        Column("reason", STRING, "Why it is there, for a person to read."),
        *_MODEL,
        Column("made_at", TIMESTAMP, "When the list was made, UTC."),
    ),
    key=("user_id", "rank"),
    checks={"rank_from_1": "rank >= 1"},
    properties={"delta.enableChangeDataFeed": "true"},
)

EVERYONE = "(everyone)"


def _fresh(table: Table, doc: str) -> Table:
    """Give the speed layer's table beside one that is made anew: the same columns, a row for each version it was made from."""
    bucket = Column("bucket", LONG, "Hundred of made_from_version [floor(made_from_version / 100)]; the partition.")
    return replace(
        table,
        layer="speed",
        doc=doc,
        columns=(*table.columns, bucket),
        key=(*(name for name in table.key if name != "model_version"), "made_from_version"),
        partition=("bucket",),
        properties={},
    )


FRESH_USER_FACTORS = _fresh(
    USER_FACTORS, "Where a shopper was folded in, seconds after they did something. Does not fold."
)
FRESH_ITEM_FACTORS = _fresh(
    ITEM_FACTORS, "Where a product was placed anew, once shoppers had acted on it. Does not fold."
)
FRESH_RECOMMENDATIONS = _fresh(RECOMMENDATIONS, "Lists made anew for shoppers who did something. Does not fold.")

CURRENT_RECOMMENDATIONS = View(
    layer="serving",
    name="current_recommendations",
    doc="What to show each shopper next: of the batch layer's list and the speed layer's the newest.",
    sql=f"""
SELECT {", ".join(RECOMMENDATIONS.names)} FROM (
 SELECT {", ".join(RECOMMENDATIONS.names)} FROM serving.recommendations
 UNION ALL SELECT {", ".join(RECOMMENDATIONS.names)} FROM speed.recommendations)
QUALIFY rank() OVER (PARTITION BY user_id ORDER BY made_from_version DESC, made_at DESC) = 1""",
)
