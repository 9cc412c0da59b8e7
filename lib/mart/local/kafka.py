"""A real Kafka broker on one machine: KRaft, one node, broker and controller in one small JVM."""

import os
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from mart.edges import kafka
from mart.local import CLONE, files
from mart.local.service import Place, Service, ServiceError
from mart.settings import Kafka

JARS = CLONE / ".jars" / "kafka"  # `make env` puts them there

# One node keeps one copy. Nothing expires: a reader that comes late is served. Internal topics are as small as can be.
# The session is short (Kafka: 9 s) because a killed broker is let in again only when its old session has ended.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
message.max.bytes={largest}
replica.fetch.max.bytes={largest}
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=8388608
num.io.threads=4
num.network.threads=2
"""
JVM = ["-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-Djava.awt.headless=true", "-Dlog4j2.level=WARN"]
QUICK = ["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=ERROR"]  # for a program of a second


def java() -> str:
    """Find the java command. Raises ServiceError."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    if not found:
        raise ServiceError(f"no java in {home or 'PATH'}: `make env` installs it, or set JAVA_HOME to a JDK 17")
    return found


def _run(options: list[str], program: str, *arguments: str) -> list[str]:
    if not any(JARS.glob("kafka_*.jar")):
        raise ServiceError(f"no Kafka broker in {JARS}: run `make env`")
    return [java(), *options, "-cp", f"{JARS.resolve()}/*", program, *arguments]


def _prepare(place: Place) -> None:
    """Write the broker's settings and, once in a home's life, format its storage."""
    folder = place.home / "kafka"
    data = str(folder / "data").encode("unicode_escape").decode()  # what Java reads back from a .properties file
    largest = kafka.LARGEST_RECORD + 100_000  # a batch is a little more than its record
    doors = {"broker": place.port, "controller": place.inner_port}
    files.write(folder / "server.properties", PROPERTIES.format(data=data, largest=largest, **doors))
    if not (folder / "data" / "meta.properties").exists():
        _format(folder)


def _format(folder: Path) -> None:
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    settings = str(folder / "server.properties")
    named = f"--cluster-id={cluster}"  # one word: an id may begin with a dash
    command = _run(QUICK, "kafka.tools.StorageTool", "format", "--ignore-formatted", named, "-c", settings)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceError(
            f"Kafka's storage in {folder} could not be formatted: {(done.stderr or done.stdout).strip()}"
        )


def _furnish(place: Place) -> None:
    kafka.furnish(Kafka(brokers=brokers(place)))


def brokers(place: Place) -> str:
    """Spell the broker's address as clients want it."""
    return f"127.0.0.1:{place.port}"


SERVICE = Service(
    name="kafka",
    title="Kafka",
    keeps="all",
    keeps_data=True,
    address="127.0.0.1:{port}",
    command=lambda place: _run(JVM, "kafka.Kafka", str(place.home / "kafka" / "server.properties")),
    check=lambda place: _check(place),
    settings=lambda place: {"kafka": {"brokers": brokers(place)}},
    prepare=_prepare,
    furnish=_furnish,
    has_inner_port=True,
)


def _check(place: Place) -> None:
    kafka.topics(brokers(place), patience=2)
