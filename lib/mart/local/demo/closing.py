"""What the demo ends with: tables that a person wants to see, read from the lake by DuckDB as anybody could.

In: a home that has been played. Out: rich tables on stdout.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import quantiles

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mart.edges import delta, duck
from mart.local import services
from mart.local.demo import market_tables
from mart.local.demo.live import waits
from mart.local.demo.play import Played
from mart.local.demo.shape import shaped
from mart.local.storefront.service import STOREFRONT
from mart.schema import Table as Declared
from mart.settings import Settings
from mart.tables import CATALOGUE

_TITLE = "coalesce(p.title, {}.product_id)"

BEST_SELLERS = f"""
SELECT {_TITLE.format("s")} AS product, sum(quantity) AS pieces, sum(revenue) AS revenue, sum(refunds) AS refunds, s.currency
FROM serving.sales s LEFT JOIN processed.products p USING (product_id)
GROUP BY s.product_id, p.title, s.currency ORDER BY sum(revenue) - sum(refunds) DESC, product LIMIT 10"""

DAYS = """
SELECT event_day, sum(order_lines), sum(quantity), sum(revenue), sum(refunds), currency FROM serving.sales
GROUP BY event_day, currency ORDER BY event_day DESC, currency LIMIT 10"""

FUNNEL = """
SELECT category, sum(views), sum(cart_adds), sum(purchases) FROM serving.funnel
GROUP BY category ORDER BY sum(purchases) DESC, sum(views) DESC, category LIMIT 8"""

SHOPPER = """
SELECT user_id FROM serving.interactions
WHERE user_id IN (SELECT user_id FROM serving.current_recommendations WHERE reason LIKE 'because%')
GROUP BY user_id HAVING sum(purchases) > 0 ORDER BY abs(count(*) - 20), user_id LIMIT 1"""

HISTORY = f"""
SELECT {_TITLE.format("i")}, views, cart_adds, purchases, last_at
FROM serving.interactions i LEFT JOIN processed.products p USING (product_id)
WHERE user_id = '{{}}' ORDER BY purchases > 0 DESC, last_at DESC, product_id LIMIT 6"""

RECOMMENDED = f"""
SELECT rank, {_TITLE.format("r")}, reason
FROM serving.current_recommendations r LEFT JOIN processed.products p USING (product_id)
WHERE user_id = '{{}}' ORDER BY rank LIMIT 6"""

FEEDBACK = """
SELECT position, sum(impressions), sum(clicks), sum(cart_adds), sum(purchases), sum(revenue)
FROM serving.recommendation_feedback WHERE position > 0 GROUP BY position ORDER BY position LIMIT 8"""

LEDGER = """
SELECT regexp_replace(source, '^kafka:', 'Kafka topic '), count(DISTINCT partition), sum(landed), sum(events), sum(duplicates), sum(rejects)
FROM ops.ledger GROUP BY source ORDER BY source"""

REJECTS = """
SELECT reason, count(*), left(min(nullif(trim(detail), '')), 40) FROM quarantine.activity GROUP BY reason ORDER BY count(*) DESC, reason"""

ARRIVED = """
SELECT epoch(arrived_at), count(*) FROM landing.activity WHERE source LIKE 'kafka:%' GROUP BY arrived_at ORDER BY arrived_at"""


def show(played: Played, seconds: float, console: Console, keep: bool) -> None:
    """Print the tables, one after the other, and last what came of it all in `seconds`."""
    for table in _tables(played):
        console.print(table)
    verdict = Text(f"all {len(played.findings)} checks hold", "bold green")
    if played.off:
        verdict = Text(f"{len(played.off)} of {len(played.findings)} checks are off", "bold red")
    console.print(verdict.append(f": {played.sent:,} records in {seconds:.0f} seconds", "default"), "")
    console.print(_addresses(played.settings))
    for line in _kept(played.settings) if keep else _LEFT:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


_LEFT = (
    "It is put away now. Next:",
    "  mart demo --keep                     leaves all of it for you to look around in",
    "  mart demo --data PATH --format F     plays your own data",
    "  mart up, mart --help                 begins by hand",
)


def _kept(settings: Settings) -> Iterator[str]:
    """Say what to try next."""
    home = "" if settings.home == Path(".mart").absolute() else f" --home {settings.home}"
    shop = next(one.address for one in services.status(settings.home) if one.name == STOREFRONT.name)
    yield "All of it is still there. Next:"
    yield f"  {shop}      click, put into the cart, and watch the list change; log in as a shopper of above"
    yield f"  mart dashboard{home}      the same tables as pages that follow them"
    yield f'  mart query "SELECT * FROM serving.sales ORDER BY revenue DESC LIMIT 10"{home}'
    yield f"  mart run streaming/live{home}      and beside it: mart generate --rate 200 --seconds 60{home}"
    yield f"  mart down{home}"


def _addresses(settings: Settings) -> Table:
    rows = [(one.title, one.address) for one in services.status(settings.home)]
    return shaped("Addresses", ("", ""), [*rows, ("lake", settings.lake)])


def _tables(played: Played) -> Iterator[Table]:
    settings = played.settings
    yield shaped("Best sellers", ("product", "pieces", "revenue", "refunds", ""), _ask(settings, BEST_SELLERS))
    yield shaped(
        "Sales by day (the last ten)", ("day", "order lines", "pieces", "revenue", "refunds", ""), _ask(settings, DAYS)
    )
    yield _funnel(settings)
    yield from _shopper(settings)
    columns = ("place", "seen", "clicked", "into the cart", "bought", "revenue")
    yield shaped("What became of the lists that shoppers were shown", columns, _ask(settings, FEEDBACK))
    yield from market_tables.tables(settings)
    yield _freshness(played)
    columns = ("source", "partitions", "landed", "= events", "+ duplicates", "+ rejects")
    yield shaped("Ledger: what became of every record", columns, _ask(settings, LEDGER))
    if rejects := _ask(settings, REJECTS):
        yield shaped("Rejects, in quarantine.activity", ("reason", "records", "e.g."), rejects)
    yield shaped("Sizes", ("table", "rows", "files", "MB"), list(_sizes(settings)))
    yield _checks(played)


def _ask(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    return duck.ask(settings, sql)[1]


def _funnel(settings: Settings) -> Table:
    """Put beside each step which share of the one before came that far."""
    rows = [
        (category, views, adds, _share(adds, views), purchases, _share(purchases, views))
        for category, views, adds, purchases in _ask(settings, FUNNEL)
    ]
    return shaped("Funnel by category", ("category", "views", "cart adds", "of views", "purchases", "of views"), rows)


def _share(part: object, whole: object) -> str:
    return f"{100 * int(str(part)) / int(str(whole)):.1f} %" if whole else "–"


def _shopper(settings: Settings) -> Iterator[Table]:
    found = _ask(settings, SHOPPER)
    if not found:
        return
    who = str(found[0][0])
    safe = who.replace("'", "''")
    columns = ("product", "views", "cart adds", "bought", "last")
    yield shaped(f"One shopper, {who}: what was done, bought first", columns, _ask(settings, HISTORY.format(safe)))
    yield shaped(f"What {who} should see next", ("", "product", "why"), _ask(settings, RECOMMENDED.format(safe)))


def _freshness(played: Played) -> Table:
    """From an event's sending to its being read by ingest, and to its place in the serving tables."""
    arrived, total = [], 0
    for at, count in _ask(played.settings, ARRIVED):
        total += int(str(count))
        arrived.append((float(str(at)), total))
    steps = {"read by ingest": arrived, "seen in speed and serving": played.seen.steps}
    first = played.seen.first  # they waited for Spark's warming up
    rows = [(name, *_spread(waits(played.seen.sent, reached)[first:])) for name, reached in steps.items()]
    return shaped("Freshness: seconds from sent to …", ("", "p50", "p99", "max", "records"), rows)


def _spread(seconds: Sequence[float]) -> tuple[object, ...]:
    if len(seconds) < 2:
        return "", "", "", len(seconds)
    percent = quantiles(seconds, n=100)
    return percent[49], percent[98], max(seconds), len(seconds)


def _sizes(settings: Settings) -> Iterator[tuple[object, ...]]:
    for table in CATALOGUE:
        if size := _size(settings, table):
            yield table.full_name, *size


def _size(settings: Settings, table: Declared) -> tuple[int, int, float] | None:
    """Rows, files and megabytes, as the Delta log has them."""
    opened = delta.open_table(settings, table.path)
    if opened is None:
        return None
    files = opened.get_add_actions(flatten=True)
    rows, sizes = (
        sum(value or 0 for value in files.column(name).to_pylist()) for name in ("num_records", "size_bytes")
    )
    return rows, files.num_rows, sizes / 1e6


def _checks(played: Played) -> Table:
    words = {True: Text("off", "red"), False: Text("ok", "green")}
    rows = [(words[one.off], one.check, one.subject, one.detail) for one in played.findings]
    return shaped("Proof", ("", "check", "of", "finding"), rows)
