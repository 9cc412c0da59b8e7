"""Alerts arrive at real receivers on this machine: a webhook, a mail server and a topic; and nothing tells their secrets."""

import email
import email.policy
import ipaddress
import json
import logging
import socket
import ssl
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from mart.edges.alerts import (
    AlertsError,
    MailChannel,
    Message,
    SlackChannel,
    SnsChannel,
    channels,
)
from mart.settings import Alerts, Aws, Settings, Slack, Smtp, Sns
from tests.receivers import OK, SECRET, Answer, slack

DROP = Message(
    id="price_drop/acme/4711/2026-11-20",
    title="Price drop: Tasse <blau> & Krug",
    lines=("was 12.00 £, is 9.00 £", "shop: acme"),
    severity="warning",
)
PASSWORD = "correct horse"


def test_slack_gets_title_lines_and_id_and_nothing_in_them_is_taken_for_a_link() -> None:
    with slack(OK) as workspace:
        SlackChannel(workspace.alerts()).send(DROP)
    assert workspace.posted == [
        {
            "path": f"/services/{SECRET}",
            "text": ":warning: *Price drop: Tasse &lt;blau&gt; &amp; Krug*\n"
            "was 12.00 £, is 9.00 £\nshop: acme\n\nid: price_drop/acme/4711/2026-11-20",
        }
    ]


def test_slack_is_waited_for_as_long_as_it_asks_and_twice_as_long_each_time_when_it_asks_for_nothing() -> None:
    waits: list[float] = []
    with slack((429, {"Retry-After": "7"}, b""), (500, {}, b""), (503, {}, b""), OK) as workspace:
        SlackChannel(workspace.alerts(), waits.append).send(DROP)
    assert waits == [7, 2, 4]
    assert len(workspace.posted) == 4


def test_slack_that_asks_for_an_hour_is_not_waited_for() -> None:
    waits: list[float] = []
    with slack((429, {"Retry-After": "3600"}, b"")) as workspace, pytest.raises(AlertsError, match="to wait 3600 s"):
        SlackChannel(workspace.alerts(), waits.append).send(DROP)
    assert (len(workspace.posted), waits) == (1, [])


def test_a_webhook_that_is_gone_is_told_at_once_with_what_to_do() -> None:
    with (
        slack((404, {}, b"no_service")) as workspace,
        pytest.raises(AlertsError, match=r"404 no_service: check alerts\.slack\.webhook"),
    ):
        SlackChannel(workspace.alerts(), _no_wait).send(DROP)
    assert len(workspace.posted) == 1


def test_a_slack_that_stays_down_is_given_up() -> None:
    waits: list[float] = []
    with slack((500, {}, b"")) as workspace, pytest.raises(AlertsError, match="500; gave up after 3 tries"):
        SlackChannel(workspace.alerts(tries=3), waits.append).send(DROP)
    assert (len(workspace.posted), waits) == (3, [1, 2])


@pytest.mark.parametrize(
    "answer",
    [(200, {}, b"<html>Please log in</html>"), (302, {"Location": "/elsewhere"}, b"")],
    ids=["a portal", "a redirect"],
)
def test_who_is_not_slack_has_not_got_the_message(answer: Answer) -> None:
    with slack(answer) as workspace, pytest.raises(AlertsError, match="webhook"):
        SlackChannel(workspace.alerts(), _no_wait).send(DROP)


@pytest.mark.parametrize(
    "answer", [(500, {}, b""), (404, {}, f"no {SECRET}".encode()), (302, {"Location": SECRET}, b"")]
)
def test_neither_errors_nor_logs_tell_the_webhook(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with slack(answer) as workspace, pytest.raises(AlertsError) as raised:
        SlackChannel(workspace.alerts(tries=2, backoff_seconds=0)).send(DROP)
    _tells_nothing(SECRET, raised.value, caplog, workspace.alerts())


@pytest.mark.parametrize(
    "address", ["http://hooks.example.org/{}", "hooks/{}", "https://h.example.org/{} x", "ftp://h/{}"]
)
def test_an_address_that_is_no_webhook_is_refused_without_being_told(address: str) -> None:
    alerts = Alerts(slack=Slack(webhook=SecretStr(address.format(SECRET))))
    with pytest.raises(AlertsError, match=r"alerts\.slack\.webhook is no https address") as raised:
        channels(alerts, Aws())
    assert SECRET not in str(raised.value)


def test_a_slack_where_nobody_listens_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    alerts = Alerts(slack=Slack(webhook=SecretStr(f"http://127.0.0.1:{_closed_port()}/{SECRET}")), tries=2)
    waits: list[float] = []
    with pytest.raises(AlertsError, match=r"Slack does not answer \(ConnectionRefusedError\); gave up") as raised:
        SlackChannel(alerts, waits.append).send(DROP)
    assert waits == [1]
    _tells_nothing(SECRET, raised.value, caplog, alerts)


class Mailbox:
    """Plays a mail server: `refuse` says no to a recipient, as often as it wants to."""

    def __init__(self, refuse: Callable[[str], str | None] = lambda who: None) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.refuse = refuse

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if said := self.refuse(address):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((list(envelope.rcpt_tos), mail))
        return "250 OK"


@contextmanager
def mail_server(box: Mailbox, **options: object) -> Iterator[int]:
    controller = Controller(box, hostname="127.0.0.1", port=_closed_port(), **options)  # type: ignore[arg-type]
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def mailing(port: int, tries: int = 3, **smtp: object) -> Alerts:
    place = {"host": "127.0.0.1", "port": port, "starttls": False, "sender": "mart@shop.example"} | smtp
    return Alerts(smtp=Smtp(**({"recipients": ("ann@shop.example",)} | place)), tries=tries)  # type: ignore[arg-type]


def test_a_mail_says_severity_title_lines_and_an_id_that_stays_the_same() -> None:
    box = Mailbox()
    with mail_server(box) as port:
        channel = MailChannel(mailing(port, recipients=("ann@shop.example", "bob@shop.example")))
        channel.send(DROP)
        channel.send(DROP)
    (to, mail), (_, again) = box.mails
    assert to == ["ann@shop.example", "bob@shop.example"]
    assert mail["Subject"] == "[warning] Price drop: Tasse <blau> & Krug"
    assert mail.get_content().splitlines() == [*DROP.lines, "", f"id: {DROP.id}"]
    assert mail["Message-ID"] == again["Message-ID"]


def test_a_title_can_add_no_header() -> None:
    box = Mailbox()
    with mail_server(box) as port:
        MailChannel(mailing(port)).send(Message("x", "Cheap\r\nBcc: everyone@shop.example"))
    [(to, mail)] = box.mails
    assert (to, mail["Bcc"]) == (["ann@shop.example"], None)
    assert mail["Subject"] == "[info] Cheap Bcc: everyone@shop.example"


def test_who_was_put_off_gets_the_mail_later_and_nobody_gets_it_twice() -> None:
    turns = iter(["451 greylisted, come again", None])
    box = Mailbox(lambda who: next(turns) if who.startswith("bob") else None)
    waits: list[float] = []
    with mail_server(box) as port:
        alerts = mailing(port, recipients=("ann@shop.example", "bob@shop.example"))
        MailChannel(alerts, waits.append).send(DROP)
    assert [to for to, _ in box.mails] == [["ann@shop.example"], ["bob@shop.example"]]
    assert waits == [1]


def test_a_server_that_shuts_down_while_it_is_told_recipients_has_mailed_to_nobody() -> None:
    turns = iter([None, "421 shutting down", None, None])
    box = Mailbox(lambda who: next(turns))
    with mail_server(box) as port:
        alerts = mailing(port, recipients=("ann@shop.example", "bob@shop.example"))
        MailChannel(alerts, lambda wait: None).send(DROP)
    assert [to for to, _ in box.mails] == [["ann@shop.example", "bob@shop.example"]]


def test_an_unknown_recipient_is_told_at_once_though_the_others_have_their_mail() -> None:
    box = Mailbox(lambda who: "550 no such user" if who.startswith("bob") else None)
    with mail_server(box) as port:
        channel = MailChannel(mailing(port, recipients=("ann@shop.example", "bob@shop.example")), _no_wait)
        with pytest.raises(
            AlertsError, match=r"bob@shop.example \(550 no such user\): correct alerts\.smtp\.recipients"
        ):
            channel.send(DROP)
    assert [to for to, _ in box.mails] == [["ann@shop.example"]]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_is_told_at_once_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with _signing_in(Mailbox()) as port:
        alerts = mailing(port, user="mart", password=SecretStr(PASSWORD + "!"))
        channel = MailChannel(alerts, _no_wait)
        with pytest.raises(AlertsError, match=r"refuses the sign-in of mart \(535\)") as raised:
            channel.send(DROP)
    _tells_nothing(PASSWORD, raised.value, caplog, alerts)


def test_a_password_never_travels_readable() -> None:
    alerts = Alerts(
        smtp=Smtp(host="mail.example.org", user="mart", starttls=False, sender="a@b.c", recipients=("a@b.c",))
    )
    with pytest.raises(AlertsError, match="starttls is off"):
        channels(alerts, Aws())


def test_mail_goes_through_starttls_to_a_server_whose_certificate_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, context = Mailbox(), _certified(tmp_path)
    with _signing_in(box, tls_context=context, require_starttls=True) as port:
        alerts = mailing(port, starttls=True, user="mart", password=SecretStr(PASSWORD))
        with pytest.raises(AlertsError, match="certificate must be known"):
            MailChannel(alerts, _no_wait).send(DROP)
        assert box.mails == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        MailChannel(alerts, _no_wait).send(DROP)
    assert len(box.mails) == 1


def test_a_server_without_starttls_is_not_trusted_with_the_mail() -> None:
    box = Mailbox()
    with mail_server(box) as port, pytest.raises(AlertsError, match=r"STARTTLS.*check alerts\.smtp, starttls"):
        MailChannel(mailing(port, starttls=True), _no_wait).send(DROP)
    assert box.mails == []


def test_a_mail_server_where_nobody_listens_is_given_up_after_its_tries() -> None:
    waits: list[float] = []
    with pytest.raises(AlertsError, match=r"does not answer \(Connection refused\); gave up after 3 tries"):
        MailChannel(mailing(_closed_port()), waits.append).send(DROP)
    assert waits == [1, 2]


@pytest.fixture
def aws(aws_up: Settings) -> Aws:
    return aws_up.aws


def test_a_topic_brings_the_message_to_who_subscribed(aws: Aws) -> None:
    topic, queue = _subscribed(aws, f"alerts-{uuid.uuid4().hex[:8]}", {})
    SnsChannel(Alerts(sns=Sns(topic_arn=topic)), aws).send(DROP)
    [note] = _received(aws, queue)
    assert note["Subject"] == "[warning] Price drop: Tasse <blau> & Krug"
    assert note["Message"].splitlines() == ["Price drop: Tasse <blau> & Krug", *DROP.lines, "", f"id: {DROP.id}"]
    assert {name: one["Value"] for name, one in note["MessageAttributes"].items()} == {
        "severity": "warning",
        "id": DROP.id,
    }


def test_a_fifo_topic_brings_a_message_once_however_often_it_is_sent(aws: Aws) -> None:
    topic, queue = _subscribed(aws, f"alerts-{uuid.uuid4().hex[:8]}.fifo", {"FifoTopic": "true"})
    channel = SnsChannel(Alerts(sns=Sns(topic_arn=topic)), aws)
    channel.send(DROP)
    channel.send(DROP)
    channel.send(Message("another", DROP.title, DROP.lines))
    assert len(_received(aws, queue)) == 2


@pytest.mark.parametrize("title", ["£ " * 80, "Größer\nals je", "値下げ"])
def test_any_title_makes_a_subject_that_sns_takes(aws: Aws, title: str) -> None:
    topic, queue = _subscribed(aws, f"alerts-{uuid.uuid4().hex[:8]}", {})
    SnsChannel(Alerts(sns=Sns(topic_arn=topic)), aws).send(Message("x", title))
    [note] = _received(aws, queue)
    assert note["Subject"].isascii()
    assert note["Subject"].isprintable()
    assert len(note["Subject"]) < 100
    assert note["Message"].startswith(" ".join(title.split()))


def test_a_topic_that_does_not_exist_is_told_with_what_to_do(aws: Aws) -> None:
    topic = "arn:aws:sns:eu-central-1:123456789012:nowhere"
    with pytest.raises(AlertsError, match=r"SNS: publish arn.*nowhere: NotFound.*check alerts\.sns\.topic_arn"):
        SnsChannel(Alerts(sns=Sns(topic_arn=topic)), aws).send(DROP)


def test_only_channels_with_a_place_are_opened() -> None:
    smtp = Smtp(host="mail.example.org", sender="a@b.c", recipients=("a@b.c",))
    every = Alerts(slack=Slack(webhook=SecretStr("https://h.example.org/x")), smtp=smtp, sns=Sns(topic_arn="arn:x"))
    assert channels(Alerts(), Aws()) == {}
    opened = {name: type(one) for name, one in channels(every, Aws()).items()}
    assert opened == {"slack": SlackChannel, "email": MailChannel, "sns": SnsChannel}


def test_the_webhook_may_lie_in_secrets_manager(aws: Aws) -> None:
    name = f"webhook-{uuid.uuid4().hex[:8]}"
    with slack(OK) as workspace:
        address = workspace.alerts().slack.webhook.get_secret_value()
        client = boto3.client("secretsmanager", region_name=aws.region, endpoint_url=aws.endpoint_url)
        client.create_secret(Name=name, SecretString=f"{address}\n")
        channels(Alerts(slack=Slack(webhook_secret=name)), aws)["slack"].send(DROP)
    assert len(workspace.posted) == 1
    with pytest.raises(AlertsError, match=r"alerts\.slack\.webhook_secret: Secrets Manager: get_secret_value nowhere"):
        channels(Alerts(slack=Slack(webhook_secret="nowhere")), aws)


def test_a_mail_server_without_recipients_is_refused_when_channels_are_opened() -> None:
    with pytest.raises(AlertsError, match="lacks sender or recipients"):
        channels(Alerts(smtp=Smtp(host="mail.example.org", sender="a@b.c")), Aws())


def _no_wait(seconds: float) -> None:
    pytest.fail(f"waited {seconds} s for something that stays")


def _tells_nothing(secret: str, error: BaseException, caplog: pytest.LogCaptureFixture, alerts: Alerts) -> None:
    told = [str(error), repr(error), repr(error.__cause__), caplog.text, repr(alerts), alerts.model_dump_json()]
    assert not [text for text in told if secret in text]


def _signing_in(box: Mailbox, **options: object) -> AbstractContextManager[int]:
    """A mail server that wants a password."""

    def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
        right = LoginPassword(b"mart", PASSWORD.encode())
        return AuthResult(success=given == right, handled=False)

    tls = "tls_context" in options
    return mail_server(box, authenticator=known, auth_required=True, auth_require_tls=tls, **options)


def _certified(folder: Path) -> ssl.SSLContext:
    """Make a certificate for 127.0.0.1 that signs itself, and a server's context with it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(address, critical=False).add_extension(
        x509.BasicConstraints(True, None), critical=True
    )
    cert = builder.sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def _subscribed(aws: Aws, name: str, attributes: dict[str, str]) -> tuple[str, str]:
    """Make a topic and a queue that it fills; give the topic's ARN and the queue's address."""
    topic = _client(aws, "sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
    fifo = {"FifoQueue": "true"} if attributes else {}
    queue = _client(aws, "sqs").create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.region}:123456789012:{name}"
    _client(aws, "sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue


def _received(aws: Aws, queue: str) -> list[dict[str, Any]]:
    answer = _client(aws, "sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def _client(aws: Aws, name: str) -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
    return boto3.client(name, region_name=aws.region, endpoint_url=aws.endpoint_url)


def _closed_port() -> int:
    """Give a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
