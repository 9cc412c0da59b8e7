"""What the market sells: sightings of offers as spiders publish them, and the tables made of them."""

from mart.schema import BOOLEAN, DATE, DOUBLE, INT, LONG, MONEY, STRING, TIMESTAMP, Column, Table, View
from mart.tables.activity import COORDINATES, KEPT, landing

SIGHTED = (
    Column("shop", STRING, "Shop that makes the offer: its host without www."),
    Column("offer_id", STRING, "The shop's number of the product, else a hash of the page's address."),
    Column("seen_at", TIMESTAMP, "When the page was seen, UTC."),
    Column("sku", STRING, "The shop's number of the product as the page states it; null where it states none."),
    Column("url", STRING, "Address of the page."),
    Column("title", STRING, "Name of the product as the shop writes it."),
    Column("brand", STRING, "Maker as the shop writes it."),
    Column("gtin", STRING, "Global trade item number (EAN, UPC, ISBN) as the page states it."),
    Column("mpn", STRING, "The maker's number of the product."),
    Column("category", STRING, "Path of categories, its steps joined by ' > '."),
    Column("price", MONEY, "Price of one piece, in `currency`; null where the page shows none."),
    Column("currency", STRING, "ISO 4217 code; present where a price is."),
    Column("list_price", MONEY, "Former or recommended price beside it, in `currency`."),
    Column("in_stock", BOOLEAN, "Whether it can be bought; null where the page does not say."),
    Column("rating", DOUBLE, "Mean of the shop's ratings, 0 to 5 [stars]."),
    Column("rating_count", LONG, "Ratings behind it [ratings]; null where the page does not say."),
    Column("review_count", LONG, "Written reviews [reviews]; null where the page does not say."),
    Column("image", STRING, "Address of the main picture."),
    Column("layer", STRING, "Which reading of the page gave the price: shop, structured, visible."),
)

CRAWLED = (
    Column("crawl_id", STRING, "The crawl that saw it."),
    Column("spider", STRING, "The spider that fetched the page."),
    Column("http_status", INT, "HTTP status of the response: 200, or 304 for a page that had not changed."),
    Column("code_version", STRING, "Version of the code that read the page."),
    Column("outcome", STRING, "What the crawl found: new, changed, or unchanged since its last visit."),
)

OFFERED = {
    "price_not_negative": "price >= 0",
    "price_has_currency": "price IS NULL OR currency IS NOT NULL",
    "list_price_not_negative": "list_price >= 0",
    "rating_0_to_5": "rating BETWEEN 0 AND 5",
    "counts_not_negative": "rating_count >= 0 AND review_count >= 0",
}

REVIEWED = (
    Column("review_id", STRING, "The shop's number of the review, else a hash of what it says."),
    Column("rating", DOUBLE, "Stars given, 0 to 5 [stars]."),
    Column("title", STRING, "Its heading."),
    Column("body", STRING, "Its text."),
    Column("author_hash", STRING, "Hash of shop and author's name: never the name itself."),
    Column("reviewed_at", TIMESTAMP, "When it was written, UTC; null where the page does not say."),
)

# The forms of a record on the topic: what is read strictly (mart/sightings) before it is published, staged or landed.
SIGHTING = Table(
    name="sighting",
    doc="One record of the topic product-details: an offer as a crawl saw it, with the reviews on its page.",
    columns=(*SIGHTED, *CRAWLED),
    key=("shop", "offer_id", "seen_at", "url"),
    checks=OFFERED,
)
REVIEW = Table(
    name="review",
    doc="A review inside such a record.",
    columns=REVIEWED,
    key=("review_id",),
    checks={"rating_0_to_5": "rating BETWEEN 0 AND 5"},
)

LANDING_OFFERS = landing("offers", "Every record of product pages, good or bad, with its outcome.")

OFFERS = Table(
    layer="processed",
    name="offers",
    doc="Every accepted sighting of an offer once.",
    columns=(
        *SIGHTED,
        *(column for column in CRAWLED if column.name in ("crawl_id", "outcome")),
        *COORDINATES,
        Column("arrived_at", TIMESTAMP, "When ingest read it, UTC."),
        Column("seen_day", DATE, "Day of seen_at, UTC; the partition."),
    ),
    key=("shop", "offer_id", "seen_at"),
    partition=("seen_day",),
    checks=OFFERED,
    properties={"delta.enableChangeDataFeed": "true", "delta.appendOnly": "true", **KEPT},
)

REVIEWS = Table(
    layer="processed",
    name="reviews",
    doc="Reviews on shops' pages, the newest state of each.",
    columns=(
        Column("shop", STRING, "Shop on whose page it stands."),
        Column("offer_id", STRING, "Offer that it is about."),
        *REVIEWED,
        Column(
            "sentiment",
            DOUBLE,
            "Tone of title and body from -1 (bad) to 1 (good) [VADER's compound]; null without text.",
        ),
        Column("seen_at", TIMESTAMP, "When it was last read, UTC."),
    ),
    key=("shop", "offer_id", "review_id"),
    checks={"rating_0_to_5": "rating BETWEEN 0 AND 5"},
)

QUARANTINE_OFFERS = View(
    layer="quarantine",
    name="offers",
    doc="Records of product pages that were rejected, with reason and detail.",
    sql='SELECT source, partition, "offset", arrived_at, outcome AS reason, detail, key, payload, code_version, batch '
    "FROM landing.offers WHERE outcome NOT IN ('event', 'duplicate')",
)
