"""Every metric, declared once.

From these come the objects that count, what Prometheus and CloudWatch are shown, both dashboards, CloudWatch's alarms and
docs/metrics.md. The sections of docs/runbook.md are named after the alarms, which a test holds.
"""

from mart.watch.metric import Alarm, Metric

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
AGES = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)

# What lands, and how far behind the tables are.
LANDED = Metric(
    "mart_landed_records", "Delivery", "records", "Records that have landed, by what became of them.",
    ("table", "outcome"), "counter",
)  # fmt: skip
REJECT_SHARE = Metric(
    "mart_reject_share", "Delivery", "share",
    "Share of rejects in what landed within ten minutes; 0 where that is fewer than 100 records.", ("table",),
    alarm=Alarm("rejects", "{value} of what lands in {table} is rejected (more than {threshold})", 0.05, "warning"),
)  # fmt: skip
LEDGER_DIFFERENCE = Metric(
    "mart_ledger_difference_records", "Delivery", "records",
    "Events that have landed, less those in the master table that follows, at the version where it stands; either sign is taken off.",
    ("table",),
    alarm=Alarm("ledger", "{table} differs from what has landed by {value}", 0, "critical"),
)  # fmt: skip
FRESHNESS = Metric(
    "mart_freshness_seconds", "Delivery", "seconds",
    "How long ago the oldest events came that a serving table lacks; 0 where it lacks none.", ("table",),
    alarm=Alarm("freshness", "{table} lacks events that came {value} ago (budget {threshold})", 900, "warning", 60),
)  # fmt: skip
LAG_RECORDS = Metric(
    "mart_lag_records", "Delivery", "records", "Records of a source that a reader has not taken yet.", ("source", "reader")
)  # fmt: skip
LAG_SECONDS = Metric(
    "mart_lag_seconds", "Delivery", "seconds",
    "How long the oldest record has waited that a reader has not taken yet; of Kinesis the iterator's age.", ("source", "reader"),
    alarm=Alarm("lag", "{reader} lags {value} behind {source} (more than {threshold})", 300, "critical", 60),
)  # fmt: skip
TOPIC_RECORDS = Metric(
    "mart_topic_records", "Delivery", "records", "Records that have come to a topic, by its offsets.", ("topic",), "counter"
)  # fmt: skip

# What the data themselves look like beside their past.
VOLUME_RATIO = Metric(
    "mart_volume_ratio", "Data", "1", "Acts of the last whole day by kind, as a multiple of the median of the same weekday before.",
    ("kind",),
)  # fmt: skip
VOLUME_DEVIATION = Metric(
    "mart_volume_deviation", "Data", "1",
    "How many robust standard deviations (1.4826 MAD) the last whole day's acts lie off the median of the same weekday.", ("kind",),
    alarm=Alarm("volume", "{kind} of the last whole day are {value} deviations off the same weekday's", 6, "warning"),
)  # fmt: skip
PRICE_RATIO = Metric(
    "mart_price_ratio", "Data", "1", "A shop's median price of the last day it was seen, as a multiple of the same weekday's before.",
    ("shop", "currency"),
)  # fmt: skip
PRICE_DEVIATION = Metric(
    "mart_price_deviation", "Data", "1",
    "How many robust standard deviations a shop's median price lies off the median of the same weekday.", ("shop", "currency"),
    alarm=Alarm("prices", "{shop}'s prices in {currency} are {value} deviations off the same weekday's", 6, "warning"),
)  # fmt: skip

# Jobs, by the reports that they write.
JOB_FAILED = Metric(
    "mart_job_failed", "Jobs", "1", "Whether a job's last run failed: 1 or 0.", ("job",),
    alarm=Alarm("job-failed", "the last run of {job} failed", 0, "critical"),
)  # fmt: skip
JOB_SILENT = Metric(
    "mart_job_silent_seconds", "Jobs", "seconds", "How long a job that is at work has reported nothing; 0 for one that has ended.",
    ("job",),
    alarm=Alarm("job-silent", "{job} was at work and has said nothing for {value}: it was killed, or hangs", 180, "critical"),
)  # fmt: skip
JOB_DURATION = Metric(
    "mart_job_duration_seconds", "Jobs", "seconds", "How long a job's last run that came to its end took.", ("job",)
)  # fmt: skip
JOB_SUCCESS_AGE = Metric(
    "mart_job_success_age_seconds", "Jobs", "seconds", "How long ago a job ended well.", ("job",)
)  # fmt: skip
BATCH_SECONDS = Metric(
    "mart_stream_batch_seconds", "Streams", "seconds", "How long a query's last micro-batch took.", ("job", "query")
)  # fmt: skip
BATCH_RECORDS = Metric(
    "mart_stream_batch_records", "Streams", "records", "Records of a query's last micro-batch.", ("job", "query")
)  # fmt: skip
STREAM_RATE = Metric(
    "mart_stream_records_per_second", "Streams", "1", "Records a second that a query's last micro-batch worked off.", ("job", "query")
)  # fmt: skip
BATCHES = Metric(
    "mart_stream_batches", "Streams", "1", "Micro-batches of a query since its checkpoint was made.", ("job", "query"), "counter"
)  # fmt: skip

# Models.
MODEL_GATE = Metric(
    "mart_model_gate", "Models", "1", "Whether the newest model has passed the gate: 1 or 0.",
    alarm=Alarm("model-gate", "the newest model has failed the gate", 1, "warning", below=True),
)  # fmt: skip
MODEL_QUALITY = Metric(
    "mart_model_quality", "Models", "1", "What was measured of a model on held-out products, as its card has it.", ("alias", "measure")
)  # fmt: skip
MODEL_AGE = Metric("mart_model_age_seconds", "Models", "seconds", "How long ago a model was trained.", ("alias",))
KNOWN_SHARE = Metric(
    "mart_known_share", "Models", "share",
    "Share of the shoppers, or products, of the last day's events that the champion has learned: low means that it has drifted.",
    ("of",),
)  # fmt: skip

# Crawls, by what `mart schedule` and the Lambda function note.
CRAWL_SUCCEEDED = Metric(
    "mart_crawl_succeeded", "Crawls", "1", "Whether a shop's last crawl came to its end: 1 or 0.", ("shop",)
)
CRAWL_BLOCKED = Metric(
    "mart_crawl_blocked", "Crawls", "1", "Whether a shop asked its last crawl to prove that it is no robot: 1 or 0.", ("shop",),
    alarm=Alarm("crawl-blocked", "{shop} asks the crawler to prove that it is no robot", 0, "warning"),
)  # fmt: skip
CRAWL_ITEMS = Metric("mart_crawl_items", "Crawls", "records", "Offers that a shop's last crawl has seen.", ("shop",))
CRAWL_AGE = Metric("mart_crawl_age_seconds", "Crawls", "seconds", "How long ago a shop's last crawl ended.", ("shop",))

# Snowflake.
WAREHOUSE_BEHIND = Metric(
    "mart_warehouse_behind_seconds", "Snowflake", "seconds",
    "How long ago the oldest change of a serving table was made that Snowflake lacks; 0 where it lacks none.", ("table",),
)  # fmt: skip
WAREHOUSE_QUERIES = Metric(
    "mart_warehouse_queries", "Snowflake", "1", "Queries of the last 105 minutes, of which Snowflake's own view lacks up to 45, by outcome.",
    ("outcome",),
)  # fmt: skip
WAREHOUSE_QUERY_SECONDS = Metric(
    "mart_warehouse_query_seconds", "Snowflake", "seconds", "How long 95 of 100 of these queries took at most."
)  # fmt: skip
WAREHOUSE_BYTES = Metric(
    "mart_warehouse_bytes", "Snowflake", "bytes", "What the database stored on the last day that Snowflake has counted."
)  # fmt: skip

# The HTTP service counts for itself; `mart watch` brings its latency to CloudWatch.
REQUEST_SECONDS = Metric(
    "mart_request_seconds", "Service", "seconds", "From a request's first byte to the answer's last one, by route as it is declared.",
    ("method", "route", "status"), "histogram", by="service", buckets=FAST,
)  # fmt: skip
EVENT_TO_RECOMMENDATION = Metric(
    "mart_event_to_recommendation_seconds", "Service", "seconds",
    "From an event's arrival at the broker to the first snapshot that recommends with it.", (), "histogram", by="service", buckets=AGES,
)  # fmt: skip
RECOMMENDATIONS = Metric(
    "mart_recommendations", "Service", "1", "Lists served, by the lowest step of the ladder that had to fill them.", ("step",),
    "counter", by="service",
)  # fmt: skip
EVENTS = Metric(
    "mart_events", "Service", "records", "Events sent to the collector, by outcome: accepted, or why not.", ("outcome",), "counter",
    by="service",
)  # fmt: skip
BOT_EVENTS = Metric(
    "mart_bot_events", "Service", "records", "Accepted events of obvious bots: marked, not counted.", (), "counter", by="service"
)  # fmt: skip
REFUSED_REQUESTS = Metric(
    "mart_refused_requests", "Service", "1", "Requests turned away before they were looked into.", ("why",), "counter", by="service"
)  # fmt: skip
EVENTS_WAITING = Metric(
    "mart_events_waiting", "Service", "records", "Events that the broker has not confirmed yet.", by="service"
)  # fmt: skip
ANSWER_SECONDS = Metric(
    "mart_answer_seconds", "Service", "seconds",
    "Upper bound of how long 99 of 100 requests took since the last look, by route, from the service's histogram.", ("route",),
)  # fmt: skip

# Lambda functions, as lines of their logs that CloudWatch reads as metrics.
INVOCATIONS = Metric(
    "mart_invocations", "Functions", "1", "Times that a function was called.", ("function",), by="function"
)
INVOCATION_ERRORS = Metric(
    "mart_invocation_errors", "Functions", "1", "Times that it raised.", ("function",), by="function",
    alarm=Alarm("function-failed", "{function} failed {value} times", 0, "critical"),
)  # fmt: skip
INVOCATION_SECONDS = Metric(
    "mart_invocation_seconds", "Functions", "seconds", "How long it took.", ("function",), by="function"
)  # fmt: skip

# The watch itself.
UNWATCHED = Metric(
    "mart_unwatched", "Watch", "1", "Whether a part could not be looked at: 1 or 0.", ("part",),
    alarm=Alarm("unwatched", "{part} can't be looked at, so nothing is known of it", 0, "critical", 120, silence_is_bad=True),
)  # fmt: skip
NOTICES_WAITING = Metric(
    "mart_notices_waiting", "Watch", "1", "Messages that their receiver has not taken yet.", ("channel",)
)  # fmt: skip

METRICS: tuple[Metric, ...] = tuple(value for value in dict(globals()).values() if isinstance(value, Metric))
ALARMS: dict[str, tuple[Metric, Alarm]] = {one.alarm.name: (one, one.alarm) for one in METRICS if one.alarm}
