"""Readers of foreign data: what each line becomes, with the traps of real files in hand-made ones."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mart.replay import FORMATS
from mart.replay.catalogue import Catalogue
from mart.replay.record import event_id, number, text
from tests.replay.reading import read

RETAIL = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
REES46 = b"event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
SALE = b"536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom"
VIEW = b"2019-10-01 00:00:00 UTC,view,3900821,2053013552326770905,appliances.water_heater,aqua,33.20,554748717,9333dfbd"


def retail(line: bytes) -> dict:
    [(_, value)], _ = read("online-retail", [line])
    return json.loads(value)


def rees46(line: bytes) -> dict:
    [(_, value)], _ = read("rees46", [line])
    return json.loads(value)


def test_a_retail_line_becomes_a_purchase() -> None:
    [(key, value)], products = read("online-retail", [RETAIL, SALE])
    assert key == b"17850"
    assert json.loads(value) == {
        "event_id": event_id("online-retail", "day.csv", 2),
        "event_type": "purchase",
        "event_at": "2010-12-01T08:26:00Z",
        "user_id": "17850",
        "session_id": "536365",
        "product_id": "85123A",
        "order_id": "536365",
        "quantity": 6,
        "price": 2.55,
        "currency": "GBP",
        "properties": {"country": "United Kingdom"},
    }
    updated_at = "2010-12-01T08:26:00.000Z"
    assert products == {
        "85123A": {"title": "WHITE HANGING HEART", "price": 2.55, "currency": "GBP", "updated_at": updated_at}
    }


@pytest.mark.parametrize(
    ("given", "instead", "quantity"),
    [
        (b"536365", b"C536365", 6),
        (b",6,", b",-6,", 6),
        (b"536365,85123A,WHITE HANGING HEART,6", b"C536365,D,Discount,-1", 1),
    ],
)
def test_cancelled_invoices_and_negative_quantities_are_refunds_of_positive_pieces(
    given: bytes, instead: bytes, quantity: int
) -> None:
    event = retail(SALE.replace(given, instead))
    assert (event["event_type"], event["quantity"]) == ("refund", quantity)


def test_a_retail_line_without_customer_belongs_to_its_invoice() -> None:
    [(key, value)], _ = read("online-retail", [SALE.replace(b"17850.0", b"")])
    assert key == b"536365"
    assert "user_id" not in json.loads(value)


@pytest.mark.parametrize("price", [b"0.0", b"-11062.06", b"0.001"])
def test_no_price_is_judged(price: bytes) -> None:
    [(_, value)], _ = read("online-retail", [SALE.replace(b"2.55", price)])
    assert b'"price":' + price + b"," in value


@pytest.mark.parametrize(
    ("field", "given", "instead"),
    [
        ("quantity", b",6,", b",six,"),
        ("quantity", b",6,", b",0x6,"),
        ("quantity", b",6,", b",1_000,"),
        ("price", b"2.55", b"2.55 GBP"),
        ("price", b"2.55", b"NaN"),
        ("price", b"2.55", b"+2"),
        ("event_at", b"2010-12-01 08:26:00", b"12/1/2010 8:26"),
        ("event_at", b"2010-12-01 08:26:00", b"yesterday"),
    ],
)
def test_what_is_no_number_or_date_is_passed_on_as_it_was_given(field: str, given: bytes, instead: bytes) -> None:
    assert retail(SALE.replace(given, instead))[field] == instead.strip(b",").decode()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"536365,85123A,WHITE", id="cut off"),
        pytest.param(SALE + b",more", id="one cell too many"),
        pytest.param(SALE.replace(b"WHITE", b'"WHITE'), id="quote never closed"),
        pytest.param(SALE.replace(b"WHITE", b'"WHITE"x'), id="text behind a quote"),
        pytest.param(SALE.replace(b"WHITE", b"\xa340"), id="latin-1"),
        pytest.param(b"\x00\xff\r", id="junk"),
    ],
)
def test_a_line_that_cannot_be_read_is_sent_as_it_is_and_takes_no_other_with_it(line: bytes) -> None:
    records, _ = read("online-retail", [RETAIL, SALE, line, SALE])
    assert [value for _, value in records][1] == line
    assert [json.loads(records[i][1])["event_id"] for i in (0, 2)] == [
        event_id("online-retail", "day.csv", n) for n in (2, 4)
    ]


def test_quoted_cells_hold_commas_and_quotes() -> None:
    line = SALE.replace(b"WHITE HANGING HEART", b'"RECORD FRAME 7"" SINGLE, RED "')
    _, products = read("online-retail", [line])
    assert products["85123A"]["title"] == 'RECORD FRAME 7" SINGLE, RED'


@pytest.mark.parametrize("header", [RETAIL, RETAIL + b"\r", b"\xef\xbb\xbf" + RETAIL])
def test_a_header_is_no_record_but_has_a_line_number(header: bytes) -> None:
    records, _ = read("online-retail", [header, SALE + b"\r"])
    assert [json.loads(value)["event_id"] for _, value in records] == [event_id("online-retail", "day.csv", 2)]


def test_a_file_without_header_loses_nothing_and_a_header_further_down_is_a_record() -> None:
    records, _ = read("online-retail", [SALE, RETAIL])
    assert [json.loads(value)["quantity"] for _, value in records] == [6, "Quantity"]


def test_a_repeated_line_is_another_event_and_a_second_replay_the_same() -> None:
    first, _ = read("online-retail", [SALE, SALE])
    second, _ = read("online-retail", [SALE, SALE])
    elsewhere, _ = read("online-retail", [SALE, SALE], "other.csv")
    assert first == second
    ids = [json.loads(value)["event_id"] for _, value in first + elsewhere]
    assert len(set(ids)) == 4
    assert {len(one) for one in ids} == {32}


def test_a_title_comes_from_the_newest_sale_and_not_from_a_correction_of_stock() -> None:
    older = SALE.replace(b"2010-12-01", b"2010-11-01").replace(b"HEART", b"HART").replace(b"2.55", b"2.10")
    damaged = b"536999,85123A,damaged?,-9,2010-12-24 10:00:00,0.0,,United Kingdom"
    noted = b"537000,99999,found,3,2010-12-24 10:00:00,0.0,,United Kingdom"
    debt = b"A537001,B,Adjust bad debt,1,2010-12-24 10:00:00,-11062.06,,United Kingdom"
    _, products = read("online-retail", [SALE, older, damaged, noted, debt])
    assert (products["85123A"]["title"], products["85123A"]["price"]) == ("WHITE HANGING HEART", 2.55)
    assert products["99999"]["title"] == "found"
    assert "price" not in products["B"]


def test_a_rees46_line_becomes_an_event() -> None:
    [(key, value)], products = read("rees46", [REES46, VIEW], "2019-Oct.csv")
    assert key == b"554748717"
    assert b'"price":33.20,' in value  # with its own digits
    assert json.loads(value) == {
        "event_id": event_id("rees46", "2019-Oct.csv", 2),
        "event_type": "view",
        "event_at": "2019-10-01T00:00:00Z",
        "user_id": "554748717",
        "session_id": "9333dfbd",
        "product_id": "3900821",
        "price": 33.2,
        "currency": "USD",
        "category": "appliances.water_heater",
        "brand": "aqua",
        "properties": {"category_id": "2053013552326770905"},
    }
    assert products["3900821"] == {
        "brand": "aqua",
        "category": "appliances.water_heater",
        "price": 33.2,
        "currency": "USD",
        "updated_at": "2019-10-01T00:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("given", "event_type", "quantity"),
    [
        ("cart", "cart_add", None),
        ("remove_from_cart", "cart_remove", None),
        ("purchase", "purchase", 1),
        ("wish", "wish", None),
    ],
)
def test_rees46_types_get_our_names(given: str, event_type: str, quantity: int | None) -> None:
    event = rees46(VIEW.replace(b",view,", f",{given},".encode()))
    assert (event["event_type"], event.get("quantity")) == (event_type, quantity)


def test_empty_rees46_cells_are_left_out() -> None:
    event = rees46(b"2019-10-01 00:00:00 UTC,view,44600062,,,,35.79,,72d76fde")
    assert event.keys() & {"category", "brand", "user_id", "properties"} == set()
    assert event["session_id"] == "72d76fde"


def test_a_cut_off_rees46_line_is_sent_as_it_is() -> None:
    cut = VIEW[: VIEW.rindex(b",") - 1]
    assert read("rees46", [REES46, cut])[0] == [(None, cut)]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b'{"user_id":"u1","session_id":"s1"}', b"u1"),
        (b'{"user_id":"","session_id":"s1"}\r', b"s1"),
        (b'{"user_id":7,"session_id":"s1"}', b"s1"),
        (b'{"user_id":"\\ud800"}', None),
        (b'["user_id"]', None),
        (b'{"user_id":"u1"', None),
        (b'{"user_id":"caf\xe9"}', None),
        (b"[" * 100_000, None),
        (b'{"user_id":"u1","price":' + b"9" * 5_000 + b"}", None),
        (b"", None),
    ],
)
def test_json_lines_are_sent_byte_for_byte_with_the_shopper_as_key(line: bytes, key: bytes | None) -> None:
    assert read("jsonl", [line])[0] == [(key, line)]


def test_json_lines_tell_of_products_what_can_be_read() -> None:
    lines = [
        b'{"product_id":"p1","event_at":"2025-01-01T12:00:00+02:00","price":9.5,"currency":"EUR","brand":"Acme"}',
        b'{"product_id":"p1","event_at":1735776000000,"price":"free","currency":"EUR","title":"Kite"}',
        b'{"product_id":"p1","event_at":"2999-01-01T00:00:00Z","title":"from the future"}',
        b'{"product_id":"p2","event_at":"2025-01-01","price":NaN,"currency":"EUR","category":["toys"]}',
        b'{"product_id":"p3","event_at":"2025-02-30","title":"on no day"}',
        b'{"product_id":"p4","event_at":1e400,"title":"at no time"}',
        b'{"product_id":"p5","event_at":99999999999999999,"title":"beyond all time"}',
        b'{"product_id":5,"event_at":"2025-01-01"}',
    ]
    assert read("jsonl", lines)[1] == {
        "p1": {
            "brand": "Acme",
            "title": "Kite",
            "price": 9.5,
            "currency": "EUR",
            "updated_at": "2025-01-02T00:00:00.000Z",
        },
        "p2": {"updated_at": "2025-01-01T00:00:00.000Z"},
    }


lines_of_bytes = st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=8)
cells = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=12)


@given(lines_of_bytes, st.sampled_from(["online-retail", "rees46"]))
def test_every_line_gives_one_record_which_is_itself_or_json(lines: list[bytes], name: str) -> None:
    records = list(FORMATS[name].read("f.csv", [b"no header", *lines], Catalogue()))
    assert [value for _, value in records[1:]] == lines


@given(st.lists(cells, min_size=8, max_size=8))
def test_any_cells_come_back_out_of_the_json(row: list[str]) -> None:
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in row)
    _, (_, value) = FORMATS["online-retail"].read("f.csv", [b"no header", line.encode()], Catalogue())
    event = json.loads(value)
    assert (event["order_id"], event["product_id"], event["properties"]["country"]) == (row[0], row[1], row[7])


@given(st.one_of(st.floats(allow_nan=False, allow_infinity=False).map(repr), st.integers().map(str), cells))
def test_a_number_keeps_its_digits_and_anything_else_stays_text(given: str) -> None:
    written = number(given)
    assert written in (given, text(given))
    assert written == text(given) or isinstance(json.loads(written), int | float)
