"""`mart models` on a real registry and a real lake: the gate can't be passed by, and what was done is on record.

Each test has a model of its own name in one registry, and a lake of its own.
"""

import json
import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import mlflow
import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from deltalake import write_deltalake

from mart import release, training
from mart.cli import main
from mart.edges import factors, recording, registry, tracking
from mart.edges.registry import Released
from mart.gate import Verdict, judge
from mart.models.card import Lineage
from mart.models.contest import Contest, Scored
from mart.schema import Table
from mart.settings import Als, Gate, Mlflow, Settings, Taste
from mart.tables import ITEM_FACTORS, USER_FACTORS

ALS = Als(rank=2, iterations=1, blocks=1, taste=Taste(half_life_days=9))
NOW = datetime(2026, 11, 1, 12, 30, 15, 123456, tzinfo=UTC)
MADE_FROM = 41


FACTORS = {
    "user_id": {"u": [0.5, 1.0], "v": [-0.25, 0.1], "w": [3.0, 0.0]},
    "product_id": {"p": [1.0, 2.0], "q": [0.0, -1.5]},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry")


@dataclass
class Shop:
    """A model of its own in the registry, a lake of its own, and the command that looks at them."""

    settings: Settings

    def mart(self, *words: str) -> Result:
        return CliRunner(env=self.environment).invoke(main, ["models", *words, "--home", str(self.settings.home)])

    def json(self, *words: str) -> Any:  # noqa: ANN401
        return json.loads(self.mart(*words, "--json").stdout)

    @property
    def environment(self) -> dict[str, str]:
        return {"MART_LAKE": self.settings.lake, "MART_MLFLOW__MODEL": self.settings.mlflow.model}

    @property
    def champion(self) -> str | None:
        found = registry.released(self.settings)
        return found.version if found else None

    def recorded(self, good: bool = True, plotted: bool = False) -> str:
        """Do the first step of a training: the version stands in the registry, and nothing else.

        The model itself, which Spark would have to write, is a line of text: tests/edges/test_registry.py keeps a real one.
        """
        met = contest(0.5 if good else 0.1, self.champion)
        line = Lineage(MADE_FROM, "9.9", "2026-10-01 to 2026-11-01", NOW, shoppers=3, products=2, pairs=4)
        about = training.describe(ALS, line, met if plotted else None, judge(met, Gate()))
        about["metrics"] = met.metrics()
        return recording.register(self.settings, lambda: mlflow.log_text("", "model/MLmodel"), MADE_FROM, **about)

    def with_factors(self, good: bool = True) -> str:
        """Do the second step too."""
        version = self.recorded(good)
        for table in (USER_FACTORS, ITEM_FACTORS):
            self.write(table, version)
        return version

    def write(self, table: Table, version: str) -> None:
        rows = FACTORS[table.key[0]]
        columns = {
            table.key[0]: pa.array(list(rows)),
            "model_version": pa.array([version] * len(rows)),
            "made_from_version": pa.array([MADE_FROM] * len(rows)),
            "factors": pa.array(list(rows.values()), pa.list_(pa.float32())),
        }
        place = f"{self.settings.lake}/{table.path}"
        write_deltalake(place, pa.table(columns), mode="append", partition_by=list(table.partition))

    def trained(self, good: bool = True) -> str:
        """Do all steps of a training."""
        version = self.with_factors(good)
        release.enter(self.settings, version)
        return version


@pytest.fixture
def shop(place: Path, tmp_path: Path) -> Shop:
    model = Mlflow(model=f"recommender-{uuid.uuid4().hex[:8]}")
    return Shop(Settings.read(home=place).model_copy(update={"mlflow": model, "lake": str(tmp_path / "lake")}))


def contest(ndcg: float, champion: str | None) -> Contest:
    def rival(mean: float) -> Scored:
        values = np.linspace(mean - 0.01, mean + 0.01, 50)
        return Scored(values, values, values, values, np.arange(10.0, 0, -1), head_share=0.5, scoring_ms=1.0)

    everyone = {"light shoppers": np.ones(50, bool)}
    return Contest(
        protocol="Known: what was known.",
        k=10,
        products=10,
        segments=everyone,
        challenger=rival(ndcg),
        popularity=rival(0.2),
        champion=rival(0.5) if champion else None,
        champion_version=champion,
    )


def never(version: Released) -> Verdict:
    raise AssertionError(f"version {version.version} was measured against this champion already")


def test_the_first_model_that_passes_is_champion_and_says_all_that_serving_needs(shop: Shop) -> None:
    assert shop.json("list") == {"versions": []}
    assert "no model yet" in shop.mart("list").stdout
    assert shop.trained() == "1"
    found = registry.released(shop.settings)
    assert found is not None
    assert (found.version, found.made_from, found.als, found.now) == ("1", MADE_FROM, ALS, NOW)
    assert (found.shoppers, found.products) == (3, 2)
    assert registry.released(shop.settings, "1") == found, "a version's own number is a name for it too"
    assert registry.released(shop.settings, "2") is None
    assert registry.released(shop.settings, registry.CHALLENGER) is None

    (listed,) = shop.json("list")["versions"]
    assert (listed["version"], listed["aliases"], listed["gate"]) == ("1", ["champion"], "passed")
    assert [one["kind"] for one in listed["promotions"]] == ["promoted"]
    assert listed["metrics"]["ndcg_at_10"] == pytest.approx(0.5)
    assert listed["params"]["taste.half_life_days"] == "9.0"
    card = shop.mart("show", "champion").stdout
    assert "| taste.half_life_days | 9.0 |" in card
    assert "promoted by" in card.split("## Promotions")[1]


def test_a_run_keeps_card_plots_verdict_signature_and_lineage(shop: Shop) -> None:
    version = registry.get(shop.settings, shop.recorded(plotted=True))
    client = tracking.connect(shop.settings)
    files = {file.path for file in client.list_artifacts(version.run_id)}
    assert {"card.md", "gate.json", "plots"} <= files
    plots = {file.path for file in client.list_artifacts(version.run_id, "plots")}
    assert plots == {f"plots/{name}.png" for name in ("coverage", "head_and_tail", "segments")}
    told = ("made_from_version", "code_version", "period", "now", "shoppers", "products")
    assert [version.tags[name] for name in told] == ["41", "9.9", "2026-10-01 to 2026-11-01", NOW.isoformat(), "3", "2"]


def test_a_failing_gate_can_be_passed_by_force_with_a_reason_alone(shop: Shop) -> None:
    shop.trained()
    assert shop.trained(good=False) == "2"
    assert shop.champion == "1"
    assert registry.released(shop.settings, registry.CHALLENGER) == Released("2", MADE_FROM)

    explained = shop.mart("explain-gate", "challenger")
    assert explained.exit_code == 1
    assert "configuration of version 1" in " ".join(explained.stdout.split())
    checks = {check["name"]: check for check in shop.json("explain-gate", "2")["checks"]}
    assert not checks["champion"]["passed"]
    assert checks["champion"]["figures"]["difference"] == pytest.approx(-0.4)

    refused = shop.mart("promote", "challenger")
    assert refused.exit_code == 1
    assert "version 2 fails the gate: popularity, champion" in refused.stderr
    assert shop.mart("promote", "2", "--why", "I like it").exit_code == 1
    for why in ((), ("--why", " ")):
        wrong = shop.mart("promote", "2", "--force", *why)
        assert (wrong.exit_code, "--force needs --why" in wrong.stderr) == (2, True)
    assert shop.champion == "1"

    made = shop.json("promote", "2", "--force", "--why", "version 1 shows\n[what] we no longer sell")
    assert (made["kind"], made["replaced"]) == ("forced", "1")
    assert {"popularity", "champion"} <= set(made["failed"])
    assert shop.champion == "2"
    newest = shop.json("list")["versions"][0]["promotions"]
    assert [(one["kind"], one["why"]) for one in newest] == [("forced", "version 1 shows [what] we no longer sell")]
    assert newest[0]["who"]
    assert "forced past popularity, champion" in shop.mart("list").stdout
    assert "[what] we no longer sell" in shop.mart("list").stdout
    kept = registry.text(shop.settings, registry.get(shop.settings, "2"), registry.CARD)
    assert kept is not None
    assert "forced past popularity, champion" in kept
    assert "we no longer sell" in shop.mart("show", "2").stdout


def test_rollback_goes_back_one_champion_at_a_time_and_forgets_nothing(shop: Shop) -> None:
    for version in ("1", "2", "3"):
        assert shop.trained() == version == shop.champion
    assert shop.json("rollback", "--why", "clicks fell")["version"] == "2"
    assert shop.champion == "2"
    assert shop.json("rollback")["version"] == "1"
    nowhere = shop.mart("rollback")
    assert (nowhere.exit_code, shop.champion) == (1, "1")
    assert "no earlier champion" in nowhere.stderr

    assert shop.trained() == "4" == shop.champion
    assert shop.json("rollback")["version"] == "1", "versions 2 and 3 were rolled back: they are not gone back to"
    kinds = {one["version"]: [made["kind"] for made in one["promotions"]] for one in shop.json("list")["versions"]}
    assert kinds == {
        "1": ["promoted", "rolled back", "rolled back"], "2": ["promoted", "rolled back"], "3": ["promoted"], "4": ["promoted"],
    }  # fmt: skip


def test_a_version_measured_against_another_champion_is_measured_anew(shop: Shop) -> None:
    for _ in range(2):
        shop.trained()
    shop.json("rollback")
    assert shop.champion == "1"
    assert registry.get(shop.settings, "2").tags["gate"] == "passed"
    shop.trained(good=False)
    shop.json("promote", "2")
    assert shop.champion == "2", "version 2 was measured against version 1, which is champion again"

    asked = []

    def measure(good: bool) -> Callable[[Released], Verdict]:
        def one(version: Released) -> Verdict:
            asked.append((version.version, version.als))
            return judge(contest(0.5 if good else 0.3, shop.champion), Gate())

        return one

    with pytest.raises(release.Refused, match="version 3 fails the gate: champion"):
        release.promote(shop.settings, "3", measure(good=False), "", force=False)
    assert shop.json("explain-gate", "3")["champion"] == "2"
    assert release.promote(shop.settings, "1", measure(good=True), "", force=False).kind == "promoted"
    assert asked == [("3", ALS), ("1", ALS)]
    assert shop.champion == "1"


def test_the_champion_is_not_promoted_again(shop: Shop) -> None:
    shop.trained()
    again = shop.mart("promote", "champion", "--force", "--why", "to be sure")
    assert (again.exit_code, "is the champion already" in again.stderr) == (1, True)


def test_what_is_not_there_is_said_in_one_line(shop: Shop) -> None:
    shop.trained()
    for words in (
        ("show", "9"),
        ("promote", "nobody"),
        ("compare", "1", "9"),
        ("explain-gate", "challenger"),
        ("export", "9", "x"),
    ):
        told = shop.mart(*words)
        assert told.exit_code == 1, words
        assert "the registry has no version" in told.stderr
        assert told.stdout == ""


def test_two_versions_are_compared_side_by_side(shop: Shop) -> None:
    shop.trained()
    shop.trained(good=False)
    both = shop.json("compare", "champion", "challenger")
    assert both["versions"] == ["1", "2"]
    assert both["metrics"]["ndcg_at_10"] == pytest.approx([0.5, 0.1])
    assert both["metrics"]["champion_ndcg_at_10"] == [None, pytest.approx(0.5)]
    assert "0.1000" in shop.mart("compare", "1", "2").stdout


def test_exported_factors_load_in_numpy_and_duckdb(shop: Shop, tmp_path: Path) -> None:
    shop.trained()
    folder = tmp_path / "out" / "factors"
    files = shop.json("export", "champion", str(folder))["files"]
    assert files == [
        str(folder / name) for name in ("factors.npz", "item_factors.parquet", "model.json", "user_factors.parquet")
    ]
    with np.load(folder / "factors.npz") as arrays:  # allow_pickle is off
        found = {name: arrays[name] for name in arrays}
    for side, key in (("user", "user_id"), ("item", "product_id")):
        matrix, ids, expected = found[f"{side}_factors"], found[f"{key}s"], FACTORS[key]
        assert (matrix.dtype, matrix.shape, ids.tolist()) == (np.dtype("float32"), (len(expected), 2), list(expected))
        assert dict(zip(ids.tolist(), matrix.tolist(), strict=True)) == {
            one: pytest.approx(at) for one, at in expected.items()
        }
        read = duckdb.sql(f"SELECT {key}, factors FROM '{folder}/{side}_factors.parquet'").fetchall()
        assert {one: list(at) for one, at in read} == {one: pytest.approx(at) for one, at in expected.items()}
    about = json.loads((folder / "model.json").read_text())
    assert (about["version"], about["now"], about["als"]["rank"]) == ("1", NOW.isoformat(), 2)

    again = shop.mart("export", "champion", str(folder))
    assert (again.exit_code, "not empty" in again.stderr) == (1, True)
    with pytest.raises(factors.NoFactors, match=r"batch\.user_factors holds no factors of version 2"):
        factors.export(shop.settings, Released("2", 1), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_training_that_was_killed_leaves_a_version_that_nobody_can_promote(shop: Shop) -> None:
    shop.trained()
    assert shop.recorded() == "2", "killed after the record"
    assert (shop.champion, registry.get(shop.settings, "2").aliases) == ("1", ())
    forced = shop.mart("promote", "2", "--force", "--why", "hurry")
    assert (forced.exit_code, "version 2 has no factors in this lake" in forced.stderr) == (1, True)

    version = shop.recorded()
    shop.write(USER_FACTORS, version)
    assert shop.mart("promote", version).exit_code == 1, "killed between the two tables"

    whole = shop.with_factors()
    assert shop.champion == "1", "killed before the release"
    assert release.promote(shop.settings, whole, never, "", force=False).version == whole == shop.champion
    assert shop.trained() == shop.champion == "5"


POINTS = ("tag", "release", "withdraw", "write_text")


def test_a_promotion_that_is_killed_anywhere_can_be_made_again_and_rolled_back(shop: Shop) -> None:
    """The process kills itself as it enters each step; what is there then is a champion, the old one or the new."""
    shop.trained()
    seen = []
    with promoting(shop) as promote:
        for point in POINTS:
            before, version = shop.champion, shop.with_factors()
            assert promote(version, point) == signal.SIGKILL
            assert shop.champion in {before, version}
            seen.append(shop.champion == version)
            if shop.champion == before:
                assert release.promote(shop.settings, version, never, "", force=False).replaced == before
            assert shop.champion == version
            assert shop.json("rollback")["version"] == before
            assert shop.json("list")["versions"][0]["version"] == version
    assert seen == [False, False, True, True]


@contextmanager
def promoting(shop: Shop) -> Iterator[Callable[[str, str], int]]:
    """A process that promotes in children of its own, each of which ends as it calls a function of the registry."""
    code = """
        import os, signal, sys
        from pathlib import Path
        from mart import release
        from mart.settings import Settings

        def promote(version, point):
            def watch(frame, event, arg):
                inside = frame.f_code.co_filename.endswith("edges/registry.py")
                if event == "call" and inside and frame.f_code.co_name == point:
                    os.kill(os.getpid(), signal.SIGKILL)
            sys.setprofile(watch)
            release.promote(Settings.read(home=Path(sys.argv[1])), version, None, "", False)

        for line in sys.stdin:
            child = os.fork()
            if not child:
                promote(*line.split())
                os._exit(0)
            print(os.waitpid(child, 0)[1], flush=True)
    """
    words = [sys.executable, "-c", textwrap.dedent(code), str(shop.settings.home)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, env=os.environ | shop.environment, **pipes) as process:
        assert process.stdin
        assert process.stdout
        ask, answer = process.stdin, process.stdout

        def promote(version: str, point: str) -> int:
            print(version, point, file=ask, flush=True)
            return int(answer.readline())

        yield promote
        ask.close()


def test_a_verdict_is_no_longer_good_when_the_champion_has_changed_meanwhile(shop: Shop) -> None:
    first, second = shop.with_factors(), shop.with_factors()
    release.enter(shop.settings, first)
    told = release.enter(shop.settings, second)
    assert "model 2 is challenger, the gate is shut (champion, which is another one by now)" in told
    assert shop.champion == "1"
    assert replace(registry.released(shop.settings, "2"), version="1") == registry.released(shop.settings)
