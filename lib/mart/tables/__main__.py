"""Print the data dictionary: `python -m mart.tables > docs/data-dictionary.md`, or `make dictionary`."""

from mart.schema import page
from mart.tables import CATALOGUE, VIEWS

print(page.dictionary(CATALOGUE, VIEWS), end="")
