"""`mart dashboard`: what the serving tables say, in a browser."""

import os
import sys
from pathlib import Path

import click

from mart.cli.options import home_option, settings_of, settings_option

SCRIPT = Path(__file__).parents[1] / "dashboard" / "app.py"
# Nobody is asked for an address, nothing is told to anybody, no file is watched, and a fault's trace goes to stderr, not to viewers.
OPTIONS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "theme.base": "light",
    "theme.primaryColor": "#0072B2",
    "theme.metricValueFontSize": "1.6rem",
    "theme.headingFontSizes": "1.9rem",
}


@click.command()
@home_option
@settings_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="Port to listen at.")
def dashboard(home: Path, file: str | None, host: str, port: int) -> None:
    """Show sales, trends, the market, recommendations, models and health; it follows the tables by itself.

    It reads the lake without Spark and never writes. It asks nobody who they are: let it listen elsewhere than at this machine
    only behind something that does.

    \b
    Examples:
      mart dashboard
      mart dashboard --home /srv/mart --port 8600
    """
    from mart.local import ports

    settings_of(home, file)  # what is wrong with them is told here, not in the browser
    if not ports.is_free(port):
        raise click.ClickException(f"port {port} is taken: choose another by --port")
    options = OPTIONS | {"server.address": host, "server.port": str(port)}
    flags = [f"--{name}={value}" for name, value in options.items()]
    places = [str(home.absolute()), *([file] if file else [])]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(SCRIPT), *flags, "--", *places])


COMMANDS = (dashboard,)
