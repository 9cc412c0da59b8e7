"""SNS: publish a message to a topic, which brings it to whoever subscribed: e-mail, a queue, a telephone.

Passing faults are retried by the client itself.
"""

import unicodedata
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mart.edges.alerts.message import AlertsError, Message
from mart.settings import Alerts, Aws

LONGEST_SUBJECT = 99  # characters; SNS refuses a hundred


class SnsChannel:
    """Publishes to the topic of the settings."""

    def __init__(self, alerts: Alerts, aws: Aws) -> None:
        patience = Config(
            retries={"mode": "standard", "total_max_attempts": alerts.tries},
            connect_timeout=alerts.timeout_seconds,
            read_timeout=alerts.timeout_seconds,
        )
        self._topic = alerts.sns.topic_arn
        self._client = boto3.client(
            "sns", region_name=aws.region, endpoint_url=aws.endpoint_url or None, config=patience
        )

    def send(self, message: Message) -> None:
        try:
            self._client.publish(
                TopicArn=self._topic,
                Subject=_subject(message),
                Message=f"{message.subject}\n{message.text}",
                MessageAttributes={"severity": _attribute(message.severity), "id": _attribute(message.id)},
                **self._once(message),
            )
        except ClientError as error:
            raise AlertsError(f"{self._topic}: {_reason(error)}: check alerts.sns.topic_arn and the rights") from None
        except BotoCoreError as error:
            raise AlertsError(f"{self._topic}: {error}: check the credentials and the aws section") from None

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


def _reason(error: ClientError) -> str:
    said = error.response.get("Error", {})
    return f"SNS says {said.get('Code', 'no')}: {said.get('Message', '')}"
