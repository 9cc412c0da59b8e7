"""The pages of the demo shops as HTML: each shop has a template of its own for its products.

In: what is offered on a day. Out: whole documents. What a script would need to show a product later is here as well.
"""

from dataclasses import dataclass
from html import unescape
from typing import Any

from mart.local.demoshop.chance import chance
from mart.local.demoshop.linked import linked
from mart.local.demoshop.market import Market, Offer
from mart.local.demoshop.shops import SHOPS, Shop, date_of
from mart.local.templates import environment
from mart.replay.shop import DEPARTMENTS

ON_A_PAGE = 12
RELATED = 4
PAINT = {
    "White": "#e8e8ee", "Black": "#2b2b33", "Red": "#c8403a", "Ivory": "#e9dfc3", "Sage": "#9caf88", "Navy": "#2f4a7d",
    "Copper": "#b8703f", "Rosé": "#dba3a3", "Sand": "#d6c29a", "Grey": "#8b9099",
}  # fmt: skip

_TEMPLATES = environment("mart.local.demoshop")


@dataclass(frozen=True)
class Pages:
    """Write pages; `root` is the host's address, for the links that must be whole."""

    market: Market

    def entrance(self) -> str:
        return _TEMPLATES.get_template("entrance.html").render(shops=SHOPS.values())

    def home(self, shop: Shop, day: int) -> str:
        newest = [self.market.offer(shop, n, day) for n in self.market.department(shop, "all", day)[:ON_A_PAGE]]
        return self._render("home.html", shop, {"newest": newest})

    def listing(self, shop: Shop, department: str, page: int, day: int) -> str | None:
        """Show a page of a department; None where there is no such page."""
        numbers = self.market.department(shop, department, day)
        pages = max(1, -(-len(numbers) // ON_A_PAGE))
        if not 1 <= page <= pages:
            return None
        shown = [self.market.offer(shop, n, day) for n in numbers[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]]
        title = shop.says["all"] if department == "all" else shop.department(department)
        path = f"/{shop.name}/c/{department}"
        return self._render(
            "listing.html", shop, {"offers": shown, "title": title, "path": path, "page": page, "pages": pages}
        )

    def product(self, offer: Offer, root: str) -> str:
        return self._render(f"{offer.shop.name}.html", offer.shop, self._about(offer, root))

    def shell(self, offer: Offer) -> str:
        """Write a product's page without the product: a script fetches it."""
        api = f"/{offer.shop.name}/api/{offer.sku}"
        return self._render("shell.html", offer.shop, {"api": api})

    def fragment(self, offer: Offer, root: str) -> dict[str, str]:
        """Give what the script puts into the shell."""
        template = _TEMPLATES.get_template(f"{offer.shop.name}.html")
        context = template.new_context(_common(offer.shop) | self._about(offer, root))
        title, main = ("".join(template.blocks[name](context)).strip() for name in ("title", "main"))
        return {"title": unescape(title), "main": main}

    def plain(self, shop: Shop, title: str, text: str = "") -> str:
        return self._render("plain.html", shop, {"title": title, "text": text})

    def _about(self, offer: Offer, root: str) -> dict[str, Any]:
        numbers = [int(chance(offer.sku, one) * self.market.products) for one in range(RELATED)]
        related = [offer.shop.entitle(self.market.good(offer.shop, n)) for n in numbers]
        links = [(name, offer.shop.path(name, offer.shop.sku_of(n))) for name, n in zip(related, numbers, strict=True)]
        reviews = self.market.reviews(offer)
        data = linked(offer, root, reviews)
        return {"offer": offer, "reviews": reviews, "related": links, "url": root + offer.path, "data": data}

    def _render(self, name: str, shop: Shop, about: dict[str, Any]) -> str:
        return _TEMPLATES.get_template(name).render(_common(shop) | about)


def _common(shop: Shop) -> dict[str, Any]:
    departments = [(f"/{shop.name}/c/{one}", shop.department(one)) for one in DEPARTMENTS]
    return {"shop": shop, "says": shop.says, "departments": departments, "date_of": date_of, "paint": PAINT}
