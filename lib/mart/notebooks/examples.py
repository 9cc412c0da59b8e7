"""What the factors of both versions show to the same shoppers: lists side by side, and how far popular products crowd others out.

In: a review; the factors of its versions, batch.interactions, processed.products. Out: frames. A list holds products that the
shopper has had nothing to do with, all of them ranked; what is served leaves out more, such as what is not in stock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mart.edges import factors
from mart.edges.factors import NoFactors
from mart.models import scan
from mart.models.segments import by_size
from mart.notebooks.book import Book
from mart.notebooks.review import Review
from mart.tables import ITEM_FACTORS

K = 10
FIFTHS = ("1, most shoppers", "2", "3", "4", "5, fewest")  # of the products, by how many shoppers know them
ACTED = "what shoppers chose"
FORMATS = {"coverage": "{:.1%}", "first_fifth": "{:.1%}", "in_both": f"{{:.1f}} of {K}", "same_first": "{:.0%}"}
ONLY = " ◂ only here"

ASKED = """
SELECT user_id FROM batch.user_factors WHERE model_version IN (SELECT unnest(?)) GROUP BY user_id HAVING count(*) = ?
ORDER BY hash(user_id), user_id LIMIT ?"""

PLACED = """
SELECT user_id, factors FROM batch.user_factors WHERE model_version = ? AND user_id IN (SELECT unnest(?)) ORDER BY user_id"""

KNOWN = "SELECT user_id, product_id FROM batch.interactions WHERE user_id IN (SELECT unnest(?)) ORDER BY user_id, product_id"

POPULAR = "SELECT product_id FROM batch.interactions GROUP BY product_id ORDER BY count(*) DESC, product_id"

DID = """
SELECT coalesce(p.title, i.product_id) AS product, i.views, i.cart_adds, i.purchases, strftime(i.last_at, '%Y-%m-%d') AS last
FROM batch.interactions i LEFT JOIN processed.products p USING (product_id) WHERE user_id = ?
ORDER BY i.purchases DESC, i.cart_adds DESC, i.views DESC, i.last_at DESC, product LIMIT ?"""

TITLES = "SELECT product_id, title FROM processed.products WHERE product_id IN (SELECT unnest(?)) AND title IS NOT NULL"


@dataclass(frozen=True)
class Lists:
    """What each version shows to some shoppers: ids, best first, fewer than K where no more are left."""

    shown: Mapping[str, Mapping[str, list[str]]]  # by what the version is here, then by shopper
    known: pd.DataFrame  # (user_id, product_id): what these shoppers have had to do with
    popular: list[str]  # products by how many shoppers know them, most first

    @property
    def users(self) -> list[str]:
        """The shoppers, in order of id."""
        return list(next(iter(self.shown.values()), {}))

    def both(self, user: str) -> int:
        """Count the products that stand in every version's list."""
        return len(set.intersection(*(set(lists[user]) for lists in self.shown.values())))


def lists(book: Book, review: Review, most: int) -> Lists:
    """Rank all products for some of the shoppers whom every version knows, chosen by hash; none where factors are missing."""
    versions = {f"{role} ({one.version})": one.version for role, one in review.versions.items()}
    users = list(book.ask(ASKED, list(versions.values()), len(versions), most)["user_id"])
    known = book.ask(KNOWN, users)
    try:
        shown = {role: _ranked(book, version, users, known) for role, version in versions.items()} if users else {}
    except NoFactors as error:
        book.say(f"No lists: {error}.")
        shown = {}
    return Lists(shown, known, list(book.ask(POPULAR)["product_id"]))


def _ranked(book: Book, version: str, users: list[str], known: pd.DataFrame) -> dict[str, list[str]]:
    items = factors.read(book.settings, ITEM_FACTORS, version)
    placed = book.ask(PLACED, version, users)
    shoppers = np.asarray(placed["factors"].to_list(), np.float32)
    rows = np.searchsorted(placed["user_id"].to_numpy(str), known["user_id"].to_numpy(str))
    products = _positions(items.ids, known["product_id"])
    inside = products >= 0
    found, scores = scan.best_many(items.factors, shoppers, None, K, (rows[inside], products[inside]))
    ids = np.asarray(items.ids.to_pylist(), object)
    rows_of = zip(placed["user_id"], found, scores, strict=True)
    return {user: list(ids[best[np.isfinite(score)]]) for user, best, score in rows_of}


def _positions(ids: pa.StringArray, asked: pd.Series) -> NDArray[np.int64]:
    found = pc.index_in(pa.array(asked, pa.string()), value_set=ids)
    return np.asarray(found.fill_null(-1), np.int64)


def groups(some: Lists) -> dict[str, list[str]]:
    """Tell the shoppers apart as the gate does, by the products they know; a group without any is left out."""
    counts = some.known.groupby("user_id").size()
    sizes = np.array([counts.get(user, 0) for user in some.users], np.int64)
    of = {name: [some.users[row] for row in np.flatnonzero(part)] for name, part in by_size(sizes).items()}
    return {name: users for name, users in of.items() if users}


def shared(some: Lists) -> pd.DataFrame:
    """Give how much the lists of both versions agree: (who, shoppers, in_both, same_first). Empty with one version alone."""
    if len(some.shown) < 2:
        return pd.DataFrame()
    first, second = some.shown.values()
    rows = [
        {
            "who": name,
            "shoppers": len(users),
            "in_both": float(np.mean([some.both(user) for user in users])),
            "same_first": float(np.mean([first[user][:1] == second[user][:1] for user in users])),
        }
        for name, users in groups(some).items()
    ]
    return pd.DataFrame(rows)


def summary(some: Lists) -> pd.DataFrame:
    """Give what each version shows of the catalogue: (who, shoppers, products_shown, coverage, first_fifth)."""
    fifths = _fifths(some)
    rows = []
    for who, shown in some.shown.items():
        places = pd.Series([product for products in shown.values() for product in products])
        head = float((places.map(fifths) == FIFTHS[0]).mean())
        rows.append({"who": who, "shoppers": len(shown), "products_shown": places.nunique(), "first_fifth": head})
    frame = pd.DataFrame(rows)
    return frame.assign(coverage=frame["products_shown"] / len(some.popular)) if len(frame) else frame


def places(some: Lists) -> pd.DataFrame:
    """Give the share of the places that go to each fifth of the products, and of what shoppers chose: (segment, who, value)."""
    fifths = _fifths(some)
    chosen = {who: [one for products in shown.values() for one in products] for who, shown in some.shown.items()}
    chosen |= {ACTED: list(some.known["product_id"])} if chosen else {}
    rows = [
        {"segment": fifth, "who": who, "value": float((pd.Series(products).map(fifths) == fifth).mean())}
        for who, products in chosen.items()
        for fifth in FIFTHS
    ]
    return pd.DataFrame(rows)


def _fifths(some: Lists) -> dict[str, str]:
    many = len(some.popular)
    return {product: FIFTHS[place * len(FIFTHS) // many] for place, product in enumerate(some.popular)}


def telling(some: Lists) -> dict[str, str]:
    """Choose a shopper of each group whose lists differ most; it is not what most shoppers see."""
    return {name: min(users, key=lambda user: (some.both(user), user)) for name, users in groups(some).items()}


def show(book: Book, some: Lists, history: int = 5) -> None:
    """Show, for a shopper of each group, what they did and what each version would show them."""
    for name, user in telling(some).items():
        agree = f", {some.both(user)} of {K} products in both lists" if len(some.shown) > 1 else ""
        book.say(f"**One of the {name}**, `{user}`{agree}. What they did, up to {history} products:")
        book.table(book.ask(DID, user, history))
        book.table(side_by_side(book, some, user))
    if not some.users:
        book.nothing()


def side_by_side(book: Book, some: Lists, user: str) -> pd.DataFrame:
    """Lay a shopper's lists beside each other, by title; what one version alone shows is marked."""
    asked = sorted({product for shown in some.shown.values() for product in shown[user]})
    found = book.ask(TITLES, asked)
    titles: dict[str, str] = dict(zip(found["product_id"], found["title"], strict=True))
    columns = {who: pd.Series(list(_worded(some, who, user, titles)), dtype=object) for who in some.shown}
    frame = pd.DataFrame(columns)
    frame.insert(0, "place", range(1, len(frame) + 1))
    return frame


def _worded(some: Lists, who: str, user: str, titles: Mapping[str, str]) -> Iterator[str]:
    others = [set(shown[user]) for one, shown in some.shown.items() if one != who]
    for product in some.shown[who][user]:
        alone = others and product not in set.union(*others)
        yield f"{titles.get(product, product)}{ONLY if alone else ''}"
