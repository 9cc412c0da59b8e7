"""Read lines with a format, as replay does."""

import json
from collections.abc import Iterable
from typing import Any

from mart.replay import FORMATS
from mart.replay.catalogue import Catalogue
from mart.replay.record import Record


def read(
    name: str, lines: Iterable[bytes], file_name: str = "day.csv"
) -> tuple[list[Record], dict[str, dict[str, Any]]]:
    """Give the records of the lines, and the products by product_id."""
    catalogue = Catalogue()
    records = list(FORMATS[name].read(file_name, lines, catalogue))
    products = [json.loads(line) for line in catalogue.lines()]
    return records, {product.pop("product_id"): product for product in products}
