"""Symlink manifests: the names of a Delta table's active files, as Redshift Spectrum reads them.

In: a table of the lake. Out: `_symlink_format_manifest/[partition/]manifest` below it, one address a line. Only what differs is
written, each manifest whole or not at all, and those of partitions that are gone are deleted. A reader sees one version per
partition, not per table: that is all that manifests can do.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
from deltalake import DeltaTable
from pyarrow import fs

from mart.edges import delta, storage
from mart.schema import Table
from mart.schema.glue import NOBODY, SYMLINKS
from mart.settings import Settings

Values = tuple[str | None, ...]


class ManifestError(RuntimeError):
    """A table of which a list of files says too little; the message says what to do."""


@dataclass(frozen=True)
class Manifests:
    """The manifests of one table as they are now, and what was done for it."""

    folders: dict[
        str, Values
    ]  # below the manifests: the partition's folder and values; "" for a table without partitions
    written: int
    removed: int


def location(settings: Settings, table: Table) -> str:
    """Give a table's address as AWS spells it: s3://bucket/key, or file:///path on this machine."""
    place = f"{settings.lake}/{table.path}"
    scheme, _, path = place.rpartition("://")
    return f"{'s3' if scheme == 's3a' else scheme or 'file'}://{path}"


def write(settings: Settings, table: Table, dry: bool = False) -> Manifests:
    """Bring a table's manifests to its newest version; with `dry` only tell.

    Raises ManifestError for a table that does not exist yet, or whose files say more than their names can.
    """
    opened = _opened(settings, table)
    files, place = storage.find(settings, f"{settings.lake}/{table.path}/{SYMLINKS}")
    found = _found(opened, table)
    wanted = {_join(place, folder): _text(location(settings, table), paths) for folder, (_, paths) in found.items()}
    there = {file.path for file in files.get_file_info(_everything(place)) if file.is_file}
    changed = [path for path, text in wanted.items() if path not in there or _read(files, path) != text]
    gone = there - wanted.keys()
    if not dry:
        for path in changed:
            if isinstance(files, fs.LocalFileSystem):
                files.create_dir(path.rpartition("/")[0], recursive=True)
            storage.put(files, path, wanted[path])
        for path in gone:
            files.delete_file(path)
    return Manifests({folder: values for folder, (values, _) in found.items()}, len(changed), len(gone))


def _opened(settings: Settings, table: Table) -> DeltaTable:
    """Open a table that is its files alone: Spectrum sees neither rows that a vector deletes nor names that are mapped."""
    opened = delta.open_table(settings, table.path)
    if opened is None:
        raise ManifestError(f"{table.full_name} is not on the lake yet: run the job that writes it")
    protocol = opened.protocol()
    if protocol.min_reader_version > 1 or protocol.reader_features:
        asks = f"reader version {protocol.min_reader_version}, features {protocol.reader_features}"
        raise ManifestError(f"{table.full_name} asks for {asks}: no manifest can say that; write it anew without")
    return opened


def _found(opened: DeltaTable, table: Table) -> dict[str, tuple[Values, list[str]]]:
    """Gather the active files by partition: folder to values and paths below the table."""
    paths: dict[Values, list[str]] = defaultdict(list)
    for file in pa.table(opened.get_add_actions(flatten=True)).to_pylist():
        values = tuple(_value(file[f"partition.{name}"]) for name in table.partition)
        paths[values].append(unquote(file["path"]))  # the log holds addresses, the file system names
    if not table.partition:
        return {"": ((), paths[()])}  # a table without rows is read as one, not refused
    return {_folder(table, values): (values, sorted(names)) for values, names in paths.items()}


def _value(value: Any) -> str | None:  # noqa: ANN401 (whatever a partition is made of)
    return None if value is None else str(value)


def _folder(table: Table, values: Values) -> str:
    pairs = zip(table.partition, values, strict=True)
    return "/".join(f"{name}={NOBODY if value is None else quote(value, safe=' ')}" for name, value in pairs)


def _text(address: str, paths: list[str]) -> bytes:
    return "".join(f"{address}/{path}\n" for path in sorted(paths)).encode()


def _everything(place: str) -> fs.FileSelector:
    return fs.FileSelector(place, allow_not_found=True, recursive=True)


def _join(place: str, folder: str) -> str:
    return f"{place}/{folder}/manifest" if folder else f"{place}/manifest"


def _read(files: fs.FileSystem, path: str) -> bytes:
    with files.open_input_stream(path) as stream:
        return bytes(stream.read())
