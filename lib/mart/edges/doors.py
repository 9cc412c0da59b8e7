"""How clients come to Kafka: the address says where it is, and a scheme before it how one signs in.

    host:9092,host:9092          as it is, in a network that is trusted
    tls://host:9094,host:9094    encrypted; the broker's certificate is checked
    iam://host:9098,host:9098    encrypted, and signed in as the role of the process: Amazon MSK

In: such an address, `kafka.brokers` of the settings. Out: properties of librdkafka, and of Java's client for Spark.
A certificate authority of your own is named by SSL_CERT_FILE, as for other programs; Spark's executors are given what that file
holds, for the file is on the driver alone.
"""

import os
import re
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from mart.settings.platform import door_and_hosts

REGION = re.compile(r"\.([a-z0-9-]+)\.amazonaws\.com")  # of a broker's name: b-1.shop.x1y2.c3.kafka.eu-central-1.…
SIGNED_IN = {  # by the library of Amazon that conf/ivy.xml names
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "AWS_MSK_IAM",
    "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
    "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
}


class KafkaError(RuntimeError):
    """Kafka did not do what was asked; the message says what to do."""


def librdkafka(brokers: str) -> dict[str, Any]:
    """Say to a client of confluent-kafka where the brokers are and how it signs in. Raises KafkaError without credentials.

    With IAM a client takes a second to make: its library waits that long for the first token.
    """
    door, hosts = door_and_hosts(brokers)
    found: dict[str, Any] = {"bootstrap.servers": hosts}
    if door == "iam":
        found |= {"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER", "oauth_cb": partial(_token, hosts)}
        _token(hosts, "")  # who has no credentials hears of it now, not from a thread that waits for them
    elif door == "tls":
        found |= {"security.protocol": "SSL"}
    return found | ({"ssl.ca.location": str(own)} if door and (own := _authority()) else {})


def java(brokers: str) -> dict[str, str]:
    """Say the same to a client in Java, as Spark's source has one on the driver and on every executor."""
    door, hosts = door_and_hosts(brokers)
    found = {"bootstrap.servers": hosts}
    found |= {"tls": {"security.protocol": "SSL"}, "iam": SIGNED_IN}.get(door, {})
    if door and (own := _authority()):
        found |= {"ssl.truststore.type": "PEM", "ssl.truststore.certificates": own.read_text(encoding="ascii")}
    return found


def advice(brokers: str) -> str:
    """Say what to look at where no broker answers: a client that is not let in hears no more than that."""
    return {
        "": "run `mart up`",
        "tls": "is it up, and do the system's authorities, or those in SSL_CERT_FILE, vouch for its certificate?",
        "iam": "is it up, and does an IAM policy let this role do kafka-cluster:Connect?",
    }[door_and_hosts(brokers)[0]]


def _authority() -> Path | None:
    return Path(named) if (named := os.environ.get("SSL_CERT_FILE")) else None


def _token(hosts: str, _: str) -> tuple[str, float]:
    """Sign a token of 15 minutes with the credentials of the process; it is asked anew before it ends."""
    found = REGION.search(hosts)
    region = found.group(1) if found else os.environ.get("AWS_REGION", "")
    try:
        if boto3.Session().get_credentials() is None:  # of which the library makes a fault of its own
            raise NoCredentialsError
        token, milliseconds = MSKAuthTokenProvider.generate_auth_token(region)
    except (BotoCoreError, ClientError) as error:  # a role that is assumed is asked for, and may be refused
        raise KafkaError(f"Kafka at iam://{hosts}: no token could be signed: {error}") from None
    return token, milliseconds / 1000
