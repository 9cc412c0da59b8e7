"""The market: what sightings of offers come to, in one currency and across shops, and what of it is worth telling."""

from mart.schema import BOOLEAN, DATE, DOUBLE, LONG, MONEY, PROPERTIES, STRING, TIMESTAMP, Column, Table
from mart.tables.activity import KEPT
from mart.tables.offers import SIGHTED

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
