"""What the model learned and what it recommends: none of these fold, each carries the version it was made from."""

from mart.schema import DOUBLE, FLOATS, INT, LONG, STRING, TIMESTAMP, Column, Table

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

# What one act says about a shopper's wish, in page views.
WEIGHTS = {"views": 1.0, "cart_adds": 3.0, "purchases": 10.0}
