"""What the notebooks are made of: asking a lake, drawing the answer, comparing recommenders, reviewing a model. No Spark in here.

In: the home that a notebook's first cell names. Out: frames, what Jupyter shows below a cell, and the record of a review.
"""

from mart.notebooks.book import Book, opened

__all__ = ["Book", "opened"]
