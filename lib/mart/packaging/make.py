"""One target made from the clone, whole or not at all.

In: a target, a processor. Out: its folder, and the manifest in it.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement

from mart import __version__
from mart.packaging import PackageError, manifest, wheels
from mart.packaging.layouts import Parts, packages
from mart.packaging.lock import Machine, Pin, closure, lacking, machine, needed, of_wheel, pins
from mart.packaging.manifest import Manifest
from mart.packaging.targets import OURS, Target

Report = Callable[[str, int], None]  # what is at hand, and how many packages there are


def wanted(target: Target, clone: Path, ours: Path, there: Machine) -> list[Pin]:
    """Find the pins of a target, from its own list and from what our wheel says. Raises PackageError."""
    locked = pins((clone / "requirements.lock").read_text(), there)
    asked = [Requirement(name) for name in target.needs if name != OURS]
    if OURS in target.needs:
        asked += needed(of_wheel(ours), there)
    return [*closure(asked, locked, there), *(locked[name] for name in target.alone)]


def make(target: Target, clone: Path, out: Path, architecture: str, report: Report) -> Manifest:
    """Make a target's folder anew. Raises PackageError, and leaves the old folder then."""
    if not (clone / "requirements.lock").is_file():
        raise PackageError(f"{clone} is no clone of Product-Mart: package from one")
    there = machine(target.python, architecture)
    with TemporaryDirectory(prefix="mart-package-") as work:
        ours = wheels.build(clone, Path(work))
        pinned = wanted(target, clone, ours, there)
        wheels.fetch(pinned, target.python, architecture, Path(work), lambda name: report(name, len(pinned)))
        parts = Parts(
            clone, out / f".{target.name}" / target.name, target.python, _whole(target, work, there), jars(clone)
        )
        shutil.rmtree(parts.folder.parent, ignore_errors=True)
        parts.folder.mkdir(parents=True)
        target.lay(parts)
        made = _manifest(target, parts, architecture)
    made.write(parts.folder)
    _replace(out / target.name, parts.folder)
    return made


def jars(clone: Path) -> tuple[Path, ...]:
    """List the jars that `make env` has fetched and a cluster lacks: Delta's are its own. Raises PackageError."""
    found = sorted((clone / ".jars" / "spark").glob("*.jar"))
    if not found:
        raise PackageError("there are no connector jars: run `make env`")
    return tuple(jar for jar in found if not jar.name.startswith("delta-"))


def _whole(target: Target, work: str, there: Machine) -> tuple[Path, ...]:
    """List the wheels that have been fetched. Raises PackageError where one lacks what it needs on the target."""
    found = tuple(sorted(Path(work).glob("*.whl")))
    # A function takes some of our modules, and only what these need.
    others = target.alone if OURS in target.needs else (OURS, *target.alone)
    if missing := lacking(found, others, there):
        raise PackageError(f"{target.name} would not run: {'; '.join(missing)}")
    return found


def _manifest(target: Target, parts: Parts, architecture: str) -> Manifest:
    return Manifest(
        target=target.name,
        version=__version__,
        commit=manifest.commit(parts.clone),
        python=target.python,
        architecture=architecture,
        packages=packages(parts.wheels),
        files=manifest.files(parts.folder),
    )


def _replace(old: Path, new: Path) -> None:
    shutil.rmtree(old, ignore_errors=True)
    new.rename(old)
    new.parent.rmdir()
