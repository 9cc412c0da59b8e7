"""What shoppers do: every record as it came, and the events that it became."""

from mart.schema import (
    BINARY,
    DATE,
    DOUBLE,
    INT,
    LONG,
    MONEY,
    PROPERTIES,
    STRING,
    TIMESTAMP,
    Column,
    Table,
    View,
)

EVENT_TYPES = ("view", "cart_add", "cart_remove", "purchase", "refund", "rating", "impression", "click")

# What a record must say, how JSON spells a type, and between what a number lies: views/scrutiny and mart.activity judge by them.
REQUIRED = ("event_id", "event_type", "event_at", "product_id")
FORMS = {STRING: "text", TIMESTAMP: "instant", INT: "whole", MONEY: "number", DOUBLE: "number", PROPERTIES: "object"}
BOUNDS = {"quantity": (1, 2**31 - 1), "price": (0, 10**14), "rating": (0, 5)}

REASONS = (
    "too_large",
    "not_json",
    "missing_field",
    "unknown_event_type",
    "bad_type",
    "out_of_range",
    "from_the_future",
    "bot",  # the collector marks the obvious ones: kept like every reject, counted nowhere
)

COORDINATES = (
    Column(
        "source",
        STRING,
        "Where the record came from: kafka:<topic>, kinesis:<stream>, inbox:<folder>, requeue:<run>:<source>.",
    ),
    Column("partition", STRING, "Partition of the topic, shard of the stream, or name of the file."),
    Column(
        "offset",
        STRING,
        "Position in the partition, number of the record in the shard, or line of the file, from 0; padded to 20 digits so that it sorts.",
    ),
)

# A reader may pause this long and still find the feed; after that it is told to go on with --full.
KEPT = {"delta.logRetentionDuration": "interval 30 days", "delta.deletedFileRetentionDuration": "interval 30 days"}


def landing(name: str, doc: str) -> Table:
    """Declare a landing table: each record byte for byte, with what became of it in the same commit."""
    return Table(
        layer="landing",
        name=name,
        doc=doc,
        columns=(
            *COORDINATES,
            Column("arrived_at", TIMESTAMP, "When ingest read it, UTC."),
            Column("arrived_day", DATE, "Day of arrived_at, UTC."),
            Column("key", BINARY, "The record's key as it came; null where it had none."),
            Column("sequence", STRING, "Kinesis' number of the record; null elsewhere."),
            Column("payload", BINARY, "The record as it came, byte for byte; null for a record without value."),
            Column("outcome", STRING, "What became of it: event, duplicate, or the reason of its reject."),
            Column("detail", STRING, "Field and value that made it a reject; null otherwise."),
            Column("code_version", STRING, "Version of the code that decided."),
            Column("batch", STRING, "The micro-batch that landed it, for tracing only; never a position."),
        ),
        key=("source", "partition", "offset"),
        partition=("arrived_day", "outcome"),
        properties={"delta.enableChangeDataFeed": "true", **KEPT},
    )


LANDING_ACTIVITY = landing("activity", "Every record of shoppers' activity, good or bad, with its outcome.")

BUSINESS = (
    Column("event_id", STRING, "The producer's number of the event."),
    Column("event_at", TIMESTAMP, "When it happened, UTC."),
    Column("event_type", STRING, f"One of {', '.join(EVENT_TYPES)}."),
    Column("user_id", STRING, "Shopper's account, pseudonymous; null for a visitor who is not logged in."),
    Column("session_id", STRING, "Visit in which it happened."),
    Column("product_id", STRING, "The shop's number of the product."),
    Column("order_id", STRING, "Order that a purchase or refund belongs to."),
    Column("quantity", INT, "Pieces, at least 1 [pieces]; null counts as 1 in a purchase or refund."),
    Column("price", MONEY, "Price of one piece, in `currency`."),
    Column("currency", STRING, "ISO 4217 code; present where a price is."),
    Column("rating", DOUBLE, "Stars given, 0 to 5."),
    Column("category", STRING, "As given, else from products at ingest, else (unknown)."),
    Column("brand", STRING, "As given, else from products at ingest, else (unknown)."),
    Column("recommendation_id", STRING, "The list of recommendations that it answers."),
    Column("properties", PROPERTIES, "Whatever else the producer sent, values as JSON text or string."),
)

EVENTS = Table(
    layer="processed",
    name="events",
    doc="The master data set: every accepted event once. Its Delta version is the clock of the system.",
    columns=(
        *BUSINESS,
        *COORDINATES,
        Column("arrived_at", TIMESTAMP, "When ingest read it, UTC."),
        Column("event_day", DATE, "Day of event_at, UTC; the partition."),
    ),
    key=("event_id", "event_at"),
    partition=("event_day",),
    checks={
        "quantity_positive": "quantity >= 1",
        "price_not_negative": "price >= 0",
        "rating_0_to_5": "rating BETWEEN 0 AND 5",
    },
    properties={"delta.enableChangeDataFeed": "true", "delta.appendOnly": "true", **KEPT},
)

ENRICHED_EVENTS = Table(
    layer="processed",
    name="enriched_events",
    doc="Each event with its product and with what the shopper had done before.",
    columns=(
        *EVENTS.columns,
        Column("title", STRING, "The product's title; null while the product is unknown."),
        Column("product_price", MONEY, "The product's price when the event was enriched, in product_currency."),
        Column("product_currency", STRING, "Currency of product_price."),
        Column("prior_views", LONG, "Times the shopper had viewed this product at history_version [events]."),
        Column("prior_purchases", LONG, "Times the shopper had bought this product at history_version [events]."),
        Column("shopper_events", LONG, "Views, cart adds and purchases of the shopper at history_version [events]."),
        Column("history_version", LONG, "Version of events that the history stands at: older than the event's own."),
    ),
    key=EVENTS.key,
    partition=("event_day",),
)

QUARANTINE_ACTIVITY = View(
    layer="quarantine",
    name="activity",
    doc="Records of activity that were rejected, with reason and detail.",
    sql='SELECT source, partition, "offset", arrived_at, outcome AS reason, detail, key, payload, code_version, batch '
    "FROM landing.activity WHERE outcome NOT IN ('event', 'duplicate')",
)

LEDGER = View(
    layer="ops",
    name="ledger",
    doc="What landed per source, partition and batch: landed = events + duplicates + rejects, offsets without gap.",
    sql="""SELECT source, partition, batch, MIN("offset") AS first_offset, MAX("offset") AS last_offset,
       COUNT(*) AS landed,
       COUNT(CASE WHEN outcome = 'event' THEN 1 END) AS events,
       COUNT(CASE WHEN outcome = 'duplicate' THEN 1 END) AS duplicates,
       COUNT(CASE WHEN outcome NOT IN ('event', 'duplicate') THEN 1 END) AS rejects,
       MIN(arrived_at) AS arrived_at
FROM (FROM landing.activity UNION ALL FROM landing.offers) GROUP BY source, partition, batch""",
)
