"""How the folder of each target is laid out, as the service that takes it wants it.

In: the clone, wheels for the target, connector jars. Out: files in the target's folder.
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_STORED

from packaging.utils import canonicalize_name

from mart.packaging import PackageError, archives
from mart.packaging.archives import Entry

SHOPS = "conf/shops.toml"  # it also marks the folder that mart.settings.ROOT looks for
UNZIPPED = 250 * 2**20  # bytes that AWS Lambda takes
# What nothing imports: tests, headers, types, and the parts of Arrow that speak with servers of its own.
USELESS = (
    "/tests/",
    "/include/",
    ".pyi",
    ".pyx",
    ".pxd",
    ".h",
    "libarrow_flight",
    "_flight.",
    "libarrow_python_flight",
)


@dataclass(frozen=True)
class Parts:
    """What a target is laid out of."""

    clone: Path
    folder: Path
    python: str
    wheels: tuple[Path, ...]
    jars: tuple[Path, ...]


def emr(parts: Parts) -> None:
    """Lay out what emr/bootstrap.sh installs on each node, and what steps name."""
    _copy(parts.wheels, parts.folder / "wheels")
    _copy([parts.clone / SHOPS], parts.folder / "conf")
    shutil.copy(parts.clone / "emr" / "bootstrap.sh", parts.folder)
    _jobs_and_jars(parts)


def serverless(parts: Parts) -> None:
    """Lay out a virtual environment for spark.archives, whose Python is that of the image, as venv-pack would.

    A virtual environment is a folder of packages, a link to a Python and pyvenv.cfg beside it, so that one for another
    machine can be written down without running anything there.
    """
    site = f"lib/python{parts.python}/site-packages/"
    python = Entry("bin/python", link=f"/usr/bin/python{parts.python}")
    config = Entry("pyvenv.cfg", b"home = /usr/bin\ninclude-system-site-packages = false\n")
    entries = [python, config, *_beside(parts.clone)]
    archives.tar_of(_all(entries, archives.of_wheels(parts.wheels, site)), parts.folder / "environment.tar.gz")
    _jobs_and_jars(parts)


def glue(parts: Parts) -> None:
    """Lay out a zip of wheels, which Glue installs without an index.

    Delta's Python face is a zip of its own: as a wheel it would ask for a pyspark, and pip does not know of Glue's.
    """
    delta = [wheel for wheel in parts.wheels if wheel.name.startswith("delta_spark-")]
    others = [wheel for wheel in parts.wheels if wheel not in delta]
    names = sorted(f"{name}=={version}" for name, version in packages(others).items())
    listed = Entry("wheels/requirements.txt", "".join(f"{name}\n" for name in names).encode())
    wheels = (Entry(f"wheels/{wheel.name}", wheel.read_bytes()) for wheel in others)
    archives.zip_of(_all([listed], wheels), parts.folder / "product-mart.gluewheels.zip", ZIP_STORED)
    archives.zip_of(archives.of_wheels(delta), parts.folder / "delta.zip")
    _jobs_and_jars(parts)


def offers(parts: Parts) -> None:
    """Lay out the function that loads Snowflake's staging."""
    _function(parts, "offers_lambda", [])


def scrape(parts: Parts) -> None:
    """Lay out the function that crawls shops."""
    _function(parts, "scrape_lambda", archives.of_folder(parts.clone / "scrapers", "scrapers/"))


def packages(wheels: Iterable[Path]) -> dict[str, str]:
    """Read names and versions off wheels."""
    parted = sorted(wheel.name.split("-") for wheel in wheels)
    return {canonicalize_name(name): version for name, version, *_ in parted}


def _function(parts: Parts, module: str, more: Iterable[Entry]) -> None:
    handler = Entry(f"{module}.py", (parts.clone / "jobs" / "streaming" / f"{module}.py").read_bytes())
    shops = Entry(SHOPS, (parts.clone / SHOPS).read_bytes())
    useful = (one for one in archives.of_wheels(parts.wheels) if not any(part in one.name for part in USELESS))
    file = parts.folder / f"{parts.folder.name}.zip"
    archives.zip_of(_all([handler, shops], more, useful), file)
    if (size := archives.unpacked(file)) > UNZIPPED:
        raise PackageError(f"{file.name} would be {size / 2**20:,.0f} MB unzipped, and AWS Lambda takes 250")


def _beside(clone: Path) -> Iterator[Entry]:
    yield from archives.of_folder(clone / "jobs", "jobs/")
    yield Entry(SHOPS, (clone / SHOPS).read_bytes())


def _jobs_and_jars(parts: Parts) -> None:
    for layer in sorted((parts.clone / "jobs").iterdir()):
        _copy(
            [file for file in layer.glob("*.py") if not file.stem.endswith("_lambda")],
            parts.folder / "jobs" / layer.name,
        )
    _copy(parts.jars, parts.folder / "jars")


def _copy(files: Iterable[Path], to: Path) -> None:
    to.mkdir(parents=True)
    for file in files:
        shutil.copy(file, to)


def _all(*some: Iterable[Entry]) -> Iterator[Entry]:
    for entries in some:
        yield from entries
