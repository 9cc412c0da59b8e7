"""Print the data dictionary: `python -m mart.tables > docs/data-dictionary.md`, or `make dictionary`."""

from mart.schema import page
from mart.tables import CATALOGUE, VIEWS, WAREHOUSE

print(page.dictionary(CATALOGUE, VIEWS, WAREHOUSE), end="")
