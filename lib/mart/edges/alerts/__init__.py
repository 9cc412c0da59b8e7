"""Alerts on their way to people: a Slack webhook, e-mail over SMTP, an SNS topic.

In: a `Message`. Out: the receiver's word that it has it, or an `AlertsError` that says what to do. Passing faults are retried
here and nowhere else; after a connection lost at the wrong moment a message may arrive twice, recognisable by its id.
The webhook's address and the password are secrets: no error and no log says them.
"""

from pydantic import SecretStr

from mart.edges import secrets
from mart.edges.alerts.mail import MailChannel
from mart.edges.alerts.message import AlertsError, Channel, Message, Severity
from mart.edges.alerts.slack import SlackChannel
from mart.edges.alerts.sns import SnsChannel
from mart.edges.aws import AwsError
from mart.settings import Alerts, Aws, Slack
from mart.settings.watching import Place

__all__ = [
    "AlertsError",
    "Channel",
    "MailChannel",
    "Message",
    "Severity",
    "SlackChannel",
    "SnsChannel",
    "channels",
]


def channels(alerts: Alerts, aws: Aws) -> dict[Place, Channel]:
    """Open the channels that have a place, by name. Raises AlertsError for one that can't be used as it is set."""
    found: dict[Place, Channel] = {}
    if alerts.slack.webhook_secret:
        alerts = _with_webhook(alerts, aws)
    if alerts.slack.webhook.get_secret_value():
        found["slack"] = SlackChannel(alerts)
    if alerts.smtp.host:
        found["email"] = MailChannel(alerts)
    if alerts.sns.topic_arn:
        found["sns"] = SnsChannel(alerts, aws)
    return found


def _with_webhook(alerts: Alerts, aws: Aws) -> Alerts:
    """Fetch the webhook's address from where it lies."""
    try:
        address = secrets.read(aws, alerts.slack.webhook_secret)
    except AwsError as error:
        raise AlertsError(f"alerts.slack.webhook_secret: {error}") from None
    return alerts.model_copy(update={"slack": Slack(webhook=SecretStr(address.strip()))})
