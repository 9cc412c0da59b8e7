"""`python -m mart.local.demoshop`: serve the demo shops on loopback until told to stop."""

import asyncio
from pathlib import Path

import click
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from mart.local.demoshop.clock import Clock
from mart.local.demoshop.market import Market
from mart.local.demoshop.site import Site


class Protocol(H11Protocol):
    """HTTP, whose applications may cut the connection: what a firewall does to a crawler, ASGI has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in H11Protocol
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--port", type=click.IntRange(1, 65535), default=8080, help="Where to listen, on 127.0.0.1.")
@click.option("--clock-file", type=click.Path(dir_okay=False, path_type=Path), help="File that keeps the day.")
@click.option("--clock", type=click.FloatRange(0, min_open=True), help="Seconds after which a day is over by itself.")
@click.option("--products", type=click.IntRange(1, 50_000), default=60, help="Of each shop, at first.")
@click.option("--seed", type=click.IntRange(0), default=1, help="Another seed, other shops.")
def main(port: int, clock_file: Path | None, clock: float | None, products: int, seed: int) -> None:
    """Serve three small shops at /alpha/, /beta/ and /gamma/.

    GET /clock tells the day, POST /clock?day=1 sets it; /truth.json?day=1 tells what is on offer then; /log.json what was
    asked. POST /mischief?shop=alpha&kind=503&first=2 spoils answers; kind=none ends it.
    """
    site = Site(Market(seed, products), Clock(clock_file, clock))
    uvicorn.run(site, host="127.0.0.1", port=port, http=Protocol, log_level="warning", access_log=False, lifespan="off")


if __name__ == "__main__":
    main(prog_name="python -m mart.local.demoshop")
