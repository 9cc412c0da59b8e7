"""A version's factors out of the lake, without Spark: as arrays, and as files that other tools load.

In: batch.user_factors and batch.item_factors. Out: float32 matrices with their ids; on export Parquet (id, factors), one npz
with both, and model.json, which says what the numbers mean.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mart.edges import delta
from mart.edges.registry import Released
from mart.schema import Table
from mart.settings import Settings
from mart.tables import ITEM_FACTORS, USER_FACTORS

SIDES = {"user": USER_FACTORS, "item": ITEM_FACTORS}


class NoFactors(LookupError):
    """The lake does not hold the factors of a version."""


class NotEmpty(RuntimeError):
    """A folder that is to be made new holds something already."""


@dataclass(frozen=True)
class Factors:
    """One side of a model: ids (rows), and where each lies: factors (rows, rank)."""

    ids: pa.StringArray
    factors: NDArray[np.float32]


def there(settings: Settings, version: str) -> bool:
    """Say whether the lake holds both sides of a version: a training that was killed leaves one or none."""
    return all(
        rows is not None and rows.count_rows() > 0 for rows in (_rows(settings, t, version) for t in SIDES.values())
    )


def read(settings: Settings, table: Table, version: str) -> Factors:
    """Read one side, in order of id. Raises NoFactors."""
    rows = _rows(settings, table, version)
    found = rows.to_table([table.key[0], "factors"]).sort_by(table.key[0]) if rows is not None else None
    if found is None or not len(found):
        raise NoFactors(f"{table.full_name} holds no factors of version {version}: run batch/train_als")
    ids, lists = found.column(0).combine_chunks().cast(pa.string()), found.column(1).combine_chunks()
    return Factors(ids, np.asarray(lists.flatten(), np.float32).reshape(len(ids), -1))


def export(settings: Settings, released: Released, folder: Path) -> list[Path]:
    """Write both sides of a version into a new folder; it is there whole or not at all. Raises NoFactors, NotEmpty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotEmpty(f"{folder} is there already and not empty: name a new folder")
    sides = {side: read(settings, table, released.version) for side, table in SIDES.items()}
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    _write(part, sides, released)
    if folder.exists():
        folder.rmdir()
    part.rename(folder)
    return sorted(folder.iterdir())


def _write(folder: Path, sides: dict[str, Factors], released: Released) -> None:
    arrays: dict[str, NDArray[np.generic]] = {}
    for side, one in sides.items():
        key = SIDES[side].key[0]
        lists = pa.FixedSizeListArray.from_arrays(pa.array(one.factors.ravel()), one.factors.shape[1])
        pq.write_table(pa.table({key: one.ids, "factors": lists}), folder / f"{side}_factors.parquet")
        arrays |= {f"{key}s": np.asarray(one.ids.to_pylist(), np.str_), f"{side}_factors": one.factors}
    np.savez_compressed(folder / "factors.npz", **arrays)  # type: ignore[arg-type]
    about = {"version": released.version, "made_from_version": released.made_from, "now": released.now.isoformat()}
    counts = {key: len(one.ids) for key, one in zip(("shoppers", "products"), sides.values(), strict=True)}
    (folder / "model.json").write_text(json.dumps(about | counts | {"als": released.als.model_dump()}, indent=2) + "\n")


def _rows(settings: Settings, table: Table, version: str) -> ds.Dataset | None:
    rows = delta.scan(settings, table.path)
    return None if rows is None else rows.filter(ds.field("model_version") == version)
