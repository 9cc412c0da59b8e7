"""AWS Lambda for a Kafka event source mapping on `product-details`: load its records into Snowflake's staging, each once.

Handler: `offers_lambda.handler`. Settings are `MART_*` variables (MART_SNOWFLAKE__ACCOUNT=…); the private key is the file
MART_SNOWFLAKE__PRIVATE_KEY_FILE, or the secret of Secrets Manager that MART_SNOWFLAKE__PRIVATE_KEY_SECRET names. The mapping must have
ReportBatchItemFailures: what can't be loaded now is answered as a batch item failure and comes again. No Spark.
"""

from functools import cache

from mart.settings import Settings
from mart.staging.events import Event, Response
from mart.staging.function import Function
from mart.watch.invocations import counted


@cache
def function() -> Function:
    """Make what warm invocations share."""
    return Function(Settings.read())


@counted("offers")
def handler(event: Event, context: object) -> Response:
    """Load an event's records. Raises what only people can mend: settings, rights, tables."""
    return function()(event)
