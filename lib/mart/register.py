"""Register the lake's tables, and a crawler of Snowflake's, in the AWS Glue Data Catalog, with manifests for Redshift Spectrum.

In: what is on the lake and in the declarations. Out: a `Change` for each thing, also for what is as it should be. It may be
killed and run again at any point: each step brings one thing to what is wanted.
"""

from collections.abc import Iterator, Sequence

from mart.edges import delta, glue, manifests, snowflake
from mart.edges.glue import Change, DataCatalog, What
from mart.schema import Table
from mart.schema import glue as definitions
from mart.settings import Glue, Settings
from mart.tables import CATALOGUE

LAYERS = ("processed", "serving")


def registered(settings: Settings) -> list[Table]:
    """List the tables that are for others to read and that exist on the lake."""
    return [table for table in CATALOGUE if table.layer in LAYERS and delta.standing(settings, table)]


def left_out(settings: Settings, place: Glue) -> dict[str, str]:
    """Say what is not registered, and why."""
    absent = {table.full_name for table in CATALOGUE if table.layer in LAYERS}
    absent -= {table.full_name for table in registered(settings)}
    why = dict.fromkeys(sorted(absent), "is not on the lake yet")
    lacks = _lacks(settings, place)
    return why | ({"the crawler of Snowflake": f"needs {', '.join(lacks)} in the settings"} if lacks else {})


def _lacks(settings: Settings, place: Glue) -> list[str]:
    needs = {
        "glue.crawler_role": bool(place.crawler_role),
        "glue.snowflake_secret": bool(place.snowflake_secret),
        "snowflake.account": snowflake.configured(settings),
    }
    return [name for name, given in needs.items() if not given]


def register(settings: Settings, place: Glue, spectrum: bool = True, dry: bool = False) -> Iterator[Change]:
    """Bring the Data Catalog to what is on the lake; with `dry` only tell. Raises AwsError and ManifestError."""
    there = DataCatalog(settings.aws, dry)
    yield there.database({"Name": place.database, "Description": "What shoppers do and what the market sells."})
    for table in registered(settings):
        yield there.table(place.database, definitions.delta_table(table, manifests.location(settings, table)))
        if spectrum:
            yield from _spectrum(there, settings, place, table, dry)
    if not _lacks(settings, place):
        yield there.connection(glue.snowflake_connection(place, settings.snowflake))
        yield there.crawler(glue.snowflake_crawler(place, settings.snowflake))


def _spectrum(there: DataCatalog, settings: Settings, place: Glue, table: Table, dry: bool) -> Iterator[Change]:
    """Write manifests first: a partition is registered when its manifest can be read."""
    location = manifests.location(settings, table)
    made = manifests.write(settings, table, dry)
    counts: Sequence[tuple[What, int]] = (("updated", made.written), ("removed", made.removed))
    yield from (Change("manifests", table.full_name, what, count) for what, count in counts if count)
    yield there.table(place.database, definitions.spectrum_table(table, location))
    if table.partition:
        folders = made.folders.items()
        wanted = [definitions.spectrum_partition(table, location, folder, values) for folder, values in folders]
        yield from there.partitions(place.database, definitions.spectrum_name(table), wanted)
