"""What a page shows to a person: the careful reading for shops that nobody wrote rules for.

In: a parsed page and its locale. Out: the price that is shown for the product, its list price, number and stock.
A price is looked for as a person does: near the title, written as a price, not struck out, not in a list of other products.
Words are those that shops of many countries put into class names (English nearly everywhere) and into texts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel import Locale
from lxml.html import HtmlElement

from scrapers.pages import values
from scrapers.pages.values import Money

_UNSEEN = {"script", "style", "noscript", "template", "head", "title", "option", "select", "iframe", "svg", "textarea"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CENTS = re.compile(r"cent|fraction|decimal|sup\b|kopeck|penny|pence", re.IGNORECASE)
PRICED = re.compile(r"price|preis|prix|precio|prezzo|preco|cena|hinta|pris\b|amount|prc|cijena|kaina", re.IGNORECASE)
_LONGEST = 70  # characters of a text that is a price, with its label

_NAMING = {"class", "id", "itemprop", "data-hook", "data-automation", "data-role"}
_STRUCK = {"del", "s", "strike"}


@dataclass
class Shown:
    """An amount that the page shows, where, and how much it looks like the product's price."""

    money: Money
    element: HtmlElement
    text: str
    place: int
    struck: bool = False
    score: float = 0.0


def seen(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Walk through what is shown, in reading order."""
    stack = [tree]
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str) or element.tag in _UNSEEN:
            continue
        if element.tag != "body" and (element.get("hidden") is not None or _HIDDEN.search(element.get("style") or "")):
            continue
        yield element
        stack.extend(reversed(element))


def text(element: HtmlElement, longest: int = 1_000_000) -> str:
    """The text of an element as it is read: the cents that stand small behind an amount belong to it.

    Reading stops beyond `longest` characters, so that a look at a whole page costs no more than one at a line.
    """
    out: list[str] = []
    length = 0
    for raw, small in _pieces(element):
        out.append(_glued(out, " ".join(raw.split()), small))
        length += len(out[-1])
        if length > longest:
            break
    return "".join(out)


def own_text(element: HtmlElement) -> str:
    """What an element says itself, without the elements inside it."""
    return (element.text or "") + " ".join(child.tail or "" for child in element)


def _pieces(element: HtmlElement) -> Iterator[tuple[str, bool]]:
    """The texts inside an element that are shown, in order, each with whether it stands small; no further than asked for."""
    open_ones: list[tuple[bool, Iterator[HtmlElement]]] = []

    def enter(one: HtmlElement) -> Iterator[tuple[str, bool]]:
        if isinstance(one.tag, str) and one.tag not in _UNSEEN and not _HIDDEN.search(one.get("style") or ""):
            open_ones.append((_small(one), iter(one)))
            if one.text and not one.text.isspace():
                yield one.text, _small(one)
        else:
            open_ones.append((False, iter(())))

    yield from enter(element)
    entered = [element]
    while open_ones:
        child = next(open_ones[-1][1], None)
        if child is not None:
            entered.append(child)
            yield from enter(child)
            continue
        open_ones.pop()
        tail = entered.pop().tail
        if open_ones and tail and not tail.isspace():
            yield tail, open_ones[-1][0]


def _glued(before: list[str], piece: str, small: bool) -> str:
    """Write a piece behind those before it: with a space, but for separators and cents."""
    if not before:
        return piece
    last = "".join(before[-2:])
    if re.fullmatch(r"\d\d", piece) and (re.search(r"\d$", last) if small else values.whole(last)):
        return f".{piece}"
    return piece if piece[0] in ".," or (piece[0].isdigit() and re.search(r"\d[.,]$", last)) else f" {piece}"


def _small(element: HtmlElement) -> bool:
    return element.tag == "sup" or bool(_CENTS.search(element.get("class") or ""))


def names(element: HtmlElement) -> str:
    """What an element's author called it."""
    said = (
        value
        for name, value in element.items()
        if name in _NAMING or name.startswith(("data-test", "data-qa", "data-cy"))
    )
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", "-", " ".join(said))


def amounts(elements: Sequence[HtmlElement], locale: Locale | None) -> list[Shown]:
    """Find every amount of money that is shown, each in the smallest element that holds it whole."""
    found: list[Shown] = []
    taken: set[HtmlElement] = set()
    for place, element in enumerate(elements):
        own = (element.text or "") + "".join(child.tail or "" for child in element)
        if not re.search(r"\d", own) or len(own) > 400:
            continue
        holder = element
        for _ in range(4):
            if holder is None or holder in taken or len(said := text(holder, _LONGEST)) > _LONGEST:
                break
            sums = list(values.money(said, locale))
            if not sums and PRICED.search(names(holder)) and (lone := values.lone(said, locale)) is not None:
                sums = [Money(lone, None, (0, len(said)))]
            if sums:
                taken.add(holder)
                struck = _is_struck(holder)
                found += [Shown(one, holder, said, place, struck) for one in sums if one.amount]
                break
            holder = holder.getparent()
    return _smallest(found)


def _smallest(found: list[Shown]) -> list[Shown]:
    """Leave out what an element around it says again: a number beside an amount leads to the same holder."""
    inner: set[tuple[HtmlElement, Decimal]] = set()
    for one in found:
        for around in one.element.iterancestors():
            if (around, one.money.amount) in inner:
                break
            inner.add((around, one.money.amount))
    return [one for one in found if (one.element, one.money.amount) not in inner]


def _is_struck(element: HtmlElement) -> bool:
    above = [element, *ancestors(element, 2)]
    inside = [child for child in element.iter() if child is not element and child.tag in _STRUCK]
    return any(one.tag in _STRUCK or "line-through" in (one.get("style") or "") for one in above) or (
        bool(inside) and len(text(inside[0])) >= len(text(element)) - 4
    )


def ancestors(element: HtmlElement, number: int) -> list[HtmlElement]:
    """The nearest elements around one, inside the body."""
    found: list[HtmlElement] = []
    for one in element.iterancestors():
        if len(found) == number or one.tag in ("body", "html"):
            break
        found.append(one)
    return found
