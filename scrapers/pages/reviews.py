"""What shoppers wrote about a product. Their names leave the page as hashes only."""

import hashlib
import re

from babel import Locale

from scrapers.item import Review
from scrapers.pages import dates, values
from scrapers.pages.syntaxes import Node, many, name_of, text

_STARS = re.compile(r"^\d(?:[.,]\d)?\s(?:out of|von|sur|de|su|van)\s5\s\S+\s+", re.IGNORECASE)


def stated(node: Node, locale: Locale | None) -> Review:
    """Read a review as structured data states it; one without a number gets a hash of who wrote what."""
    author, body = name_of(node.get("author")), text(node.get("reviewBody")) or text(node.get("description"))
    rated = next((one for one in many(node.get("reviewRating")) if isinstance(one, dict)), {})
    stars = values.rating(
        text(rated.get("ratingValue")), float(values.lone(text(rated.get("bestRating")) or "5", None) or 5)
    )
    return Review(
        review_id=text(node.get("@id")) or text(node.get("identifier")) or hashed(f"{author}\n{body}"),
        rating=None if stars is None else round(stars[0] * 5 / stars[1], 2),
        title=text(node.get("name")) or text(node.get("headline")),
        body=body,
        author_hash=None if author is None else hashed(author),
        reviewed_at=dates.written(text(node.get("datePublished")), locale),
    )


def hashed(name: str) -> str:
    """Stand for a name: 16 hex digits of its SHA-256."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def untitled(title: str | None) -> str | None:
    """Take away the stars that some shops write before a review's title."""
    return None if title is None else _STARS.sub("", title)
