"""What shoppers did, folded: the tables that exist as batch.*, speed.* and serving.*."""

from mart.schema import (
    BINARY,
    DATE,
    HLL,
    LONG,
    MAX,
    MIN,
    REVENUE,
    STRING,
    SUM,
    TIMESTAMP,
    Column,
    Table,
    estimate,
)

INTERACTIONS = Table(
    name="interactions",
    doc="What each shopper with an account has done with each product.",
    columns=(
        Column("user_id", STRING, "Shopper's account, pseudonymous."),
        Column("product_id", STRING, "The shop's number of the product."),
        Column("views", LONG, "Times the product's page was seen [events].", fold=SUM),
        Column("cart_adds", LONG, "Times it was put into the cart [events].", fold=SUM),
        Column("purchases", LONG, "Times it was bought [events].", fold=SUM),
        Column("quantity", LONG, "Pieces bought, net of refunds: may be negative [pieces].", fold=SUM),
        Column("first_at", TIMESTAMP, "Earliest of these events, UTC.", fold=MIN),
        Column("last_at", TIMESTAMP, "Latest of these events, UTC.", fold=MAX),
    ),
    key=("user_id", "product_id"),
    checks={"counts_not_negative": "views >= 0 AND cart_adds >= 0 AND purchases >= 0"},
)

POPULARITY = Table(
    name="popularity",
    doc="How a product did in each hour.",
    columns=(
        Column("product_id", STRING, "The shop's number of the product."),
        Column("hour", TIMESTAMP, "Start of the hour of event_at, UTC."),
        Column("views", LONG, "Times the product's page was seen [events].", fold=SUM),
        Column("cart_adds", LONG, "Times it was put into a cart [events].", fold=SUM),
        Column("purchases", LONG, "Times it was bought [events].", fold=SUM),
        Column("quantity", LONG, "Pieces bought [pieces].", fold=SUM),
        Column("revenue", REVENUE, "Value of the pieces bought, currencies added as they are.", fold=SUM),
        Column(
            "shoppers",
            LONG,
            "Distinct shoppers, estimated within about 2 % [shoppers].",
            fold=estimate("shoppers_sketch"),
        ),
        Column("shoppers_sketch", BINARY, "HyperLogLog sketch of the shoppers (lgConfigK 12).", fold=HLL),
        Column("event_day", DATE, "Day of the hour, UTC; the partition.", fold=MAX),
    ),
    key=("product_id", "hour"),
    partition=("event_day",),
    checks={"counts_not_negative": "views >= 0 AND cart_adds >= 0 AND purchases >= 0 AND quantity >= 0"},
)

SALES = Table(
    name="sales",
    doc="What each product sold on each day, by currency.",
    columns=(
        Column("product_id", STRING, "The shop's number of the product."),
        Column("event_day", DATE, "Day of the sale or refund, UTC."),
        Column("currency", STRING, "ISO 4217 code, or (unknown) for a sale without a price."),
        Column("quantity", LONG, "Pieces sold, refunds not taken off [pieces].", fold=SUM),
        Column("order_lines", LONG, "Purchase events [events].", fold=SUM),
        Column("revenue", REVENUE, "Value of the pieces sold, gross, in `currency`.", fold=SUM),
        Column("refunds", REVENUE, "Value of the pieces given back on that day, in `currency`.", fold=SUM),
    ),
    key=("product_id", "event_day", "currency"),
    partition=("event_day",),
    checks={"not_negative": "quantity >= 0 AND order_lines >= 0 AND revenue >= 0 AND refunds >= 0"},
)

FUNNEL = Table(
    name="funnel",
    doc="How far shoppers got on each day in each category.",
    columns=(
        Column("event_day", DATE, "Day, UTC."),
        Column("category", STRING, "Category of the product, or (unknown)."),
        Column("views", LONG, "Product pages seen [events].", fold=SUM),
        Column("cart_adds", LONG, "Products put into a cart [events].", fold=SUM),
        Column("purchases", LONG, "Products bought [events].", fold=SUM),
        Column(
            "shoppers",
            LONG,
            "Distinct shoppers, estimated within about 2 % [shoppers].",
            fold=estimate("shoppers_sketch"),
        ),
        Column("shoppers_sketch", BINARY, "HyperLogLog sketch of the shoppers (lgConfigK 12).", fold=HLL),
        Column("buyers", LONG, "Distinct shoppers who bought, estimated [shoppers].", fold=estimate("buyers_sketch")),
        Column("buyers_sketch", BINARY, "HyperLogLog sketch of the buyers (lgConfigK 12).", fold=HLL),
    ),
    key=("event_day", "category"),
    partition=("event_day",),
    checks={"counts_not_negative": "views >= 0 AND cart_adds >= 0 AND purchases >= 0"},
)
