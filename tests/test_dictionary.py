"""The data dictionary in docs/ is what the declarations say."""

from pathlib import Path

from mart.schema import LONG, STRING, SUM, Column, Table, View, page
from mart.tables import CATALOGUE, VIEWS, WAREHOUSE

FILE = Path(__file__).parents[1] / "docs" / "data-dictionary.md"


def test_the_dictionary_is_fresh() -> None:
    assert FILE.read_text() == page.dictionary(CATALOGUE, VIEWS, WAREHOUSE), "it is not: run `make dictionary`"


def test_every_column_of_every_table_is_in_it() -> None:
    text = FILE.read_text()
    rows = {(c.name, c.type.spark) for table in CATALOGUE if table.layer != "speed" for c in table.columns}
    assert [row for row in sorted(rows) if f"| `{row[0]}` | {row[1]} |" not in text] == []


def test_what_snowflake_alone_holds_is_in_it() -> None:
    text = FILE.read_text()
    for table in WAREHOUSE:
        assert f"## Snowflake {table.full_name.upper()}\n" in text
        assert all(f"| `{c.name.upper()}` | {c.type.snowflake} | {c.doc} |" in text for c in table.columns)


def test_the_layers_of_a_table_share_a_section() -> None:
    columns = (Column("who", STRING, "A | b <c>."), Column("times", LONG, "How often.", fold=SUM))
    visits = Table("visits", "Who came.", columns, ("who",))
    view = View("ops", "v", "A question.", "SELECT 1")
    text = page.dictionary([visits.at("speed"), visits.at("batch"), visits.at("serving")], [view])
    assert text.count("## ") == 2
    assert "## speed / batch / serving.visits\n\nWho came. Key: `who`.\n" in text
    assert "| `who` | STRING | VARCHAR |  | A \\| b \\<c>. |" in text
    assert "| `times` | BIGINT | NUMBER(19,0) | sum | How often. |" in text
    assert "## ops.v\n\nA view. A question.\n\n```sql\nSELECT 1\n```" in text


def test_tables_that_only_share_a_name_have_a_section_each() -> None:
    offers = Table("offers", "What is offered.", (Column("shop", STRING, "The shop."),), ("shop",))
    text = page.dictionary([offers.at("landing"), offers.at("processed")], [])
    assert "## landing.offers\n" in text
    assert "## processed.offers\n" in text
