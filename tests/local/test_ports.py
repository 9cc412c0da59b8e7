"""Ports and small files of a home."""

import socket
import tomllib
from pathlib import Path

from mart.local import files, ports


def test_a_port_is_chosen_once_and_stays(tmp_path: Path) -> None:
    first = ports.choose(tmp_path, ["kafka", "aws"])
    assert len(set(first.values())) == 2
    files.write(tmp_path / "ports.json", '{"kafka": 23456}')
    assert ports.choose(tmp_path, ["kafka"]) == {"kafka": 23456}


def test_a_running_service_keeps_its_port_whoever_listens_there(tmp_path: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        files.write(tmp_path / "ports.json", f'{{"kafka": {port}}}')
        assert ports.choose(tmp_path, idle=[]) == {"kafka": port}
        assert ports.choose(tmp_path, idle=["kafka"])["kafka"] != port


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "key"
    files.write(file, "old")
    files.write(file, "new", mode=0o600)
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_toml_reads_back_as_it_was_written() -> None:
    sections = {"a": {"text": 'quote " back \\ slash é', "number": 7}, "b": {"x": ""}}
    assert tomllib.loads(files.toml(sections)) == sections
