"""What the market sells: sightings of offers as spiders publish them, and the tables made of them."""

from mart.schema import BOOLEAN, DATE, DOUBLE, INT, LONG, MONEY, PROPERTIES, STRING, TIMESTAMP, Column, Table, View
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

RATES = Table(
    layer="processed",
    name="rates",
    doc="What a currency was worth on a day.",
    columns=(
        Column("rate_day", DATE, "Day of the rate, UTC."),
        Column("currency", STRING, "ISO 4217 code."),
        Column(
            "rate", DOUBLE, "Price of one unit of it in the reference currency (settings: offers.reference_currency)."
        ),
    ),
    key=("rate_day", "currency"),
    checks={"rate_positive": "rate > 0"},
)

ENRICHED_OFFERS = Table(
    layer="processed",
    name="enriched_offers",
    doc="Each refined sighting: normalised, matched to its product, its price in the reference currency.",
    columns=(
        *SIGHTED,
        Column("product_key", STRING, "The product across shops."),
        Column("price_reference", MONEY, "Price in the reference currency by the newest rate of seen_at's day or before; null without one."),
        Column("rate_day", DATE, "Day of that rate."),
        Column("crawl_id", STRING, "The crawl that saw it."),
        Column("seen_day", DATE, "Day of seen_at, UTC; the partition."),
    ),
    key=("shop", "offer_id", "seen_at"),
    partition=("seen_day",),
)  # fmt: skip

PRODUCTS_SOLD = Table(
    layer="serving",
    name="products_sold",
    doc="Every product that shops sell, matched across them; our own catalogue is processed.products.",
    columns=(
        Column("product_key", STRING, "The product across shops: hash of the offer that founded it."),
        Column("title", STRING, "Title of the offer that founded it."),
        Column("brand", STRING, "Maker, as most of its offers write it."),
        Column("category", STRING, "Category of our own, else of the offer that founded it."),
        Column("gtin", STRING, "Global trade item number, 14 digits; null where no shop states one."),
        Column("mpn", STRING, "The maker's number."),
        Column("first_seen_at", TIMESTAMP, "When an offer of it was first seen, UTC."),
        Column("last_seen_at", TIMESTAMP, "When an offer of it was last seen, UTC."),
        Column("shops", LONG, "Shops that have offered it, our own left out [shops]."),
    ),
    key=("product_key",),
    properties={"delta.enableChangeDataFeed": "true"},
)

CURRENT_OFFERS = Table(
    layer="serving",
    name="current_offers",
    doc="Each offer as it was last seen.",
    columns=(
        Column("shop", STRING, "Shop that makes the offer."),
        Column("offer_id", STRING, "The shop's number of the product, else a hash of the page's address."),
        Column("product_key", STRING, "The product across shops."),
        Column("title", STRING, "Name of the product as the shop writes it, blanks and case put right."),
        Column("price", MONEY, "Price of one piece, in `currency`."),
        Column("currency", STRING, "ISO 4217 code."),
        Column("price_reference", MONEY, "Price in the reference currency."),
        Column("list_price", MONEY, "Former or recommended price, in `currency`."),
        Column("in_stock", BOOLEAN, "Whether it could be bought; null where the page did not say."),
        Column("rating", DOUBLE, "Mean of the shop's ratings, 0 to 5 [stars]."),
        Column("rating_count", LONG, "Ratings behind it [ratings]; null where the page does not say."),
        Column("seen_at", TIMESTAMP, "When it was last seen, UTC."),
        Column("first_seen_at", TIMESTAMP, "When it was first seen, UTC."),
        Column("url", STRING, "Address of the page."),
    ),
    key=("shop", "offer_id"),
    properties={"delta.enableChangeDataFeed": "true"},
)

PRICE_HISTORY = Table(
    layer="serving",
    name="price_history",
    doc="When an offer's price or stock changed, and to what; sightings between two changes add no row.",
    columns=(
        Column("shop", STRING, "Shop that makes the offer."),
        Column("offer_id", STRING, "Offer whose price or stock changed."),
        Column("changed_at", TIMESTAMP, "When the change was first seen, UTC."),
        Column("price", MONEY, "Price from then on, in `currency`."),
        Column("currency", STRING, "ISO 4217 code."),
        Column("price_reference", MONEY, "Price in the reference currency, by the rate of that day."),
        Column("in_stock", BOOLEAN, "Whether it could be bought from then on."),
    ),
    key=("shop", "offer_id", "changed_at"),
    properties={"delta.enableChangeDataFeed": "true"},
)

MARKET = Table(
    layer="serving",
    name="market",
    doc="What each product costs across shops, and at ours; prices in the reference currency.",
    columns=(
        Column("product_key", STRING, "The product across shops."),
        Column("title", STRING, "Name of the product."),
        Column("offers", LONG, "Offers with a price that are not out of stock, our own left out [offers]."),
        Column("cheapest_shop", STRING, "Shop of the cheapest of these; null where there is none."),
        Column("cheapest_price", MONEY, "Its price."),
        Column("median_price", MONEY, "Median of these prices, the mean of the middle two where there are two."),
        Column("our_price", MONEY, "Our own price (processed.products); null where we don't sell it."),
        Column("our_product_id", STRING, "Our own product; the cheapest where several of ours match."),
        Column("spread", DOUBLE, "Dearest less cheapest, as a share of the cheapest; null without offers."),
        Column("rating", DOUBLE, "Mean rating, weighted by the ratings behind it [stars]."),
        Column("rating_count", LONG, "Ratings behind it [ratings]."),
    ),
    key=("product_key",),
    properties={"delta.enableChangeDataFeed": "true"},
)

OWN_PRODUCTS = Table(
    layer="serving",
    name="own_products",
    doc="Which product across shops each of our own products is; those that nobody else sells are not in it.",
    columns=(
        Column("product_id", STRING, "Our number of the product (processed.products)."),
        Column("product_key", STRING, "The product across shops."),
        Column("rule", STRING, "What told so: gtin, mpn or title."),
        Column("score", DOUBLE, "How alike the two are, 0 to 1."),
    ),
    key=("product_id",),
    properties={"delta.enableChangeDataFeed": "true"},
)

ALERTS = Table(
    layer="serving",
    name="alerts",
    doc="What changed on the market and is worth telling, each once.",
    columns=(
        Column("alert_id", STRING, "Hash of what is told: kind, offer and instant."),
        Column("kind", STRING, "One of price_drop, price_rise, new_offer, out_of_stock, back_in_stock, below_our_price, anomaly."),
        Column("shop", STRING, "Shop that makes the offer."),
        Column("offer_id", STRING, "Offer that it is about."),
        Column("product_key", STRING, "The product across shops; null while it is not matched yet."),
        Column("before", MONEY, "Price before, or ours; null where there is none."),
        Column("after", MONEY, "Price now; null where there is none."),
        Column("currency", STRING, "ISO 4217 code of both."),
        Column("change", DOUBLE, "Change of the price as a share of `before`; null without both."),
        Column("title", STRING, "Name of the product as the shop writes it."),
        Column("raised_at", TIMESTAMP, "When the page that raised it was seen, UTC."),
    ),
    key=("alert_id",),
    properties={"delta.enableChangeDataFeed": "true", "delta.appendOnly": "true", **KEPT},
)  # fmt: skip

OFFER_STATES = Table(
    layer="speed",
    name="offer_states",
    doc="What the alerts must remember of each offer; not folded: it stands at a version of processed.offers.",
    columns=(
        Column("shop", STRING, "Shop that makes the offer."),
        Column("offer_id", STRING, "The offer."),
        Column("first_seen_at", TIMESTAMP, "When it was first seen, UTC."),
        Column("first_crawl_id", STRING, "The crawl that saw it first: all that a shop's first crawl sees is no news."),
        Column("seen_at", TIMESTAMP, "When it was last seen, UTC."),
        Column("price", MONEY, "Newest price."),
        Column("currency", STRING, "Currency of that price."),
        Column("in_stock", BOOLEAN, "Whether it could be bought, by the newest sighting that says so."),
        Column("prices", LONG, "Prices seen so far in that currency [sightings]."),
        Column("log_sum", DOUBLE, "Sum of their natural logarithms."),
        Column("log_squares", DOUBLE, "Sum of the squares of these."),
        Column("told", PROPERTIES, "When each kind of alert was last told: kind to instant in ISO 8601."),
    ),
    key=("shop", "offer_id"),
)

# Snowflake: what the Lambda loads, and what refine makes of it. `layer` is the schema there.
PRODUCT_DETAILS = Table(
    layer="staging",
    name="product_details",
    doc="Records of the topic as they were loaded, until refine has taken them in.",
    columns=(
        Column("topic", STRING, "The topic."),
        Column("partition", INT, "Partition of the topic."),
        Column("offset", LONG, "Position in the partition."),
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
        Column("topic", STRING, "The topic."),
        Column("partition", INT, "Partition of the topic."),
        Column("offset", LONG, "Position in the partition."),
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
        Column("topic", STRING, "The topic."),
        Column("partition", INT, "Partition of the topic."),
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

QUARANTINE_OFFERS = View(
    layer="quarantine",
    name="offers",
    doc="Records of product pages that were rejected, with reason and detail.",
    sql='SELECT source, partition, "offset", arrived_at, outcome AS reason, detail, key, payload, code_version, batch '
    "FROM landing.offers WHERE outcome NOT IN ('event', 'duplicate')",
)
