"""The inbox edge on a local folder and on S3."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from mart.edges import inbox
from mart.edges.inbox import Written
from mart.settings import Aws, Settings


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return Settings.read(home=tmp_path)


def _files(settings: Settings) -> list[Path]:
    return sorted((Path(settings.lake) / "landing" / "inbox" / "activity").iterdir())


def test_lines_lie_in_a_file_named_after_them(here: Settings) -> None:
    assert inbox.write(here, "activity", "a day.csv", [b"one", b"", b"\xff\r"]) == Written(3, 0)
    [file] = _files(here)
    assert file.name.startswith("a_day.csv-0000-")
    assert file.suffix == ".jsonl"
    assert file.read_bytes() == b"one\n\n\xff\r\n"


def test_writing_again_adds_nothing_and_other_content_replaces_nothing(here: Settings) -> None:
    inbox.write(here, "activity", "a", [b"one"])
    [first] = _files(here)
    written_at = first.stat().st_mtime_ns
    assert inbox.write(here, "activity", "a", [b"one"]) == Written(1, 1)
    assert inbox.write(here, "activity", "a", [b"one", b"two"]) == Written(2, 0)
    assert first.stat().st_mtime_ns == written_at
    assert sorted(file.read_bytes() for file in _files(here)) == [b"one\n", b"one\ntwo\n"]


def test_two_names_that_look_alike_on_disk_keep_their_files_apart(here: Settings) -> None:
    inbox.write(here, "activity", "a b", [b"one"])
    assert inbox.write(here, "activity", "a_b", [b"one"]) == Written(1, 0)
    assert len(_files(here)) == 2


def test_a_byte_order_mark_of_a_record_outlives_the_reader_that_drops_one(here: Settings) -> None:
    inbox.write(here, "activity", "a", [b"\xef\xbb\xbf{}", b"\xef\xbb\xbf{}"])
    [file] = _files(here)
    assert file.read_bytes() == b"\xef\xbb\xbf" + b"\xef\xbb\xbf{}\n" * 2


def test_nothing_makes_no_file(here: Settings) -> None:
    assert inbox.write(here, "activity", "a", []) == Written()
    assert _files(here) == []


def test_a_writer_that_fails_leaves_whole_files_only(here: Settings) -> None:
    def broken() -> Iterator[bytes]:
        yield from (b"one", b"two")
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="the source is gone"):
        inbox.write(here, "activity", "a", broken(), largest=4)
    assert [file.read_bytes() for file in _files(here)] == [b"one\n"]


@given(lines=st.lists(st.binary(max_size=9)), largest=st.integers(1, 30))
def test_parts_hold_all_lines_in_order_and_none_is_too_large(lines: list[bytes], largest: int) -> None:
    chunks = list(inbox._chunks(lines, largest))
    assert [line for chunk in chunks for line in chunk] == lines
    assert all(len(chunk) == 1 or sum(len(line) + 1 for line in chunk) <= largest for chunk in chunks)


@pytest.fixture
def bucket(credentials: None) -> Iterator[Settings]:
    """Settings with a lake in S3, as the AWS emulator has it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    aws = Aws(endpoint_url=f"http://{host}:{port}", region="us-east-1")
    boto3.client("s3", endpoint_url=aws.endpoint_url, region_name=aws.region).create_bucket(Bucket="shop")
    yield Settings(lake="s3a://shop/lake", aws=aws)
    server.stop()


def test_the_lake_may_lie_in_s3(bucket: Settings) -> None:
    assert inbox.write(bucket, "activity", "a", [b"one", b"two"]) == Written(2, 0)
    assert inbox.write(bucket, "activity", "a", [b"one", b"two"]) == Written(2, 2)
    s3 = boto3.client("s3", endpoint_url=bucket.aws.endpoint_url, region_name=bucket.aws.region)
    [found] = s3.list_objects_v2(Bucket="shop")["Contents"]
    assert found["Key"].startswith("lake/landing/inbox/activity/a-0000-")
    assert s3.get_object(Bucket="shop", Key=found["Key"])["Body"].read() == b"one\ntwo\n"
