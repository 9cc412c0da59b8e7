"""The demo shops, served by their own process: pages, clock, truth, bad manners, and the page object that reads them."""

import http.client
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.robotparser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from mart.local import ports
from mart.local.demoshop.chance import chance
from mart.local.demoshop.goods import gtin
from mart.local.demoshop.market import Market
from mart.local.demoshop.mischief import PRIVATE, SLOW
from mart.local.demoshop.service import SERVICE
from mart.local.demoshop.shops import SHOPS, date_of
from mart.local.service import Place
from mart.replay.generate import Plan
from scrapers.item import Item
from scrapers.pages import kinds, listing, reviews
from scrapers.pages.reading import open_page

ALPHA = "/alpha/p/AL100003/almar"  # whatever stands behind the number is for people
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:  # noqa: ANN401 - what it is depends on what was asked
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """Ask a demo shop, without following redirects."""

    port: int

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, method: str = "GET", timeout: float = 20, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): said for name, said in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): said for name, said in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def on(self, day: int) -> list[dict[str, Any]]:
        """Put the clock to a day; give the truth of it."""
        assert self.ask(f"/clock?day={day}", "POST").json() == {"day": day}
        return list(self.ask("/truth.json").json())

    def spoil(self, kind: str, more: str = "&shop=alpha") -> None:
        assert self.ask(f"/mischief?kind={kind}{more}", "POST").status == 200

    def item(self, path: str) -> Item:
        return open_page(self.ask(path).body, self.root + path).item()


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Client]:
    """Run the command itself until the test is over."""
    port = ports.free(folder)
    command = [sys.executable, "-m", "mart.local.demoshop", "--port", str(port), *options]
    with subprocess.Popen(command) as process:
        try:
            _until_up(process, port)
            yield Client(port)
        finally:
            process.kill()


def _until_up(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while not ports.answers(port):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with served(tmp_path_factory.mktemp("shop")) as client:
        yield client


@pytest.fixture
def client(running: Client) -> Client:
    """A demo shop on day 0 that behaves, with an empty log."""
    running.on(0)
    running.ask("/log.json", "DELETE")
    for prefix in ("/", "/alpha/", "/alpha/p/", "/robots.txt"):
        running.spoil("none", f"&prefix={prefix}")
    return running


def test_each_shop_speaks_its_own_language(client: Client) -> None:
    said = {shop: client.ask(f"/{shop}/").text for shop in SHOPS}
    assert [re.findall(r'<html lang="(.*?)"', text) for text in said.values()] == [["en-US"], ["de-DE"], ["en-IN"]]
    prices = [re.findall(r'class="price">(.*?)<', text)[0] for text in said.values()]
    patterns = (r"\$[\d,]+\.\d\d", r"[\d.]+,\d\d\xa0€", r"₹[\d,]+")
    assert all(re.fullmatch(pattern, price) for pattern, price in zip(patterns, prices, strict=True))
    assert all(f'href="/{shop}/"' in client.ask("/").text for shop in SHOPS)


@pytest.mark.parametrize("shop", SHOPS)
def test_following_the_next_links_meets_every_product_once(client: Client, shop: str) -> None:
    met: list[str] = []
    url: str | None = f"{client.root}/{shop}/c/all"
    while url:
        answer = client.ask(url.removeprefix(client.root))
        page = open_page(answer.body, url)
        met += [tile.url.removeprefix(client.root) for tile in listing.tiles(page) if tile.url]
        url = listing.next_page(page)
        assert (SHOPS[shop].says["next"] in answer.text) == (url is not None)  # for people, too
    assert sorted(met) == sorted(row["path"] for row in client.on(0) if row["shop"] == f"demo-{shop}")


@pytest.mark.parametrize(
    "path", ["/alpha/c/all?page=6", "/alpha/c/all?page=x", "/alpha/c/cars", "/alpha/p/AL1/x", "/alpha/x"]
)
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert client.ask(path).status == 404


def test_the_sitemap_leads_to_every_product(client: Client) -> None:
    rows = client.on(1)
    maps = re.findall(f"<loc>{client.root}(.*?)</loc>", client.ask("/sitemap.xml").text)
    urls = [url for path in maps for url in re.findall(f"<loc>{client.root}(.*?)</loc>", client.ask(path).text)]
    assert sorted(urls) == sorted(row["path"] for row in rows)
    assert {client.ask(url).status for url in urls} == {200}


def test_robots_may_go_anywhere_but_to_the_staff(client: Client) -> None:
    robots = urllib.robotparser.RobotFileParser()
    robots.parse(client.ask("/robots.txt").text.splitlines())
    assert [robots.can_fetch("us", f"{client.root}{path}") for path in (ALPHA, "/alpha/private/", "/")] == [
        True,
        False,
        True,
    ]
    assert robots.crawl_delay("us") is None
    assert robots.site_maps() == [f"{client.root}/sitemap.xml"]
    assert "/alpha/private/" in client.ask("/alpha/").text  # there is a link to fall for
    assert client.ask("/alpha/private/").status == 200


def test_exactly_the_pages_that_changed_overnight_are_sent_again(client: Client) -> None:
    paths = {row["path"]: client.ask(row["path"]).headers for row in client.on(0)}
    known = {path: {"If_None_Match": headers["etag"]} for path, headers in paths.items()}
    assert {client.ask(path, **tag).status for path, tag in known.items()} == {304}
    rows = {row["path"]: row["changed_day"] for row in client.on(1)}
    again = {path: client.ask(path, **tag).status for path, tag in known.items()}
    assert again == {path: 200 if rows[path] == 1 else 304 for path in known}
    dated = {
        path: client.ask(path, If_Modified_Since=headers["last-modified"]).status for path, headers in paths.items()
    }
    assert dated == again


def test_a_shop_that_is_asked_again_gives_the_tag_and_no_body(client: Client) -> None:
    first = client.ask(ALPHA)
    second = client.ask(ALPHA, If_None_Match=f'"other", W/{first.headers["etag"]}')
    assert (second.status, second.body, second.headers["etag"]) == (304, b"", first.headers["etag"])
    assert client.ask(ALPHA, If_None_Match='"other"', If_Modified_Since=first.headers["last-modified"]).status == 200
    assert client.ask(ALPHA, If_Modified_Since="yesterday").status == 200


def test_the_truth_is_what_anyone_can_compute(client: Client) -> None:
    for day in (0, 1, 30):
        assert client.ask(f"/truth.json?day={day}").json() == Market().truth(day)
    assert Market(seed=2).truth(0) != Market().truth(0)
    assert client.ask("/truth.json?day=soon").status == 400


def test_overnight_prices_fall_and_rise_goods_sell_out_and_come_back_and_some_are_new(client: Client) -> None:
    before, after = ({(row["shop"], row["sku"]): row for row in client.on(day)} for day in (0, 1))
    for shop in SHOPS:
        both = [(row, after[key]) for key, row in before.items() if key[0] == f"demo-{shop}"]
        moves = [Decimal(new["price"]) - Decimal(old["price"]) for old, new in both]
        assert (sum(move < 0 for move in moves), sum(move > 0 for move in moves)) == (9, 6)
        stock = Counter((old["in_stock"], new["in_stock"]) for old, new in both)
        assert min(stock[True, False], stock[False, True], stock[False, False]) > 0
        assert sum(new["reviews"] - old["reviews"] for old, new in both) == 12
        new_ones = [row for key, row in after.items() if key not in before and key[0] == f"demo-{shop}"]
        assert [(row["listed_day"], row["reviews"], row["rating"]) for row in new_ones] == [(1, 0, None)] * 2


def test_a_product_that_is_not_listed_yet_is_not_found(client: Client) -> None:
    new = next(row["path"] for row in client.on(1) if row["listed_day"] == 1)
    assert client.ask(new).status == 200
    client.on(0)
    assert client.ask(new).status == 404


def test_shops_share_goods_that_their_numbers_tell_apart(client: Client) -> None:
    rows = client.on(0)
    shops_of = Counter(row["product"] for row in rows)
    assert {1, 2, 3} == set(shops_of.values())
    for number in ("gtin", "mpn"):
        stated = {(row[number], row["product"]) for row in rows if row[number]}
        assert len(stated) == len({given for given, _ in stated}) == len({product for _, product in stated})
    assert {row["shop"] for row in rows if row["gtin"]} == {"demo-alpha", "demo-beta"}
    titles = {row["title"] for row in rows if row["product"] == next(p for p, n in shops_of.items() if n == 3)}
    assert len(titles) == 3  # each shop writes them its own way


def test_a_gtin_ends_with_its_check_digit() -> None:
    number = gtin("shared", 1234)
    assert len(number) == 13
    assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number)) % 10 == 0


def test_alpha_sells_what_our_own_shop_sells_partly_for_less(client: Client) -> None:
    plan = Plan()
    ours = {row["product_id"]: row for row in map(json.loads, plan.shop.catalogue(plan.end))}
    rows = [row for row in client.on(0) if row["shop"] == "demo-alpha" and row["product"] in ours]
    assert len(rows) == 20
    for row in rows:
        mine = ours[row["product"]]
        assert row["brand"] == mine["brand"]
        assert sorted(re.findall(r"\w+", row["title"])) == sorted(re.findall(r"\w+", mine["title"]))
    euros = [Decimal(row["price"]) / Decimal("1.09") - Decimal(str(ours[row["product"]]["price"])) for row in rows]
    assert min(euros) < 0 < max(euros)


def test_what_shoppers_write_fits_their_stars() -> None:
    market, judge = Market(), SentimentIntensityAnalyzer()
    feelings: dict[int, list[float]] = {stars: [] for stars in range(1, 6)}
    for offer in market.offers(SHOPS["alpha"], 0):
        for review in market.reviews(offer):
            feelings[review.stars].append(judge.polarity_scores(f"{review.title}. {review.body}")["compound"])
    assert max(feelings[1] + feelings[2]) < 0.2 < min(feelings[4] + feelings[5])


@pytest.mark.parametrize("day", [0, 1])
@pytest.mark.parametrize("shop", SHOPS)
def test_the_page_object_reads_the_truth(client: Client, shop: str, day: int) -> None:
    rows = [row for row in client.on(day) if row["shop"] == f"demo-{shop}"]
    names = (
        "shop",
        "sku",
        "title",
        "brand",
        "gtin",
        "mpn",
        "category",
        "currency",
        "in_stock",
        "rating",
        "rating_count",
    )
    for row in rows:
        item = client.item(row["path"])
        assert {name: getattr(item, name) for name in names} == {name: row[name] for name in names}
        amounts = [None if row[name] is None else Decimal(row[name]) for name in ("price", "list_price")]
        assert [item.price, item.list_price] == amounts, row["path"]
        assert (item.review_count or 0, len(item.reviews)) == (row["reviews"], row["reviews"])


@pytest.mark.parametrize("shop", SHOPS)
def test_the_page_object_reads_every_review(client: Client, shop: str) -> None:
    market = Market()
    for offer in market.offers(SHOPS[shop], 0):
        read = client.item(offer.path).reviews
        written = market.reviews(offer)
        assert [(r.review_id, r.rating, r.title, r.body) for r in read] == [
            (r.review_id, r.stars, r.title, r.body) for r in written
        ]
        assert [r.author_hash for r in read] == [reviews.hashed(r.author) for r in written]
        assert [r.reviewed_at for r in read] == [date_of(r.day).date().isoformat() for r in written]


@pytest.mark.parametrize("path", ["/{}/", "/{}/c/all", "/{}/c/all?page=6", "/{}/private/", "/{}/nothing"])
@pytest.mark.parametrize("shop", SHOPS)
def test_what_is_no_product_yields_none(client: Client, shop: str, path: str) -> None:
    client.on(1)  # when the sixth page has two products only
    url = path.format(shop)
    assert kinds.refusal(open_page(client.ask(url).body, client.root + url))


def test_the_log_tells_who_asked_for_what_and_what_came(client: Client) -> None:
    began = time.time()
    tag = client.ask(ALPHA, User_Agent="me").headers["etag"]
    client.ask(ALPHA, If_None_Match=tag)
    client.ask("/alpha/nothing?a=b")
    entries = client.ask("/log.json", "DELETE").json()
    assert [(entry["path"], entry["status"]) for entry in entries] == [
        (ALPHA, 200),
        (ALPHA, 304),
        ("/alpha/nothing?a=b", 404),
    ]
    assert entries[0]["agent"] == "me"
    assert began <= entries[0]["time"] <= entries[2]["time"] <= time.time()
    assert client.ask("/log.json").json() == []


def test_the_first_requests_of_each_address_are_spoilt_and_no_more(client: Client) -> None:
    client.spoil("429", "&shop=alpha&first=2")
    assert [client.ask(ALPHA).status for _ in range(4)] == [429, 429, 200, 200]
    assert client.ask("/alpha/").headers["retry-after"] == "1"
    assert client.ask("/beta/").status == 200
    client.spoil("none")
    assert client.ask("/alpha/").status == 200


def test_a_share_of_the_requests_is_spoilt_always_the_same_ones(client: Client) -> None:
    client.spoil("503", "&shop=alpha&share=0.4")
    statuses = [client.ask(ALPHA).status for _ in range(40)]
    assert statuses == [503 if chance("mischief", f"{ALPHA}?", n) < 0.4 else 200 for n in range(1, 41)]
    assert set(statuses) == {200, 503}


def test_a_prefix_is_spoilt_alone_and_the_longest_counts(client: Client) -> None:
    client.spoil("503", "&prefix=/robots.txt")
    client.spoil("empty", "&prefix=/alpha/")
    client.spoil("429", "&prefix=/alpha/p/")
    assert [client.ask(path).status for path in ("/robots.txt", ALPHA, "/alpha/", "/beta/")] == [503, 429, 200, 200]
    assert client.ask("/alpha/").body == b""


@pytest.mark.parametrize("asked", ["kind=plague", "shop=delta&kind=503", "kind=503&share=much", "kind=503&first=some"])
def test_unknown_mischief_is_refused_with_what_there_is(client: Client, asked: str) -> None:
    answer = client.ask(f"/mischief?{asked}", "POST")
    assert answer.status == 400
    assert answer.text.count("\n") == 1
    assert client.ask("/alpha/").status == 200


@pytest.mark.parametrize(("kind", "status"), [("bot_check", 200), ("bot_check_403", 403)])
def test_a_bot_check_is_known_as_one(client: Client, kind: str, status: int) -> None:
    client.spoil(kind)
    answer = client.ask(ALPHA)
    assert answer.status == status
    assert kinds.refusal(open_page(answer.body, client.root + ALPHA)) == "blocked: a bot check"


def test_a_slow_shop_takes_seconds(client: Client) -> None:
    client.spoil("slow")
    began = time.monotonic()
    assert client.ask(ALPHA).status == 200
    assert SLOW <= time.monotonic() - began < SLOW + 5


def test_a_hanging_shop_says_nothing_and_serves_others_meanwhile(client: Client) -> None:
    client.spoil("hang")
    with pytest.raises(TimeoutError):
        client.ask(ALPHA, timeout=1)
    assert client.ask("/beta/").status == 200
    assert client.ask("/log.json").json()[0]["status"] == 0


def test_a_reset_connection_ends_without_an_answer(client: Client) -> None:
    client.spoil("reset", "&shop=alpha&first=1")
    with pytest.raises(ConnectionError):
        client.ask(ALPHA)
    assert client.ask(ALPHA).status == 200


def test_a_huge_page_never_ends_and_stops_with_its_reader(client: Client) -> None:
    client.spoil("huge")
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=20)
    connection.request("GET", ALPHA)
    answer = connection.getresponse()
    assert len(answer.read(20_000_000)) == 20_000_000
    connection.close()
    answer.close()
    assert client.ask("/beta/", timeout=5).status == 200


def test_a_broken_page_ends_in_the_middle_and_its_price_is_still_read(client: Client) -> None:
    row = next(row for row in client.on(0) if row["shop"] == "demo-alpha")
    whole = client.ask(row["path"])
    client.spoil("broken_html")
    broken = client.ask(
        row["path"], If_None_Match=whole.headers["etag"]
    )  # whoever knows the whole page gets it as well
    assert (broken.status, b"</html>" in broken.body, b"</div>" in broken.body) == (200, False, False)
    assert "etag" not in broken.headers
    assert client.item(row["path"]).price == Decimal(row["price"])


def test_a_wrong_charset_is_declared_in_header_and_page(client: Client) -> None:
    path = "/beta/artikel/gartenbank-7000026.html"
    right = client.ask(path)
    client.spoil("wrong_charset", "&shop=beta")
    says_latin = client.ask(path)
    client.spoil("wrong_charset_utf8", "&shop=beta")
    is_latin = client.ask(path)
    client.spoil("none", "&shop=beta")
    assert [one.headers["content-type"].rpartition("=")[2] for one in (says_latin, is_latin)] == ["iso-8859-1", "utf-8"]
    assert says_latin.text == right.text.replace('charset="utf-8"', 'charset="iso-8859-1"')
    with pytest.raises(UnicodeDecodeError):
        is_latin.body.decode("utf-8")
    assert "Küche" in is_latin.body.decode("iso-8859-1")


@pytest.mark.parametrize(
    ("kind", "to"), [("redirect_loop", ALPHA), ("redirect_away", "http://elsewhere.invalid/"), ("private", PRIVATE)]
)
def test_a_redirect_leads_nowhere_good(client: Client, kind: str, to: str) -> None:
    client.spoil(kind)
    answer = client.ask(ALPHA)
    assert (answer.status, answer.headers["location"]) == (302, to)


def test_a_page_for_browsers_holds_the_product_in_its_script_only(client: Client) -> None:
    row = next(row for row in client.on(0) if row["path"].startswith("/alpha/p/") and "&" in row["title"])
    client.spoil("javascript")
    shell = client.ask(row["path"]).text
    assert row["sku"] not in shell.replace(f"/alpha/api/{row['sku']}", "")
    part = client.ask(f"/alpha/api/{row['sku']}").json()
    assert row["title"] in part["title"]
    shown = re.sub(
        r'(id="content">).*?(</div></main>)', lambda found: found[1] + part["main"] + found[2], shell, flags=re.DOTALL
    )
    assert open_page(shown.encode(), client.root + row["path"]).item().price == Decimal(row["price"])
    assert client.ask("/alpha/api/AL999999").status == 404


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)")
def test_a_real_browser_shows_the_product(client: Client) -> None:
    row = next(row for row in client.on(0) if row["shop"] == "demo-alpha")
    client.spoil("javascript")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    shown = subprocess.run([*command, client.root + row["path"]], capture_output=True, check=True, timeout=60).stdout
    item = open_page(shown, client.root + row["path"]).item()
    assert (item.sku, item.price) == (row["sku"], Decimal(row["price"]))


def test_the_clock_is_kept_by_a_file_that_others_may_write(tmp_path: Path) -> None:
    file = tmp_path / "shop" / "day"
    with served(tmp_path, "--clock-file", str(file)) as client:
        assert client.ask("/clock").json() == {"day": 0}
        client.on(2)
        assert client.ask("/clock?day=tomorrow", "POST").status == 400
    with served(tmp_path, "--clock-file", str(file)) as client:
        assert client.ask("/clock").json() == {"day": 2}
        file.write_text("3\n")
        assert client.ask("/clock").json() == {"day": 3}


def test_the_clock_goes_by_itself_where_days_have_seconds(tmp_path: Path) -> None:
    with served(tmp_path, "--clock", "0.5") as client:
        first = client.ask("/clock").json()["day"]
        time.sleep(1.2)
        assert first + 2 <= client.ask("/clock").json()["day"] <= first + 5


def test_a_shop_of_50_000_products_is_open_at_once(tmp_path: Path) -> None:
    with served(tmp_path, "--products", "50000") as client:
        began = time.monotonic()
        assert client.ask("/beta/artikel/x-7649987.html").status == 200  # the last of them
        assert client.ask("/alpha/c/kitchen?page=300").status == 200
        assert len(re.findall("<loc>", client.ask("/sitemap.xml").text)) == 15
        assert len(re.findall("<loc>", client.ask("/gamma/sitemap-5.xml").text)) == 10_000
        assert time.monotonic() - began < 20


def test_the_service_starts_answers_and_names_its_place_in_the_settings(tmp_path: Path) -> None:
    place = Place(tmp_path, ports.free(tmp_path))
    with subprocess.Popen(SERVICE.command(place)) as process:
        try:
            _until_up(process, place.port)
            SERVICE.check(place)
            Client(place.port).on(4)
        finally:
            process.kill()
    assert (tmp_path / "shop" / "day").read_text() == "4\n"
    shops = SERVICE.settings(place)
    assert list(shops) == ["shops.demo-alpha", "shops.demo-beta", "shops.demo-gamma"]
    assert shops["shops.demo-beta"]["start"] == [f"{place.url()}/beta/"]
    assert shops["shops.demo-beta"]["private"]
