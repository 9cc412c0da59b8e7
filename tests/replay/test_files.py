"""Which files are meant by a path, and what a line is."""

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mart.replay.files import NoInput, find, lines


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b""))), st.booleans())
def test_lines_come_back_byte_for_byte(wanted: list[bytes], packed: bool) -> None:
    content = b"".join(line + b"\n" for line in wanted)
    stream = io.BytesIO(gzip.compress(content) if packed else content)
    assert list(lines(stream, "a.jsonl.gz" if packed else "a.jsonl")) == wanted


def test_only_a_line_feed_ends_a_line_and_the_last_one_may_lack_it() -> None:
    content = "a\r\nb\rc\u2028d\x0ce\n\nlast".encode()
    assert list(lines(io.BytesIO(content), "a")) == [b"a\r", "b\rc\u2028d\x0ce".encode(), b"", b"last"]


def test_a_folder_means_its_own_files_of_the_format_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv.gz", "licence.md", ".hidden.csv", "_part.csv", "c.jsonl"):
        (tmp_path / name).touch()
    (tmp_path / "sub.csv").mkdir()
    assert [file.name for file in find([tmp_path], [".csv"])] == ["a.csv.gz", "b.csv"]
    assert find([tmp_path / "licence.md"], [".csv"]) == [tmp_path / "licence.md"]


def test_what_cannot_be_replayed_is_said(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    for file in (tmp_path / "a.csv", tmp_path / "x" / "a.csv"):
        file.touch()
    with pytest.raises(NoInput, match="same name"):
        find([tmp_path, tmp_path / "x"], [".csv"])
    with pytest.raises(NoInput, match=r"holds no \.jsonl file"):
        find([tmp_path], [".jsonl"])
    with pytest.raises(NoInput, match="does not exist"):
        find([tmp_path / "nothing"], [".csv"])


@pytest.mark.parametrize("damage", [slice(None, -12), slice(4, None)])
def test_a_broken_archive_is_said_after_the_lines_that_could_be_read(damage: slice) -> None:
    packed = gzip.compress(b"a\n" * 5)[damage]
    with pytest.raises(NoInput, match=r"a\.gz is not whole"):
        list(lines(io.BytesIO(packed), "a.gz"))
