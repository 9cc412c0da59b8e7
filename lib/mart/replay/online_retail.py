"""UCI Online Retail, one CSV file a day: what a British gift shop sold, and took back, in 2010 and 2011.

In: lines of InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country.
Out: a purchase or refund a line, in GBP. The file's local times are taken as UTC.
"""

from collections.abc import Iterable, Iterator

from mart.replay.catalogue import Catalogue
from mart.replay.record import Record, event_id, instant, number, obj, text
from mart.replay.row import rows

NAME = "online-retail"
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
CURRENCY = "GBP"


def read(file_name: str, lines: Iterable[bytes], catalogue: Catalogue) -> Iterator[Record]:
    """Turn each line into one record; a line that can't be read is passed on as it is."""
    for line_number, line, row in rows(lines, COLUMNS):
        yield _record(event_id(NAME, file_name, line_number), row, catalogue) if row else (None, line)


def _record(identity: str, row: list[str], catalogue: Catalogue) -> Record:
    invoice, stock_code, description, quantity, date, price, customer, country = row
    pieces, at = number(quantity), instant(date)
    event_type = "refund" if invoice.startswith("C") or pieces.startswith("-") else "purchase"
    user_id = customer.removesuffix(".0")  # a spreadsheet made a floating point number of it
    event = {
        "event_id": text(identity),
        "event_type": text(event_type),
        "event_at": text(at),
        "user_id": text(user_id) if user_id else None,
        "session_id": text(invoice),
        "product_id": text(stock_code),
        "order_id": text(invoice),
        "quantity": pieces.removeprefix("-"),
        "price": number(price),
        "currency": text(CURRENCY),
        "properties": obj({"country": text(country)}),
    }
    # Corrections of stock come as sales at price 0, with notes such as "damaged" or "?" where the title should be.
    title, sound = description.strip(), event_type == "purchase" and price.strip("0.") != ""
    catalogue.see(stock_code, at, sound=sound, title=title, price=price, currency=CURRENCY)
    return (user_id or invoice).encode() or None, obj(event).encode()
