"""What a packaged target is: of which commit, for which Python and processor, with which packages and files.

In: a target's folder. Out: its manifest.json, which is uploaded last: a release is whole where there is one.
"""

import hashlib
import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What is in a target's folder."""

    target: str
    version: str  # of mart
    commit: str  # of the clone; with -dirty where files differ from it
    python: str
    architecture: str
    packages: dict[str, str]
    files: dict[str, dict[str, Any]]  # name to sha256 and bytes

    @property
    def jars(self) -> list[str]:
        """List the connector jars."""
        return [name for name in self.files if name.startswith("jars/")]

    @property
    def bytes(self) -> int:
        """Add up the files."""
        return sum(int(file["bytes"]) for file in self.files.values())

    def write(self, folder: Path) -> None:
        (folder / NAME).write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")


def read(text: str | bytes) -> Manifest:
    """Read a manifest."""
    return Manifest(**json.loads(text))


def files(folder: Path) -> dict[str, dict[str, Any]]:
    """Describe the files of a folder, in order."""
    found = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != NAME)
    return {str(file.relative_to(folder)): _described(file) for file in found}


def commit(clone: Path) -> str:
    """Name the commit of a clone, as far as git knows."""
    told = subprocess.run(
        ["git", "-C", str(clone), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or "unknown"


def _described(file: Path) -> dict[str, Any]:
    with file.open("rb") as content:
        return {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(content, "sha256").hexdigest()}
