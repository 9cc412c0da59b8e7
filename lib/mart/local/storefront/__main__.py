"""`python -m mart.local.storefront`: serve the storefront on loopback until told to stop."""

import os

import click
import uvicorn

from mart.local.storefront.client import Api
from mart.local.storefront.site import Site

KEY = "MART_STOREFRONT_KEY"  # reads; never in an argument, which every process of the machine can see


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--port", type=click.IntRange(1, 65535), default=8090, help="Where to listen, on 127.0.0.1.")
@click.option("--api", default="http://127.0.0.1:8000", help="Address of `mart serve`.")
@click.option("--tracker-key", default="local", help="The collector's public key for this page.")
@click.option("--title", default="Corner & Lane", help="The shop's name.")
def main(port: int, api: str, tracker_key: str, title: str) -> None:
    """Serve a small shop whose lists come from `mart serve` and whose visitors' acts go there.

    A key that may read, where the service has keys, comes from the environment: MART_STOREFRONT_KEY.
    """
    site = Site(Api(api.rstrip("/"), os.environ.get(KEY)), tracker_key, title)
    uvicorn.run(site.app(), host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(prog_name="python -m mart.local.storefront")
