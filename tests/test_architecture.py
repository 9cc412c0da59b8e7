"""The house of DESIGN.md section 2, held by the syntax trees: who may import whom, what a view may not do, who writes what.

Standard library only, besides the catalogue: these tests say what a newcomer may rely on before reading anything else.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from mart import tables
from mart.schema import Table
from mart.tables import CATALOGUE, FOLDABLE

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "mart"

# Each room may import the rooms named, itself, and the standard library's and other people's packages that are not fenced.
MAY_IMPORT = {
    "schema": set(),
    "tables": {"schema"},
    "settings": set(),
    "views": {"schema", "tables", "settings"},
    "models": {"schema", "tables", "settings"},
    "edges": {"schema", "tables", "settings"},
    "delivery": {
        "schema",
        "tables",
        "settings",
        "views",
        "models",
        "edges",
        "job",
        "reporting",
        "sightings",
        "__init__",
    },
    "verify": {"schema", "tables", "settings", "views", "models", "edges", "delivery", "publish"},
    "publish": {"schema", "tables", "settings", "views", "edges"},
    "requeue": {"schema", "tables", "settings", "edges"},
    "register": {"schema", "tables", "settings", "edges"},
    "sightings": {"schema", "tables", "settings"},
    "rates": {"schema", "tables", "settings"},
    "cron": set(),
    "crawls": {"settings"},
    "schedule": {"crawls", "cron", "edges", "settings"},
    "rules": {"cron", "edges", "schedule", "settings"},
    "scraping": {"crawls", "edges", "settings"},
    "staging": {"schema", "tables", "settings", "sightings", "edges", "publish"},
    "refine": {"schema", "tables", "settings", "views", "models", "edges", "publish"},
    "deploying": {"settings", "edges"},
    "packaging": {"settings", "edges", "__init__"},
    "submit": {"settings", "edges", "packaging", "finding"},
    "job": {"edges", "faults", "settings", "reporting"},
    "reporting": {"settings", "edges", "__init__"},
    "watch": {"schema", "tables", "settings", "edges", "crawls"},
    "api": {"activity", "edges", "experiments", "models", "recommendation_id", "schema", "settings", "tables", "watch"},
    "activity": {"schema", "tables", "settings", "views"},
    "recommendation_id": {"tables"},
    "experiments": {"recommendation_id", "edges", "tables", "settings"},
    "evaluation": {"schema", "tables", "settings", "models", "edges", "replay"},
    "gate": {"models", "settings"},
    "release": {"settings", "edges", "gate", "models"},
    "charts": set(),
    "dashboard": {"schema", "tables", "settings", "edges", "experiments", "charts"},
    "notebooks": {
        "schema",
        "tables",
        "settings",
        "edges",
        "charts",
        "evaluation",
        "models",
        "gate",
        "release",
        "__init__",
    },
    "bi": {"schema", "tables", "settings", "edges"},
    "training": {"tables", "settings", "views", "models", "edges", "gate", "__init__"},
}
# Outside packages that only these rooms may know.
FENCED = {
    "pyspark": {
        "schema/spark.py",
        "views",
        "models",
        "edges",
        "delivery",
        "verify",
        "publish",
        "refine",
        "training",
        "job",
        "local/demo",
    },
    "delta": {"edges"},
    "deltalake": {"edges", "verify/warehouse.py"},
    "confluent_kafka": {"edges"},
    "snowflake": {"edges", "local/snowflake.py", "local/fakesnow_mended.py"},
    "mlflow": {"edges", "local/mlflow_app.py"},
    "boto3": {"edges", "local/aws.py", "settings/source.py"},
    "streamlit": {"dashboard"},
    "altair": {"charts", "dashboard", "notebooks"},
    "IPython": {"notebooks"},
}
WRITES = {"append", "overwrite", "merge"}
ACTIONS = {
    "collect", "count", "first", "head", "take", "show", "toPandas", "toLocalIterator", "foreach", "foreachPartition",
    "isEmpty", "persist", "cache", "unpersist", "checkpoint", "localCheckpoint", "write", "writeStream", "writeTo",
    "createDataFrame", "sparkSession", "read", "readStream", "udf", "pandas_udf",
}  # fmt: skip
ON_FUNCTIONS = {"count", "first"}  # F.count is an expression, frame.count() an action


def modules(*places: Path) -> list[Path]:
    return sorted(file for place in places for file in ([place] if place.suffix else place.rglob("*.py")))


def place(file: Path) -> str:
    """Name a file as the tables above do: lib/mart/edges/lake.py is edges/lake.py."""
    return str(file.relative_to(LIB))


def room(file: Path) -> str:
    return file.relative_to(LIB).parts[0].removesuffix(".py")


def imports(file: Path) -> Iterator[str]:
    """List the modules that a file imports, wherever in the file; `from mart import job` is mart.job."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "mart":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the direction"
            yield node.module or ""


def mart_rooms(file: Path) -> set[str]:
    found = {name.split(".")[1] for name in imports(file) if name.startswith("mart.")}
    return {"__init__" if name == "__version__" else name for name in found} - {room(file)}


@pytest.mark.parametrize("file", [f for f in modules(LIB) if room(f) in MAY_IMPORT], ids=place)
def test_imports_go_one_way(file: Path) -> None:
    strange = mart_rooms(file) - MAY_IMPORT[room(file)]
    assert not strange, f"{place(file)} imports {', '.join(sorted(strange))}; {room(file)} may not"


def test_the_schema_and_the_tables_need_the_standard_library_only() -> None:
    """A Lambda, a spider or a test reads a declaration without Spark. schema/spark.py alone knows Spark's types."""
    for file in modules(LIB / "schema", LIB / "tables"):
        outside = {name.split(".")[0] for name in imports(file)} - set(sys.stdlib_module_names) - {"mart"}
        assert outside == ({"pyspark"} if place(file) == "schema/spark.py" else set()), place(file)


@pytest.mark.parametrize("package", FENCED)
def test_an_outside_system_is_known_in_its_own_rooms_only(package: str) -> None:
    allowed = FENCED[package]
    knows = {place(file) for file in modules(LIB) if package in {name.split(".")[0] for name in imports(file)}}
    strange = {
        name for name in knows if not any(name == one or name.startswith((f"{one}/", f"{one}.")) for one in allowed)
    }
    assert not strange


# A job of Spark, and one that AWS Lambda calls.
ENTRIES = {"main": ["spark", "settings", "options"], "handler": ["event", "context"]}


@pytest.mark.parametrize("file", modules(ROOT / "jobs"), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_job_is_small_and_imports_no_job(file: Path) -> None:
    assert not [name for name in imports(file) if name.startswith(("jobs", "mart.cli", "mart.local"))]
    tree = ast.parse(file.read_text())
    (main,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in ENTRIES]
    assert [argument.arg for argument in main.args.args] == ENTRIES[main.name]
    assert ast.get_docstring(tree), "a job says which layer it serves and what it does"


@pytest.mark.parametrize("file", modules(LIB / "views"), ids=lambda file: file.stem)
def test_a_view_does_no_io_starts_nothing_and_reads_no_clock(file: Path) -> None:
    tree = ast.parse(file.read_text())
    outside = {name for name in imports(file) if not name.startswith(("pyspark.sql", "mart.", "collections.abc"))}
    assert outside <= {"functools", "re", "typing"}, f"a view needs no {outside}"
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"SparkSession", "open", "print", "spark"}
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for called in (call for call in calls if isinstance(call, ast.Attribute)):
        on_functions = isinstance(called.value, ast.Name) and called.value.id == "F"
        assert called.attr not in ACTIONS - (ON_FUNCTIONS if on_functions else set()), f"{file.name}: {called.attr}"
        assert called.attr not in {"current_timestamp", "current_date", "now", "today", "localtimestamp"}, file.name


# Who writes which table. The live job is the union of the streaming jobs and of the part of serving/merge that is cheap:
# it runs instead of them, and a frontier in each commit keeps a second writer from doing twice what has been done.
WRITER = {
    "landing.activity": "streaming/ingest_activity",
    "processed.events": "streaming/ingest_activity",
    "processed.enriched_events": "streaming/enrich",
    "processed.products": "batch/products",
    **{table.at("batch").full_name: "batch/views" for table in FOLDABLE},
    **{table.at("speed").full_name: "streaming/speed_views" for table in FOLDABLE},
    **{table.at("serving").full_name: "serving/merge" for table in FOLDABLE},
    "batch.user_factors": "batch/train_als",
    "batch.item_factors": "batch/train_als",
    "serving.recommendations": "serving/recommendations",
    "speed.user_factors": "streaming/fold_in",
    "speed.item_factors": "streaming/fold_in",
    "speed.recommendations": "streaming/fold_in",
    "landing.offers": "streaming/ingest_offers",
    "processed.offers": "streaming/ingest_offers",
    "processed.reviews": "streaming/ingest_offers",
    "processed.rates": "batch/rates",
    "processed.enriched_offers": "batch/refine_offers",
    "serving.products_sold": "batch/refine_offers",
    "serving.current_offers": "batch/refine_offers",
    "serving.price_history": "batch/refine_offers",
    "serving.own_products": "batch/refine_offers",
    "serving.market": "batch/refine_offers",
    "serving.alerts": "streaming/offer_alerts",
    "speed.offer_states": "streaming/offer_alerts",
}
WRITING_MODULES = {
    "delivery/ingest.py": {"streaming/ingest_activity", "streaming/ingest_offers", "streaming/live"},
    "delivery/intake.py": {"streaming/ingest_activity", "streaming/ingest_offers", "streaming/live"},
    "delivery/offer_alerts.py": {"streaming/offer_alerts"},
    "delivery/follow.py": {"streaming/speed_views", "streaming/live"},
    "delivery/enrich.py": {"streaming/enrich"},
    "delivery/fold_in.py": {"streaming/fold_in"},
    "delivery/layers.py": {"batch/views", "serving/merge", "streaming/live"},
    "refine/market.py": {"batch/refine_offers"},
}


def writes(file: Path) -> bool:
    calls = [node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    on_lake = (
        c for c in calls if isinstance(c, ast.Attribute) and isinstance(c.value, ast.Name) and c.value.id == "lake"
    )
    return any(call.attr in WRITES for call in on_lake)


def test_every_table_of_the_catalogue_has_one_writer_and_every_writer_is_a_job() -> None:
    assert {table.full_name for table in CATALOGUE} == set(WRITER)
    names = {f"{file.parent.name}/{file.stem}" for file in modules(ROOT / "jobs")}
    assert set(WRITER.values()) <= names
    assert {job for jobs in WRITING_MODULES.values() for job in jobs} <= names


def test_only_delivery_refine_and_jobs_write_to_the_lake_and_each_through_its_own_door() -> None:
    writing = {place(file) for file in modules(LIB) if writes(file)}
    assert writing == set(WRITING_MODULES)
    jobs = {f"{file.parent.name}/{file.stem}": file for file in modules(ROOT / "jobs")}
    opened = defaultdict(set)
    for name, file in jobs.items():
        for module in _reachable(file):
            opened[module].add(name)
    for module, allowed in WRITING_MODULES.items():
        assert allowed <= opened[module], f"{module}: {allowed - opened[module]} no longer write through it"
    direct = {name for name, file in jobs.items() if writes(file)}
    assert direct == {"batch/products", "batch/rates", "batch/train_als", "serving/recommendations"}
    for name in direct:
        written = _tables_named(jobs[name])
        assert {table for table, writer in WRITER.items() if writer == name} <= written


def _reachable(file: Path) -> set[str]:
    """The modules of delivery and refine that a file imports, itself or through others of them."""
    seen: set[str] = set()
    waiting = [file]
    while waiting:
        tree = ast.parse(waiting.pop().read_text())
        froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
        named = {f"{n.module}.{alias.name}" for n in froms for alias in n.names} | {str(n.module) for n in froms}
        for name in named:
            module = LIB / f"{'/'.join(name.split('.')[1:3])}.py"
            if name.startswith(("mart.delivery.", "mart.refine.")) and module.exists() and place(module) not in seen:
                seen.add(place(module))
                waiting.append(module)
    return seen


def _tables_named(file: Path) -> set[str]:
    """The catalogue's tables that a file mentions by their constants."""
    names = {node.id for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Name)}
    constants = {name: value for name, value in vars(tables).items() if isinstance(value, Table)}
    return {constants[name].full_name for name in names & constants.keys()}


@pytest.mark.parametrize("table", CATALOGUE, ids=lambda table: table.full_name)
def test_every_table_and_column_says_what_it_is(table: Table) -> None:
    assert table.doc.endswith("."), table.full_name
    assert table.key, f"{table.full_name} needs a key"
    for column in table.columns:
        assert column.doc[:1].isupper(), f"{table.full_name}.{column.name}: a sentence"
        assert column.doc.endswith("."), f"{table.full_name}.{column.name}: a sentence ends"
    counted = [c for c in table.columns if c.fold and c.fold.name == "sum" and c.type.spark in ("BIGINT", "INT")]
    assert [c.name for c in counted if "[" not in c.doc] == [], "a count says what it counts"


def test_nobody_catches_everything_and_goes_on() -> None:
    """A bare `except` hides a fault; where all of them are meant, a comment beside `noqa: BLE001` says why."""
    for file in modules(LIB, ROOT / "jobs"):
        for node in ast.walk(ast.parse(file.read_text())):
            assert not (isinstance(node, ast.ExceptHandler) and node.type is None), file


def test_scrapers_know_tables_and_the_broker_only() -> None:
    """A spider or a Lambda starts without Spark, and a page never fetches."""
    for file in modules(ROOT / "scrapers"):
        named = set(imports(file))
        assert not [
            name
            for name in named
            if name.startswith("mart.")
            and not name.startswith(
                (
                    "mart.tables",
                    "mart.schema",
                    "mart.settings",
                    "mart.sightings",
                    "mart.edges.kafka",
                    "mart.edges.producing",
                    "mart.__version__",
                )
            )
        ], file
        assert not {name.split(".")[0] for name in named} & {"pyspark", "delta", "snowflake", "mlflow"}, file
    for file in modules(ROOT / "scrapers" / "pages"):
        assert not {name.split(".")[0] for name in imports(file)} & {
            "requests",
            "urllib3",
            "httpx",
            "scrapy",
            "socket",
        }, file
