"""The four notebooks, run by a kernel of Jupyter over real lakes: what they show is what is true, and readable."""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from pyspark.sql import SparkSession

from mart.cli import main
from mart.edges import factors, registry, tracking, trials
from mart.local.demoshop.market import Market
from mart.notebooks import comparing, examples
from mart.notebooks.book import Book
from mart.settings import Settings
from mart.tables import ALERTS, ITEM_FACTORS, USER_FACTORS
from tests.notebooks.conftest import BAD, generated
from tests.notebooks.running import FILES, FOLDER, Run, run

pytestmark = pytest.mark.timeout(900)  # whoever is first waits for two trainings by Spark

NAMES = ("explore_activity", "model_review", "price_analysis", "train_and_compare")
TRIED = {"as set": {}, "alpha 2": {"alpha": 2.0}}


@pytest.fixture(scope="session")
def explored(demo: Settings) -> Run:
    return run("explore_activity", demo.home)


@pytest.fixture(scope="session")
def priced(demo: Settings) -> Run:
    return run("price_analysis", demo.home)


@pytest.fixture(scope="session")
def reviewed(trained: Settings) -> Run:
    return run("model_review", trained.home, {"MART_REVIEWER": "Ada"}, ATTACH=True)


@pytest.fixture(scope="session")
def compared(trained: Settings) -> Run:
    return run("train_and_compare", trained.home, CONFIGURATIONS=TRIED)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_committed_holds_no_outputs_and_nothing_of_a_machine(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    assert tuple(one.stem for one in FILES) == NAMES
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}, "a version would change with who saved it"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.metadata for cell in code] == [{"tags": ["parameters"]}, *({} for _ in code[1:])]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert not any(place in file.read_text() for place in ("/home/", "/tmp/", "/Users/", "/work/", "/root/"))
    assert max(len(cell.source.splitlines()) for cell in code) <= 14


@pytest.mark.parametrize("name", ["explored", "priced", "reviewed", "compared"])
def test_every_chart_says_what_it_shows_and_each_axis_what_it_counts(name: str, request: pytest.FixtureRequest) -> None:
    charts = request.getfixturevalue(name).charts
    assert len(charts) >= 3
    for title, chart in charts.items():
        assert title
        assert chart["width"] >= 600
        layers = chart.get("layer", [chart])
        for axis in ("x", "y"):
            named = [layer["encoding"][axis].get("title") for layer in layers if axis in layer["encoding"]]
            assert any(named), f"{title}: {axis}"


def test_explore_activity_counts_what_the_generator_knows(demo: Settings, explored: Run) -> None:
    truth = json.loads((demo.home / "generated" / "truth.json").read_text())
    became = {row["became"]: int(row["records"].replace(",", "")) for row in explored.tables[0]}
    rejects = {f"reject: {reason}": count for reason, count in truth["rejects_by_reason"].items()}
    assert became == {"event": truth["events"], "duplicate": truth["duplicates"]} | rejects

    by_act: Counter[str] = Counter()
    for row in explored.rows("Activity by day"):
        by_act[row["act"]] += row["events"]
    popularity = _truth(demo, "popularity")
    acts = {"views": "views", "cart adds": "cart_adds", "purchases": "purchases"}
    assert by_act == {act: sum(row[column] for row in popularity) for act, column in acts.items()}

    funnel: dict[str, Counter[str]] = defaultdict(Counter)
    for row in _truth(demo, "funnel"):
        funnel[row["category"]].update(views=row["views"], purchases=row["purchases"])
    shown = explored.rows("Conversion by category")
    assert [row["category"] for row in shown] == sorted(funnel, key=lambda one: (-funnel[one]["views"], one))[:15]
    assert all(row["share"] == funnel[row["category"]]["purchases"] / row["views"] for row in shown)


def test_explore_activity_tells_heavy_shoppers_from_light_ones_and_who_returned(demo: Settings, explored: Run) -> None:
    made: Counter[str] = Counter()
    for row in _truth(demo, "interactions"):
        made[row["user_id"]] += row["views"] + row["cart_adds"] + row["purchases"]
    tenths = explored.rows("Heavy and light shoppers")
    assert sum(row["shoppers"] for row in tenths) == len(made)
    most = sorted(made.values(), reverse=True)[: tenths[0]["shoppers"]]
    assert tenths[0]["share"] == pytest.approx(sum(most) / made.total())
    assert tenths[0]["least"] == most[-1]

    days = defaultdict(set)
    for event in generated(demo):
        days[event["user_id"]].add(event["event_day"])
    del days[None]  # visits without an account
    returned = Counter(map(len, days.values()))
    assert {row["days"]: row["shoppers"] for row in explored.rows("How often shoppers return")} == returned


def test_explore_activity_asks_spark_the_same(
    spark: SparkSession, demo: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cell runs in this process: a kernel would start a second Spark."""
    cell = nbformat.read(FOLDER / "explore_activity.ipynb", as_version=4).cells[-1]
    exec(cell.source, {"SPARK": True, "book": Book(demo, "")})
    printed = capsys.readouterr().out
    sales = _truth(demo, "sales")
    for column in ("quantity", "order_lines"):
        assert str(sum(row[column] for row in sales)) in printed


def test_price_analysis_shows_the_market_of_the_demo_shops(demo: Settings, priced: Run) -> None:
    offers = Market().truth(1)
    shops = Counter(one["shop"] for one in offers)
    cheapest = {row["shop"]: row["cheapest"] for row in priced.rows("Who is cheapest")}
    assert {row["shop"]: row["offers"] for row in priced.rows("Who is cheapest")} == shops
    alone = list(Book(demo, "").ask("SELECT * FROM serving.market WHERE offers < 2").to_dict("records"))
    assert sum(cheapest.values()) == len({one["product"] for one in offers}) - len(alone)

    kinds = Counter(Book(demo, "").ask(f"SELECT kind FROM {ALERTS.full_name}")["kind"])
    assert {row["kind"]: row["alerts"] for row in priced.rows("What changed")} == kinds
    products = priced.rows("Our prices on the market")
    assert len(products) == 20
    assert [row["above"] for row in products] == sorted((row["above"] for row in products), reverse=True)
    assert {row["name"] for row in priced.rows("Level of each shop")} == shops.keys()
    assert all(row["low"] <= row["middle"] <= row["high"] for row in priced.rows("Spread by category"))
    assert len({(row["shop"], row["price"]) for row in priced.rows("Price by shop")}) > len(shops), "one that moved"


def test_train_and_compare_says_what_mart_evaluate_says(trained: Settings, compared: Run) -> None:
    asked = comparing.question(Book(trained, ""), 0.2)
    assert asked
    words = ["--protocol", "time-split", "--format", "lake", "--cut", f"{asked.cut:%Y-%m-%dT%H:%M:%S}", "--json"]
    peers = ["--models", "popularity,item_item_cosine,ease", "--home", str(trained.home)]
    told = json.loads(CliRunner().invoke(main, ["evaluate", *words, *peers]).stdout)
    shown = {row["name"]: row for row in compared.rows("Recommenders")}
    assert shown.keys() == {"implicit_als", "popularity", "item_item_cosine", "ease"}
    for row in told["rows"]:
        ours = shown[row["model"]]
        assert [ours["low"], ours["middle"], ours["high"]] == [
            row[name] for name in ("ndcg@10_low", "ndcg@10", "ndcg@10_high")
        ]
        segments = {one["segment"]: one["value"] for one in compared.rows("For whom") if one["who"] == row["model"]}
        assert segments == {name: of["ndcg@10"] for name, of in row["segments"].items() if "ndcg@10" in of}
    assert f"{told['shoppers']} shoppers" in compared.said[1]
    assert compared.said[-1].startswith("implicit_als has ndcg@10")


def test_train_and_compare_keeps_each_configuration_once_and_releases_nothing(trained: Settings, compared: Run) -> None:
    tried = {row["name"]: row["middle"] for row in compared.rows("Configurations")}
    assert tried.keys() == TRIED.keys()
    book = Book(trained, "")
    asked = comparing.question(book, 0.2)
    chosen = comparing.configurations(Settings.read(home=trained.home).als, TRIED)
    again = comparing.tried(book, asked, chosen)
    assert dict(zip(again["name"], again["middle"], strict=True)) == tried
    client = tracking.connect(trained)
    runs = client.search_runs([tracking.experiment(client, trained)], f"tags.`{trials.TRIAL}` != ''")
    assert {run.data.params["name"]: run.data.metrics["score"] for run in runs} == pytest.approx(tried)
    assert len(runs) == len(tried)
    assert [one.aliases for one in registry.versions(trained)] == [("challenger",), ("champion",)]


def test_the_record_of_a_review_names_both_versions_and_says_what_the_gate_says(
    trained: Settings, reviewed: Run
) -> None:
    gate = json.loads(
        CliRunner().invoke(main, ["models", "explain-gate", "2", "--json", "--home", str(trained.home)]).stdout
    )
    failed = ", ".join(check["name"] for check in gate["checks"] if not check["passed"])
    assert failed
    (file,) = (trained.home / "reviews").glob("*-version-2.md")
    record = file.read_text()
    for line in (
        "| version | 2 |",
        "| beside the champion | version 1 |",
        f"| gate | failed: {failed} |",
        "| by | Ada |",
    ):
        assert line in record
    for check in gate["checks"]:
        assert f"| {check['name']} | {'passed' if check['passed'] else 'FAILED'} | {check['said']} |" in record
    shown = [(row["check"], row["verdict"], row["found"]) for row in reviewed.tables[1]]
    assert shown == [(one["name"], "passed" if one["passed"] else "FAILED", one["said"]) for one in gate["checks"]]

    version = registry.get(trained, "2")
    (tag,) = [json.loads(value) for key, value in version.tags.items() if key.startswith("review.")]
    assert (tag["who"], tag["against"], tag["gate"]) == ("Ada", ["1"], f"failed: {failed}")
    assert _artifact(trained, version.run_id, tag["file"]) == record
    assert registry.released(trained) == registry.released(trained, "1"), "nothing is promoted"


def test_a_review_draws_the_figures_of_the_gate(trained: Settings, reviewed: Run) -> None:
    gate = json.loads(
        CliRunner().invoke(main, ["models", "explain-gate", "2", "--json", "--home", str(trained.home)]).stdout
    )
    figures = {one["name"].removeprefix("segment "): one["figures"] for one in gate["checks"]}
    drawn = {row["name"]: row for row in reviewed.rows("Better or worse")}
    assert drawn["all, beside version 1"]["middle"] == figures["champion"]["difference"]
    assert drawn["heavy shoppers"]["low"] == figures["heavy shoppers"]["low"]
    values = {(row["segment"], row["who"]): row["value"] for row in reviewed.rows("For whom")}
    assert values["heavy shoppers", "version 2"] == figures["heavy shoppers"]["challenger"]
    assert values["heavy shoppers", "configuration of version 1"] == figures["heavy shoppers"]["champion"]
    params = {row[""]: (row["champion"], row["challenger"]) for row in reviewed.tables[0]}
    assert params["version"] == ("1", "2")
    assert params["rank"] == ("4", str(BAD.rank))


def test_a_review_shows_what_each_version_ranks_first_of_what_a_shopper_has_not_seen(
    trained: Settings, reviewed: Run
) -> None:
    user = next(one for one in reviewed.said if "One of the heavy shoppers" in one).split("`")[1]
    seen = set(Book(trained, "").ask("SELECT product_id FROM batch.interactions WHERE user_id = ?", user)["product_id"])
    lists = [table for table in reviewed.tables if "place" in table[0]][-1]
    for who, version in (("champion (1)", "1"), ("challenger (2)", "2")):
        people, goods = (factors.read(trained, table, version) for table in (USER_FACTORS, ITEM_FACTORS))
        scores = goods.factors @ people.factors[people.ids.to_pylist().index(user)]
        ranked = [goods.ids[int(place)].as_py() for place in np.argsort(-scores, kind="stable")]
        best = [product for product in ranked if product not in seen][:10]
        titles = [f"Lamp <b>{int(product[1:])}</b>" for product in best]
        assert [row[who].removesuffix(examples.ONLY) for row in lists] == titles, "as text, not as a browser's bold"
    shown = reviewed.rows("Popular products")
    sums = Counter[str]()
    for row in shown:
        sums[row["who"]] += row["value"]
    assert set(sums) == {"champion (1)", "challenger (2)", examples.ACTED}
    assert all(total == pytest.approx(1) for total in sums.values())


def test_a_champion_without_a_challenger_is_reviewed_alone(trained: Settings) -> None:
    alone = run("model_review", trained.home, CHALLENGER="9")
    assert "Version 1 is reviewed alone: there is no other version `9`" in alone.said[1]
    record = Path(alone.said[-1].split("`")[1]).read_text()
    assert "| beside the champion | none: it was reviewed alone |" in record
    assert "| gate | passed |" in record
    assert "only here" not in str(alone.tables)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_lake_a_notebook_ends_with_what_to_do(name: str, tmp_path: Path) -> None:
    empty = run(name, tmp_path)
    assert f"There are no events in `{tmp_path}/lake`" in empty.said[0]
    assert f"run `mart demo --keep --home {tmp_path}`" in empty.said[-1]
    assert {one.output_type for one in empty.outputs} == {"display_data"}
    assert empty.notebook.cells[-1].outputs, "the last cell says it"
    assert not list(tmp_path.iterdir()), "looking makes nothing"


def test_a_lake_without_a_model_or_a_market_names_the_jobs_that_make_them(demo: Settings, tmp_path: Path) -> None:
    bare = run("model_review", demo.home)
    assert f"run `mart run batch/views batch/train_als --home {demo.home}`" in bare.said[-1]
    assert not (demo.home / "reviews").exists()


def _truth(settings: Settings, name: str) -> list[dict[str, Any]]:
    return list(pq.read_table(settings.home / "generated" / f"{name}.parquet").to_pylist())


def _artifact(settings: Settings, run_id: str, place: str) -> str:
    return Path(tracking.connect(settings).download_artifacts(run_id, place)).read_text()
