"""The doors of Kafka against a real broker that has two: TLS, and TLS where clients sign in with a token as well."""

import json
import subprocess
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from pyspark.errors import StreamingQueryException
from pyspark.sql import SparkSession

from mart.cli import main
from mart.edges import doors, feeds, groups, kafka, producing
from mart.edges.collecting import KafkaOutlet
from mart.edges.following import Follower
from mart.edges.polling import Member
from mart.local import kafka as broker_service
from mart.local import ports
from mart.settings import Kafka, Settings, SettingsError
from tests import bucket

TWO_DOORS = """
listeners=TLS://127.0.0.1:{tls},TOKEN://127.0.0.1:{token},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=TLS://127.0.0.1:{tls},TOKEN://127.0.0.1:{token}
listener.security.protocol.map=TLS:SSL,TOKEN:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=TLS
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/authority.pem
sasl.enabled.mechanisms=OAUTHBEARER
listener.name.token.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
"""
MSK = "b-1.shop.x1y2z3.c4.kafka.ap-south-1.amazonaws.com:9098"


@dataclass(frozen=True)
class Doors:
    """The addresses of a broker with two doors, and the file of the authority that vouches for it."""

    tls: str
    iam: str
    authority: Path


@pytest.fixture(scope="module")
def two_doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """A broker that answers by TLS alone."""
    folder = tmp_path_factory.mktemp("doors")
    tls, token, controller = _ports(folder, 3)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    (folder / "broker.pem").write_bytes(_keys(authority.issue_cert("127.0.0.1")))
    given = {"broker": tls, "controller": controller, "largest": 1_000_000, "data": folder / "data"}
    said = broker_service.PROPERTIES.format(**given)
    said += TWO_DOORS.format(tls=tls, token=token, controller=controller, folder=folder)
    (folder / "server.properties").write_text(said)
    broker_service._format(folder)
    command = broker_service._run(broker_service.JVM, "kafka.Kafka", str(folder / "server.properties"))
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        yield Doors(f"tls://127.0.0.1:{tls}", f"iam://127.0.0.1:{token}", folder / "authority.pem")
        process.kill()


def _keys(issued: trustme.LeafCert) -> bytes:
    """Write a certificate and its key as Java reads them: PKCS 8."""
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    how = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*how) + b"".join(one.bytes() for one in issued.cert_chain_pems)


def _ports(folder: Path, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        found.append(ports.free(folder, found))
    return found


@pytest.fixture
def trusting(two_doors: Doors, monkeypatch: pytest.MonkeyPatch) -> Doors:
    """Clients that trust the broker's authority, with tokens that it takes: it knows no IAM."""
    monkeypatch.setenv("SSL_CERT_FILE", str(two_doors.authority))
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setattr(MSKAuthTokenProvider, "generate_auth_token", _plain_token)
    return two_doors


def _plain_token(region: str) -> tuple[str, int]:
    """Make the kind of token that a broker takes which believes everybody (RFC 7515, unsecured)."""
    now = int(time.time())
    parts = {"alg": "none"}, {"sub": f"somebody in {region}", "iat": now, "exp": now + 900}
    head, claims = (urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{head}.{claims}.", (now + 900) * 1000


@pytest.mark.timeout(120)
@pytest.mark.parametrize("door", ["tls", "iam"])
def test_every_client_of_ours_comes_in(trusting: Doors, door: str, tmp_path: Path) -> None:
    brokers, topic = getattr(trusting, door), f"through-{door}"
    kafka.create(brokers, topic, partitions=1)
    assert producing.publish(brokers, topic, [(b"k", b"published")]) == 1
    _collect(Settings(home=tmp_path, kafka=Kafka(brokers=brokers, activity=topic)), b"collected")
    assert kafka.ends(brokers, topic) == {0: (0, 2)}
    assert kafka.record_at(brokers, topic, 0, 1) == (b"k", b"collected")
    follower = Follower(brokers, topic, {0: 0})
    while not follower.caught_up:
        follower.take(1)
    with Member(brokers, topic, groups.polling(topic)) as member:
        taken = member.gather(2, 10_000, 5, lambda: False)
        member.commit(taken)
    assert [one.value for one in taken] == [b"published", b"collected"]
    assert groups.lag(brokers, topic, groups.polling(topic)) == groups.Lag(0, None)


def _collect(settings: Settings, payload: bytes) -> None:
    outlet = KafkaOutlet(settings)
    outlet.start()
    outlet.send([(b"k", payload)]).result(30)
    outlet.stop()


def test_topics_are_made_where_they_are_missing(
    trusting: Doors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MART_KAFKA__BROKERS", trusting.tls)
    kafka.create(trusting.tls, "offer-alerts", partitions=3)
    for said in ("activity: made, 4 partitions", "activity: is there"):
        told = CliRunner().invoke(main, ["topics", "--home", str(tmp_path)])
        assert told.exit_code == 0, told.output
        assert said in told.output.splitlines()
        assert "offer-alerts: is there" in told.output.splitlines()
    assert {name: count for name, count in kafka.topics(trusting.tls).items() if name in kafka.wanted(Kafka())} == {
        "activity": 4, "product-details": 2, "product-details-rejects": 1, "offer-alerts": 3,
    }  # fmt: skip


@pytest.mark.timeout(120)
def test_spark_comes_in_by_tls(trusting: Doors, spark: SparkSession, tmp_path: Path) -> None:
    kafka.create(trusting.tls, "to-spark", partitions=2)
    producing.publish(trusting.tls, "to-spark", [(b"%d" % n, b"v%d" % n) for n in range(100)])
    assert sorted(_streamed(spark, trusting.tls, "to-spark", tmp_path)) == sorted(f"v{n}" for n in range(100))


@pytest.mark.timeout(120)
def test_spark_signs_in_by_the_library_of_amazon(trusting: Doors, spark: SparkSession, tmp_path: Path) -> None:
    """This broker knows no IAM: what it says of the mechanism shows that Spark got as far as to offer it, by TLS."""
    if not list(bucket.JARS.glob("bundle-*.jar")):
        pytest.skip("Spark has no SDK of AWS (630 MB): run `make jars-s3`")
    kafka.create(trusting.tls, "by-iam", partitions=2)
    with pytest.raises(
        StreamingQueryException, match=r"mechanism 'AWS_MSK_IAM' not enabled in the server, enabled.*OAUTHBEARER"
    ):
        _streamed(spark, trusting.iam, "by-iam", tmp_path)


def _streamed(spark: SparkSession, brokers: str, topic: str, folder: Path) -> list[str]:
    """Read a topic by a stream, as ingest does."""
    settings = Settings(home=folder, kafka=Kafka(brokers=brokers))
    stream = feeds.kafka(spark, settings, topic, {0: 0, 1: 0})
    name = f"streamed_{topic.replace('-', '_')}"
    query = stream.writeStream.format("memory").queryName(name).option("checkpointLocation", str(folder / "c"))
    query.trigger(availableNow=True).start().awaitTermination()
    return [str(row.value, "utf-8") for row in spark.table(name).collect()]


def test_a_token_is_signed_for_the_region_of_the_brokers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    token, expires = doors.librdkafka(f"iam://{MSK}")["oauth_cb"]("")
    asked = urlsplit(urlsafe_b64decode(token + "==").decode())
    query = parse_qs(asked.query)
    assert asked.hostname == "kafka.ap-south-1.amazonaws.com"
    assert query["Action"] == ["kafka-cluster:Connect"]
    assert query["X-Amz-Credential"][0].startswith("somebody/")
    assert time.time() + 600 < expires < time.time() + 1000


def test_java_is_told_what_the_file_of_the_authority_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert doors.java("b:9092") == {"bootstrap.servers": "b:9092"}
    assert doors.java("tls://b:9094,c:9094") == {"bootstrap.servers": "b:9094,c:9094", "security.protocol": "SSL"}
    own = tmp_path / "own.pem"
    own.write_text("a certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    assert doors.java("tls://b:9094")["ssl.truststore.certificates"] == "a certificate"
    assert "ssl.truststore.type" not in doors.java("b:9092")


def test_a_door_that_does_not_open_says_why(two_doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(kafka.Unreachable, match="SSL_CERT_FILE, vouch for its certificate"):
        kafka.topics(two_doors.tls, patience=3)


def test_who_has_no_credentials_hears_of_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(kafka.KafkaError, match=r"no token could be signed: Unable to locate credentials"):
        kafka.topics(f"iam://{MSK}")


@pytest.mark.parametrize("brokers", ["ssl://b:9092", "tls://", "b:9092,", "tls://b:9094,iam://b:9098"])
def test_an_address_that_no_client_understands_is_refused_with_the_settings(
    brokers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MART_KAFKA__BROKERS", brokers)
    with pytest.raises(SettingsError, match=r"kafka\.brokers: .*is no host:port,host:port, with tls:// or iam://"):
        Settings.read(home=tmp_path)
