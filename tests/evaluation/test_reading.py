"""Acts are read from ratings, foreign files and the lake; what is none is counted, what can't be read is told."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from mart.evaluation import reading
from mart.evaluation.acts import PURCHASE, REFUND, VIEW
from mart.evaluation.reading import NoActs
from mart.replay.files import NoInput
from mart.settings import Settings
from mart.tables import EVENTS


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(home=tmp_path / "home")


@pytest.mark.parametrize("mark", [",", "\t"])
def test_ratings_are_purchases_whatever_their_stars(settings: Settings, tmp_path: Path, mark: str) -> None:
    rows = [("user", "item", "rating", "timestamp"), ("7", "a", "1", "86400"), ("6", "b", "5.0", "0")]
    file = tmp_path / "ratings.csv"
    file.write_text("\n".join(mark.join(row) for row in rows))
    acts = reading.read(settings, "ratings", file).acts
    assert (acts.user_ids, acts.product_ids) == (["6", "7"], ["a", "b"])
    assert acts.users.tolist() == [1, 0]
    assert acts.kinds.tolist() == [PURCHASE, PURCHASE]
    assert acts.at.astype("datetime64[D]").astype(str).tolist() == ["1970-01-02", "1970-01-01"]


def test_a_line_that_is_no_rating_is_told_with_its_number(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text("1,2,3,4\n1,2,many,4\n")
    with pytest.raises(NoActs, match="line 2: not user, item, rating, Unix seconds"):
        reading.read(settings, "ratings", file)


def test_acts_of_shoppers_without_an_account_and_what_is_no_act_are_left_out_and_counted(
    settings: Settings, tmp_path: Path
) -> None:
    event = {"event_type": "view", "user_id": "u", "product_id": "p", "event_at": "2026-01-01T00:00:00Z"}
    lines = [
        json.dumps(event),
        json.dumps(event | {"event_type": "purchase", "quantity": 3, "event_at": 1767225600000}),
        json.dumps(event | {"event_type": "refund", "quantity": 2}),
        json.dumps(event | {"user_id": None}),
        json.dumps(event | {"event_type": "impression"}),
        json.dumps(event | {"event_type": "purchase", "quantity": 0}),
        json.dumps(event | {"event_at": "yesterday"}),
        "no json",
    ]
    (tmp_path / "events.jsonl").write_text("\n".join(lines))
    read = reading.read(settings, "jsonl", tmp_path / "events.jsonl")
    assert read.left_out == 5
    assert read.acts.kinds.tolist() == [VIEW, PURCHASE, REFUND]
    assert read.acts.pieces.tolist() == [1, 3, 2]
    assert len(set(read.acts.at.tolist())) == 1


def test_the_lake_is_read_without_spark(settings: Settings) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    rows = {
        "user_id": ["u", "u", None, "v"],
        "product_id": ["p", "q", "p", "p"],
        "event_type": ["view", "purchase", "view", "impression"],
        "quantity": pa.array([None, 4, None, None], pa.int32()),
        "event_at": pa.array([at] * 4, pa.timestamp("us", "UTC")),
    }
    write_deltalake(f"{settings.lake}/{EVENTS.path}", pa.table(rows))
    read = reading.read(settings, "lake", None)
    assert read.left_out == 2
    assert (read.acts.kinds.tolist(), read.acts.pieces.tolist()) == ([VIEW, PURCHASE], [1, 4])
    assert read.acts.product_ids == ["p", "q"]


def test_what_is_missing_is_told_with_what_to_do(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoActs, match="run streaming/ingest_activity first"):
        reading.read(settings, "lake", None)
    with pytest.raises(NoActs, match="needs --data PATH"):
        reading.read(settings, "jsonl", None)
    with pytest.raises(NoInput, match="holds no"):
        reading.read(settings, "ratings", tmp_path)
    (tmp_path / "empty.jsonl").write_text("{}\n")
    with pytest.raises(NoActs, match="holds no act of a shopper with an account"):
        reading.read(settings, "jsonl", tmp_path / "empty.jsonl")
