"""The real data sets: what replay makes of them, against an independent count of the files."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from mart.replay import FORMATS, send
from mart.replay.files import find
from mart.settings import Settings
from tests.replay.reading import read


def test_online_retail_is_whole(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    folder = real_data("online-retail-by-day")
    settings = Settings.read(home=tmp_path)
    files = find([folder], [".csv"])
    sent = send.replay(settings, FORMATS["online-retail"], files, "landing")
    assert sent == send.Sent(records=541_909, products=4_070, files=305, known=0)

    found: Counter[str] = Counter()
    for file in (Path(settings.lake) / "landing/inbox/activity").iterdir():
        for line in file.read_bytes().splitlines():
            event = json.loads(line)
            found.update(_retail_facts(event))
    assert found == _retail_count(files)
    assert found["cancelled"] == 9_288
    assert found["price <= 0"] == 2_517
    assert found["with user"] == 406_829


def _retail_facts(event: dict) -> list[str]:
    return [
        "lines",
        f"{event['event_type']} of {event['product_id']}",
        f"{event['quantity']} pieces",
        *(["cancelled"] if event["order_id"].startswith("C") else []),
        *(["price <= 0"] if event["price"] <= 0 else []),
        *(["with user"] if "user_id" in event else []),
    ]


def _retail_count(files: list[Path]) -> Counter[str]:
    count: Counter[str] = Counter()
    for file in files:
        with file.open(newline="", encoding="utf-8") as rows:
            for row in csv.DictReader(rows):
                quantity = int(row["Quantity"])
                cancelled = row["InvoiceNo"][0] == "C"
                event = {
                    "event_type": "refund" if cancelled or quantity < 0 else "purchase",
                    "product_id": row["StockCode"],
                    "order_id": row["InvoiceNo"],
                    "quantity": abs(quantity),
                    "price": Decimal(row["UnitPrice"]),
                } | ({"user_id": row["CustomerID"]} if row["CustomerID"] else {})
                count.update(_retail_facts(event))
    return count


def test_rees46_is_whole_and_its_cut_off_line_is_sent_as_it_is(real_data: Callable[[str], Path]) -> None:
    lines = (real_data("rees46-oct2019-sample") / "2019-Oct.csv").read_bytes().split(b"\n")
    records, products = read("rees46", lines, "2019-Oct.csv")
    whole = [json.loads(value) for _, value in records[:-1]]
    assert Counter(event["event_type"] for event in whole) == {"view": 17_055, "purchase": 214, "cart_add": 165}
    assert len({event["user_id"] for event in whole}) == 4_504
    assert len({event["session_id"] for event in whole}) == 5_066
    assert len(products) == len({event["product_id"] for event in whole}) == 6_493
    assert sum("brand" in event for event in whole) == 14_957
    assert sum("category" in event for event in whole) == 11_688
    assert records[-1] == (None, lines[-1])


def test_a_second_replay_of_real_data_adds_nothing(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    settings = Settings.read(home=tmp_path)
    files = find([real_data("rees46-oct2019-sample")], [".csv"])
    first, second = (send.replay(settings, FORMATS["rees46"], files, "landing") for _ in range(2))
    assert (first.known, second.known, second.records) == (0, 17_435, 17_435)
    assert len(list((Path(settings.lake) / "landing/inbox/activity").iterdir())) == 1
