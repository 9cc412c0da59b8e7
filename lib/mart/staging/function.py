"""What a Lambda function is made of: settings, and a session that warm invocations share.

In: the event of a Kafka event source mapping. Out: rows in staging, and the partial batch response.
"""

from mart.edges import snowflake
from mart.settings import Settings
from mart.staging import events
from mart.staging.events import Event, Response
from mart.staging.load import load
from mart.staging.session import Connect, Session

TRIES = 3
BACKOFF, LOGIN, STATEMENT = 0.5, 5, 60  # seconds: the event source mapping is the patient one


class Function:
    """A function that keeps its session with Snowflake."""

    def __init__(self, settings: Settings, connect: Connect = snowflake.connect) -> None:
        self._settings = hasty(settings)
        self._session = Session(self._settings, connect)

    def __call__(self, event: Event) -> Response:
        """Load an event's records; answer which must come again. Raises NoKafkaEvent and Refused."""
        return events.response(load(self._session, self._settings, events.records(event)))


def hasty(settings: Settings) -> Settings:
    """Be less patient than a job: an invocation ends after minutes, and its event comes again."""
    at = settings.snowflake
    less = {
        "tries": min(at.tries, TRIES),
        "backoff_seconds": min(at.backoff_seconds, BACKOFF),
        "login_seconds": min(at.login_seconds, LOGIN),
        "statement_seconds": min(at.statement_seconds, STATEMENT),
    }
    return settings.model_copy(update={"snowflake": at.model_copy(update=less)})
