"""Where the files beside the code lie: in a clone, and in whatever `mart package` makes of one.

Out: `ROOT`, the folder with jobs/ and conf/: a clone, a cluster's virtual environment, or the folder of a Lambda.
"""

from pathlib import Path


def root(code: Path) -> Path:
    """Find the nearest folder above the code that holds conf/shops.toml; without one, that of the package."""
    above = code.parents
    return next((folder for folder in above if (folder / "conf" / "shops.toml").is_file()), above[2])


ROOT = root(Path(__file__))
