"""What the shop sells."""

from mart.schema import BOOLEAN, MONEY, STRING, TIMESTAMP, Column, Table

PRODUCTS = Table(
    layer="processed",
    name="products",
    doc="The shop's catalogue: the newest state of each product.",
    columns=(
        Column("product_id", STRING, "The shop's number of the product."),
        Column("title", STRING, "Name that shoppers see."),
        Column("brand", STRING, "Maker; null where unknown."),
        Column("category", STRING, "Category path, levels separated by a dot or ' > ' as the source has them."),
        Column("price", MONEY, "Latest known price of one piece, in `currency`."),
        Column("currency", STRING, "ISO 4217 code of the price."),
        Column("in_stock", BOOLEAN, "Whether it can be bought; null where unknown."),
        Column("updated_at", TIMESTAMP, "When this state was true, UTC."),
    ),
    key=("product_id",),
    checks={"price_not_negative": "price >= 0"},
)
