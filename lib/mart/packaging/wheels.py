"""Wheels for another machine: ours, built from the clone, and other people's, by pip from the index it is set up with.

In: pins of the lock, a target's Python and processor. Out: files in a folder, each with the hash that the lock names.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from mart.packaging import PackageError
from mart.packaging.lock import Pin

Report = Callable[[str], None]

GLIBC = range(17, 35)  # 2.17 is manylinux2014; Amazon Linux 2023, which all targets are, has 2.34
EPOCH = "315532800"  # 1980-01-01, the oldest day that a zip can say
SOURCE = ("lib", "setup.py", "pyproject.toml", "README.md", "LICENSE")
NO_TALK = ("--disable-pip-version-check", "--no-input")
QUIET = ("--quiet", *NO_TALK)
OURSELVES = ("--no-deps", "--no-index", "--no-build-isolation")  # with the setuptools of .venv


def build(clone: Path, folder: Path) -> Path:
    """Build our own wheel, from a copy: setuptools leaves things behind that would come along the next time."""
    with TemporaryDirectory(prefix="mart-wheel-") as copy:
        for name in SOURCE:
            _copy(clone / name, Path(copy) / name)
        _pip("wheel", *QUIET, *OURSELVES, "--wheel-dir", str(folder), copy)
    (wheel,) = folder.glob("product_mart-*.whl")
    return wheel


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    else:
        shutil.copy(source, to)


def fetch(wanted: Iterable[Pin], python: str, architecture: str, folder: Path, report: Report) -> None:
    """Get wheels that run on a target; `report` is told of each as its turn comes. Raises PackageError."""
    asked = folder / "requirements.txt"
    asked.write_text("".join(f"{pin.line()}\n" for pin in wanted))
    platforms = [f"--platform=manylinux_2_{minor}_{architecture}" for minor in reversed(GLIBC)]
    platforms += [f"--platform={old}_{architecture}" for old in ("manylinux2014", "manylinux1", "linux")]
    target = [f"--python-version={python}", "--implementation=cp", *platforms]
    locked = ["--no-deps", "--no-build-isolation", "--require-hashes", "--requirement", str(asked)]
    _pip("download", *NO_TALK, "--progress-bar=off", *target, *locked, "--dest", str(folder), report=report)
    asked.unlink()
    for source in sorted([*folder.glob("*.tar.gz"), *folder.glob("*.zip")]):
        _pure(source, f"Python {python} on {architecture}")


def _pure(source: Path, there: str) -> None:
    """Build a wheel of what was published as source alone. Raises PackageError for what is not Python alone."""
    with TemporaryDirectory(prefix="mart-wheel-") as built:
        _pip("wheel", *QUIET, *OURSELVES, "--wheel-dir", built, str(source))
        (wheel,) = Path(built).glob("*.whl")
        if not wheel.name.endswith("-none-any.whl"):
            raise PackageError(f"{source.name} was published without a wheel for {there}, and is not Python alone")
        shutil.copy(wheel, source.parent)
    source.unlink()


def _pip(*words: str, report: Report = lambda name: None) -> None:
    """Run pip; its last words are the message where it fails."""
    variables = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
    command = [sys.executable, "-m", "pip", *words]
    said: list[str] = []
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        for line in running.stdout or ():
            said.append(line)
            if line.startswith("Collecting "):
                report(line.split()[1])
    if running.returncode:
        raise PackageError(f"pip {words[0]} failed: {''.join(said[-3:]).strip()}")
