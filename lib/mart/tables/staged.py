"""What Snowflake alone holds: records that the Lambda loads, and the final tables that refine makes of them.

`layer` is the schema there.
"""

from mart.schema import INT, LONG, MONEY, STRING, TIMESTAMP, Column, Table
from mart.tables.market import PRICE_HISTORY, PRODUCTS_SOLD
from mart.tables.offers import CRAWLED, REVIEWS, SIGHTED

_PLACE = (
    Column("topic", STRING, "The topic."),
    Column("partition", INT, "Partition of the topic."),
    Column("offset", LONG, "Position in the partition."),
)

PRODUCT_DETAILS = Table(
    layer="staging",
    name="product_details",
    doc="Records of the topic as they were loaded, until refine has taken them in.",
    columns=(
        *_PLACE,
        *SIGHTED,
        *CRAWLED,
        Column("reviews", STRING, "The page's reviews as a JSON array."),
        Column("received_at", TIMESTAMP, "When the Lambda loaded it, UTC."),
    ),
    key=("topic", "partition", "offset"),
)
STAGING_REJECTS = Table(
    layer="staging",
    name="rejects",
    doc="Records of the topic that are no sighting, with the reason.",
    columns=(
        *_PLACE,
        Column("reason", STRING, "Reason, as landing.offers has it in its outcome."),
        Column("detail", STRING, "Field and value that made it a reject."),
        Column("payload", STRING, "The record, in base64."),
        Column("received_at", TIMESTAMP, "When the Lambda read it, UTC."),
    ),
    key=("topic", "partition", "offset"),
)
STAGING_LOADS = Table(
    layer="staging",
    name="loads",
    doc="Which offsets the Lambda has loaded: written in the transaction that brings their rows.",
    columns=(
        *_PLACE[:2],
        Column("first_offset", LONG, "First offset of the batch."),
        Column("last_offset", LONG, "Last offset of the batch."),
        Column("staged", LONG, "Records that became rows of product_details [records]."),
        Column("rejected", LONG, "Records that became rows of rejects [records]."),
        Column("loaded_at", TIMESTAMP, "When, UTC."),
    ),
    key=("topic", "partition", "first_offset"),
)

MART_PRODUCTS = Table(
    layer="mart",
    name="products",
    doc=PRODUCTS_SOLD.doc,
    columns=PRODUCTS_SOLD.columns,
    key=PRODUCTS_SOLD.key,
)
MART_PRICES = Table(
    layer="mart",
    name="prices",
    doc=PRICE_HISTORY.doc,
    columns=(
        *PRICE_HISTORY.columns[:3],
        Column("product_key", STRING, "The product across shops."),
        *PRICE_HISTORY.columns[3:],
        Column("list_price", MONEY, "Former or recommended price, in `currency`."),
    ),
    key=PRICE_HISTORY.key,
)
MART_REVIEWS = Table(
    layer="mart",
    name="reviews",
    doc=REVIEWS.doc,
    columns=(*REVIEWS.columns, Column("product_key", STRING, "The product across shops.")),
    key=REVIEWS.key,
)
MART_METADATA = Table(
    layer="mart",
    name="metadata",
    doc="Which pages each crawl saw, and how.",
    columns=(
        Column("crawl_id", STRING, "The crawl."),
        Column("url", STRING, "Address of the page."),
        Column("shop", STRING, "The shop."),
        *(column for column in (*CRAWLED, *SIGHTED) if column.name in ("http_status", "spider", "code_version", "layer", "seen_at", "outcome")),
    ),
    key=("crawl_id", "url"),
)  # fmt: skip
