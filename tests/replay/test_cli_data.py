"""`mart replay` and `mart generate` as a person calls them."""

import json
from pathlib import Path

import confluent_kafka as ck
import pytest
from click.testing import CliRunner, Result

from mart.cli import main
from mart.edges import kafka
from mart.replay import FORMATS, send
from mart.settings import Settings

LINE = '{"event_id":"e1","event_type":"view","event_at":"2025-01-01T00:00:00Z","user_id":"u1","product_id":"p1"}'


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    file.write_bytes(f"{LINE}\r\nnot json \x00\n\n{LINE}".encode())
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def inbox(home: Path, folder: str) -> bytes:
    files = sorted((home / "lake/landing/inbox" / folder).iterdir())
    return b"".join(file.read_bytes() for file in files)


def test_replay_into_the_inbox_tells_what_went_and_a_second_one_that_it_was_there(tmp_path: Path, lines: Path) -> None:
    asked = ("replay", lines, "--format", "jsonl", "--to", "landing", "--home", tmp_path)
    first, second = run(*asked, "--json"), run(*asked)
    assert json.loads(first.stdout) == {"records": 4, "products": 1, "files": 1, "known": 0}
    assert second.stdout == "4 records (4 were there already) from 1 files to landing, 1 products\n"
    assert inbox(tmp_path, "activity") == lines.read_bytes() + b"\n"
    assert json.loads(inbox(tmp_path, "products"))["product_id"] == "p1"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("replay", "nothing.csv", "--format", "jsonl", "--to", "landing"), 2, "does not exist"),
        (("replay", "{lines}", "--format", "parquet", "--to", "landing"), 2, "'parquet' is not one of"),
        (
            ("replay", "{lines}", "--format", "jsonl", "--to", "landing", "--rate", "5"),
            2,
            "--rate goes with --to kafka",
        ),
        (("replay", "{folder}", "--format", "rees46", "--to", "landing"), 2, "holds no .csv file"),
        (("replay", "{lines}", "--format", "jsonl", "--to", "kafka"), 1, "run `mart up`"),
        (("generate", "--to", "kafka"), 1, "run `mart up`"),
        (("generate", "--seconds", "5"), 2, "--seconds needs --rate"),
        (("generate", "--rate", "5"), 2, "--rate goes with"),
        (("generate", "--seconds", "5", "--rate", "5", "--bad", "0.1"), 2, "belong to the past"),
        (("generate", "--bad", "2"), 2, "0<=x<=1"),
    ],
)
def test_a_mistake_is_told_in_a_line(
    tmp_path: Path, lines: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    filled = [one.format(lines=lines, folder=tmp_path) for one in arguments]
    result = run(*filled, "--home", tmp_path)
    assert (result.exit_code, result.stdout) == (code, "")
    assert told in result.stderr.splitlines()[-1]


def test_a_place_that_cannot_be_written_is_told_in_a_line(tmp_path: Path, lines: Path) -> None:
    (tmp_path / "lake").touch()
    result = run("replay", lines, "--format", "jsonl", "--to", "landing", "--home", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_generate_writes_records_products_and_truth(tmp_path: Path) -> None:
    size = ("--events", 500, "--products", 20, "--shoppers", 30, "--bad", 0.2)
    result = run("generate", *size, "--out", tmp_path / "shop", "--home", tmp_path, "--json")
    told = json.loads(result.stdout)
    assert (told["records"], told["events"], told["products"]) == (600, 500, 20)
    assert sorted(file.name for file in (tmp_path / "shop").iterdir()) == [
        "activity.jsonl",
        "funnel.parquet",
        "interactions.parquet",
        "popularity.parquet",
        "products.jsonl",
        "rejects.jsonl",
        "sales.parquet",
        "truth.json",
    ]
    run("generate", *size, "--to", "landing", "--home", tmp_path)
    assert inbox(tmp_path, "activity") == (tmp_path / "shop/activity.jsonl").read_bytes()
    assert inbox(tmp_path, "products") == (tmp_path / "shop/products.jsonl").read_bytes()


def test_replay_to_kafka_sends_each_line_as_it_is_under_its_shopper(
    broker: Settings, topic: str, lines: Path, tmp_path: Path
) -> None:
    section = broker.kafka.model_copy(update={"activity": topic})
    settings = broker.model_copy(update={"kafka": section, "lake": str(tmp_path / "lake")})
    sent = send.replay(settings, FORMATS["jsonl"], [lines], "kafka", rate=1_000)
    assert sent == send.Sent(records=4, products=1, files=1, known=0)
    wanted = [(b"u1", f"{LINE}\r".encode()), (None, b"not json \x00"), (None, b""), (b"u1", LINE.encode())]
    assert sorted(read_all(broker.kafka.brokers, topic), key=repr) == sorted(wanted, key=repr)


def test_generate_live_sends_as_many_as_asked(broker: Settings) -> None:
    brokers, topic = broker.kafka.brokers, broker.kafka.activity
    before = sum(end for _, end in kafka.ends(brokers, topic).values())
    result = run("generate", "--rate", 200, "--seconds", 1, "--home", broker.home)
    assert result.stdout == "200 events sent to kafka as they happened, 500 products\n"
    assert sum(end for _, end in kafka.ends(brokers, topic).values()) - before == 200


def read_all(brokers: str, topic: str) -> list[tuple[bytes | None, bytes | None]]:
    reader = ck.Consumer({"bootstrap.servers": brokers, "group.id": "test", "enable.auto.commit": False})
    ends = kafka.ends(brokers, topic)
    reader.assign([ck.TopicPartition(topic, partition, begin) for partition, (begin, _) in ends.items()])
    found = reader.consume(sum(end - begin for begin, end in ends.values()), timeout=20)
    reader.close()
    return [(message.key(), message.value()) for message in found]
