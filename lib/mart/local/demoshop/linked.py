"""A product as JSON-LD, in the shape that search engines ask shops for."""

from typing import Any

from mart.local.demoshop.market import Offer, Review
from mart.local.demoshop.shops import date_of


def linked(offer: Offer, root: str, reviews: list[Review]) -> list[dict[str, Any]]:
    """Describe an offer and the path to it; what the shop doesn't state is left out."""
    product = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": offer.title,
        "url": root + offer.path,
        "image": f"{root}/{offer.shop.name}/image/{offer.sku}.svg",
        "sku": offer.sku,
        "gtin13": offer.gtin,
        "mpn": offer.mpn,
        "brand": {"@type": "Brand", "name": offer.brand},
        "offers": _offer(offer),
        "aggregateRating": _rated(offer),
        "review": [_review(one) for one in reviews],
    }
    steps = [
        {"@type": "ListItem", "position": place, "name": name} for place, name in enumerate(offer.category, start=1)
    ]
    trail = {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": steps}
    return [{name: value for name, value in product.items() if value}, trail]


def _offer(offer: Offer) -> dict[str, Any]:
    said = {
        "@type": "Offer",
        "price": str(offer.price),
        "priceCurrency": offer.shop.currency,
        "availability": f"https://schema.org/{'InStock' if offer.state.in_stock else 'OutOfStock'}",
    }
    if offer.list_price is None:
        return said
    struck = {
        "@type": "UnitPriceSpecification",
        "priceType": "https://schema.org/StrikethroughPrice",
        "price": str(offer.list_price),
        "priceCurrency": offer.shop.currency,
    }
    return said | {"priceSpecification": struck}


def _rated(offer: Offer) -> dict[str, Any] | None:
    if not offer.state.reviewed:
        return None
    counts = {"ratingCount": offer.rating_count, "reviewCount": len(offer.state.reviewed)}
    return {"@type": "AggregateRating", "ratingValue": offer.rating, "bestRating": 5, **counts}


def _review(review: Review) -> dict[str, Any]:
    return {
        "@type": "Review",
        "@id": review.review_id,
        "author": {"@type": "Person", "name": review.author},
        "datePublished": date_of(review.day).date().isoformat(),
        "name": review.title,
        "reviewBody": review.body,
        "reviewRating": {"@type": "Rating", "ratingValue": review.stars, "bestRating": 5},
    }
