"""A declaration as a page for people: the data dictionary, in Markdown. `make dictionary` writes it."""

import re
from collections.abc import Iterable, Sequence

from mart.schema import HLL, Column, Table, View

_PREFACE = """\
# Data dictionary

Generated from the declarations in `lib/mart/tables` by `make dictionary`; a test keeps it fresh. A table lies at
`<lake>/<layer>/<name>` as Delta, and `mart query` knows tables and views by the names below. Instants are UTC, a
count is 0 rather than null, and key columns are never null. A *fold* says how values of one column become one when rows of a key
meet; a table with folds exists in the layers `batch`, `speed` and `serving`, and in `speed` also has `version` (of
`processed.events`) in its key and `bucket`, its partition."""


def dictionary(tables: Sequence[Table], views: Sequence[View], warehouse: Sequence[Table] = ()) -> str:
    """Write the whole dictionary: what there is, then a section each. The layers of a table share one.

    `warehouse`: tables that Snowflake alone holds, their layer a schema there.
    """
    sections = [(title(layers), layers[0].doc, markdown(*layers)) for layers in _by_name(tables)]
    sections += [(view.full_name, view.doc, _view(view)) for view in views]
    sections += [(_there(table), table.doc, snowflake(table)) for table in warehouse]
    index = _grid(("table", "what it holds"), [(_link(name), doc) for name, doc, _ in sections])
    return "\n\n".join([_PREFACE, index, *(text for _, _, text in sections)]) + "\n"


def title(layers: Sequence[Table]) -> str:
    """Name a table with its layers: `batch / speed / serving.sales`."""
    return f"{' / '.join(table.layer for table in layers)}.{layers[0].name}"


def markdown(*layers: Table) -> str:
    """Write one table: its sentence, key, partition and checks, and a row for each column as every layer has it."""
    table = next((one for one in layers if one.layer != "speed"), layers[0])
    facts = [f"Key: {_names(table.key)}"]
    facts += [f"partitioned by {_names(table.partition)}"] if table.partition else []
    facts += [f"check `{rule}`" for rule in table.checks.values()]
    cells = {"column": _name, "type": _type}
    cells |= {"in Snowflake": _in_snowflake} if any(one.layer == "serving" for one in layers) else {}
    cells |= {"fold": _fold} if table.foldable else {}
    cells |= {"what it says": _doc}
    rows = [[cell(column) for cell in cells.values()] for column in table.columns]
    return f"## {title(layers)}\n\n{table.doc} {'; '.join(facts)}.\n\n{_grid(tuple(cells), rows)}"


def snowflake(table: Table) -> str:
    """Write a table that Snowflake alone holds."""
    rows = [(f"`{column.name.upper()}`", column.type.snowflake, _doc(column)) for column in table.columns]
    key = _names(name.upper() for name in table.key)
    return f"## {_there(table)}\n\n{table.doc} Key: {key}.\n\n{_grid(('column', 'type', 'what it says'), rows)}"


def _there(table: Table) -> str:
    return f"Snowflake {table.full_name.upper()}"


def _by_name(tables: Iterable[Table]) -> list[list[Table]]:
    """Gather the layers of each foldable table; any other table stands alone, whatever it shares its name with."""
    found: dict[str, list[Table]] = {}
    for table in tables:
        found.setdefault(table.name if table.foldable else table.full_name, []).append(table)
    return list(found.values())


def _name(column: Column) -> str:
    return f"`{column.name}`"


def _type(column: Column) -> str:
    return column.type.spark


def _in_snowflake(column: Column) -> str:
    """A sketch stays on the lake; the estimate beside it is published."""
    return "–" if column.fold == HLL else column.type.snowflake


def _doc(column: Column) -> str:
    return column.doc.replace("<", "\\<")


def _fold(column: Column) -> str:
    if column.fold is None:
        return ""
    return f"{column.fold.name} of `{column.fold.of}`" if column.fold.of else column.fold.name


def _view(view: View) -> str:
    return f"## {view.full_name}\n\nA view. {view.doc}\n\n```sql\n{view.sql}\n```"


def _grid(header: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _link(name: str) -> str:
    """Link to a section as Markdown readers name it: lower case, blanks to hyphens, no punctuation."""
    anchor = re.sub(r"[^a-z0-9_ -]", "", name.lower()).replace(" ", "-")
    return f"[{name}](#{anchor})"
