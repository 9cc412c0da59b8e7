"""`mart serve`: the HTTP service, collector and recommendations."""

import copy
import logging
import signal
import socket
from pathlib import Path
from typing import Any

import click

from mart.cli.options import home_option, settings_of, settings_option


@click.command()
@home_option
@settings_option
@click.option("--host", help="Address to listen at; the settings' api.host, 127.0.0.1, if not given.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; the settings' api.port, 8000, if not given; 0: any.")
def serve(home: Path, file: str | None, host: str | None, port: int | None) -> None:
    """Collect events at POST /events, and recommend; /openapi.json says the rest, and so do docs/collector.md and docs/serving.md.

    Without keys in the settings only this machine is served. SIGTERM (or Ctrl-C) lets requests and events on their way finish.

    \b
    Examples:
      mart serve
      mart serve --host 0.0.0.0 --port 80 --settings conf/shop.toml
    """
    import uvicorn

    from mart.api.app import app
    from mart.api.engine import Engine
    from mart.api.keys import is_loopback
    from mart.edges.collecting import KafkaOutlet
    from mart.edges.kinesis import KinesisOutlet

    settings = settings_of(home, file)
    host, port = host or settings.api.host, settings.api.port if port is None else port
    if not settings.api.keys and not is_loopback(host):
        raise click.UsageError(
            f"--host {host}: without keys only this machine is served. Add a section [api.keys.NAME] with key and scopes to the "
            "settings, or listen at 127.0.0.1"
        )
    door = _listen(host, port)
    engine = Engine(settings)
    outlet = KinesisOutlet(settings) if settings.kinesis.activity else KafkaOutlet(settings)
    made = app(settings, engine, outlet)
    server = uvicorn.Server(uvicorn.Config(made, log_config=log_config(), server_header=False))
    logging.getLogger("uvicorn.error").info("http://%s:%d", host, door.getsockname()[1])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # uvicorn, which heeds them while it runs, raises them again at its end
    server.run(sockets=[door])
    if not server.started:
        raise click.ClickException("the service did not start: the log above says why")


def _listen(host: str, port: int) -> socket.socket:
    """Open the door. Raises ClickException where somebody else stands in it."""
    door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        raise click.ClickException(
            f"can't listen at {host}:{port} ({error.strerror}): choose another by --port"
        ) from None
    return door


class WithoutQuery(logging.Filter):
    """Takes the query out of the access log: a collector's key stands in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, *rest = record.args
            record.args = (client, method, str(path).partition("?")[0], *rest)
        return True


def log_config() -> dict[str, Any]:
    """Give uvicorn's own way to log, all of it on stderr and without queries."""
    from uvicorn.config import LOGGING_CONFIG

    found: dict[str, Any] = copy.deepcopy(LOGGING_CONFIG)
    found["filters"] = {"without_query": {"()": WithoutQuery}}
    found["handlers"]["access"] |= {"stream": "ext://sys.stderr", "filters": ["without_query"]}
    return found


COMMANDS = (serve,)
