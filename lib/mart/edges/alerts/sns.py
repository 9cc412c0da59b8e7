"""SNS: publish a message to a topic, which brings it to whoever subscribed: e-mail, a queue, a telephone.

Passing faults are retried by the client itself.
"""

import unicodedata
from typing import Any

from mart.edges import aws
from mart.edges.alerts.message import AlertsError, Message
from mart.edges.aws import AwsError
from mart.settings import Alerts, Aws

LONGEST_SUBJECT = 99  # characters; SNS refuses a hundred


class SnsChannel:
    """Publishes to the topic of the settings."""

    def __init__(self, alerts: Alerts, at: Aws) -> None:
        patience = alerts.timeout_seconds
        self._topic = alerts.sns.topic_arn
        self._client = aws.client("sns", at, alerts.tries, timeouts=(patience, patience))

    def send(self, message: Message) -> None:
        try:
            aws.ask(
                self._client,
                "publish",
                TopicArn=self._topic,
                Subject=_subject(message),
                Message=f"{message.subject}\n{message.text}",
                MessageAttributes={"severity": _attribute(message.severity), "id": _attribute(message.id)},
                **self._once(message),
            )
        except AwsError as error:
            raise AlertsError(f"{error}; check alerts.sns.topic_arn too") from None

    def _once(self, message: Message) -> dict[str, Any]:
        """Let a FIFO topic drop what it has had within five minutes; a standard one can't."""
        if not self._topic.endswith(".fifo"):
            return {}
        return {"MessageGroupId": "alerts", "MessageDeduplicationId": message.digest}


def _subject(message: Message) -> str:
    """SNS takes ASCII only, beginning with a letter, digit or sign; the full title is in the text."""
    plain = unicodedata.normalize("NFKD", message.subject).encode("ascii", "ignore").decode()
    return f"[{message.severity}] {' '.join(plain.split())}"[:LONGEST_SUBJECT].strip()


def _attribute(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}
