"""The storefront's pages as HTML."""

import zlib
from typing import Any

from mart.local.templates import environment

_TEMPLATES = environment("mart.local.storefront")


def page(name: str, **about: Any) -> str:  # noqa: ANN401
    """Write a page, or a piece of one."""
    return _TEMPLATES.get_template(f"{name}.html").render(about)


def hue(product_id: str) -> int:
    """Give a product a colour of its own [degrees]: no picture of it is known."""
    return zlib.crc32(product_id.encode()) % 360


def label(category: str) -> str:
    """Word a category for people: `home.wall_clock` is `Home · Wall clock`."""
    return " · ".join(one.replace("_", " ").capitalize() for one in category.split("."))


def money(amount: float | None, currency: str | None) -> str:
    """Word a price; empty where it is not known."""
    return "" if amount is None else f"{amount:,.2f} {currency or ''}".rstrip()


_TEMPLATES.filters.update(hue=hue, label=label, money=money)
