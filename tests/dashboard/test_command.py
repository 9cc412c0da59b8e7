"""`mart dashboard` tells a mistake in one line before anything starts."""

import socket
from pathlib import Path

from click.testing import CliRunner

from mart.cli import main


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = CliRunner().invoke(main, ["dashboard", "--port", str(port)])
    assert (done.exit_code, done.stderr) == (1, f"Error: port {port} is taken: choose another by --port\n")


def test_settings_that_cannot_be_used_are_said(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("[kafka]\nbroker = 1\n")
    done = CliRunner().invoke(main, ["dashboard", "--settings", str(file)])
    assert done.exit_code == 2
    assert "kafka.broker" in done.stderr
