"""Reports of jobs: a small JSON file for each job on the lake, written by the job itself while it is at work.

In: a job's name and a document. Out: the documents of all jobs. A file is whole at any time, has one writer, and lies where every
machine can read it; no process has to be found and asked.
"""

import json
from typing import Any

from pyarrow import fs

from mart.edges import storage
from mart.settings import Settings

FOLDER = "ops/jobs"

Document = dict[str, Any]


def write(settings: Settings, job: str, document: Document) -> None:
    """Put a job's report in place of the one before."""
    files, folder = _folder(settings)
    storage.put(files, f"{folder}/{_file(job)}", json.dumps(document).encode())


def read(settings: Settings, job: str) -> Document | None:
    """Read a job's report; None where it has written none."""
    files, folder = _folder(settings)
    return _parsed(storage.read(files, f"{folder}/{_file(job)}"))


def read_all(settings: Settings) -> dict[str, Document]:
    """Read the reports of all jobs, by name."""
    files, folder = _folder(settings)
    listed = files.get_file_info(fs.FileSelector(folder, allow_not_found=True))
    paths = [one.path for one in listed if one.path.endswith(".json")]
    found = (_parsed(storage.read(files, path)) for path in sorted(paths))
    return {one["job"]: one for one in found if one}


def _file(job: str) -> str:
    return f"{job.replace('/', '.')}.json"


def _folder(settings: Settings) -> tuple[fs.FileSystem, str]:
    files, path = storage.find(settings, settings.lake)
    return files, f"{path}/{FOLDER}"


def _parsed(text: bytes | None) -> Document | None:
    found: Document | None = json.loads(text) if text else None
    return found
