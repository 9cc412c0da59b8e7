"""Notebooks run as Jupyter runs them, and what they show is read back."""

import os
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from mart.notebooks.book import VEGA

FOLDER = Path(__file__).parents[2] / "notebooks"
FILES = sorted(FOLDER.glob("*.ipynb"))


@dataclass(frozen=True)
class Run:
    """A notebook that has run to its end."""

    notebook: NotebookNode

    @property
    def outputs(self) -> list[NotebookNode]:
        return [output for cell in self.notebook.cells for output in cell.get("outputs", [])]

    @property
    def charts(self) -> dict[str, dict[str, Any]]:
        """The charts' specifications, by title."""
        found = [output.data[VEGA] for output in self.outputs if VEGA in output.get("data", {})]
        return {one["title"]["text"]: one for one in found}

    @property
    def said(self) -> list[str]:
        """What was said in Markdown, in order."""
        return [one.data["text/markdown"] for one in self.outputs if "text/markdown" in one.get("data", {})]

    @property
    def tables(self) -> list[list[dict[str, str]]]:
        """The tables, each as rows by the columns' names."""
        pages = [one.data["text/html"] for one in self.outputs if "<table" in one.get("data", {}).get("text/html", "")]
        return [_rows(page) for page in pages]

    def rows(self, title: str) -> list[dict[str, Any]]:
        """The rows that a chart draws: the most that it has, for lines across it are rows of their own."""
        return max(self.charts[title]["datasets"].values(), key=len)


def run(name: str, home: Path, environment: dict[str, str] | None = None, **parameters: object) -> Run:
    """Run a notebook over a home, with parameters set anew after its first cell, as papermill does. Raises CellExecutionError."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    place = next(i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    given = {"HOME": str(home), **parameters}
    notebook.cells.insert(place + 1, new_code_cell("\n".join(f"{name} = {value!r}" for name, value in given.items())))
    client = NotebookClient(notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    client.execute(env={**os.environ, **(environment or {})})
    return Run(notebook)


def _rows(page: str) -> list[dict[str, str]]:
    heads = [_text(cell) for cell in re.findall(r"<th [^>]*col_heading[^>]*>(.*?)</th>", page, re.DOTALL)]
    lines = re.findall(r"<tr>(.*?)</tr>", page.split("<tbody>")[1], re.DOTALL)
    cells = [[_text(cell) for cell in re.findall(r"<td [^>]*>(.*?)</td>", line, re.DOTALL)] for line in lines]
    return [dict(zip(heads, row, strict=True)) for row in cells]


def _text(cell: str) -> str:
    return unescape(cell.strip())
