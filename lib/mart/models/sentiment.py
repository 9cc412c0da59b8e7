"""The tone of a review, by VADER: a lexicon and rules for English, brought along by its package; nothing is downloaded.

Source: Hutto and Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text, ICWSM 2014.
"""

from collections.abc import Iterable
from functools import cache

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import DoubleType, StructField, StructType
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped]

LONGEST = 4_000  # characters that are judged: VADER's time grows with the square of a text's words


def with_tone(reviews: DataFrame) -> DataFrame:
    """Add `sentiment` to rows with title and body."""
    schema = StructType([*reviews.schema.fields, StructField("sentiment", DoubleType())])
    return reviews.mapInArrow(_judge, schema)


def _judge(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
    for batch in batches:
        texts = zip(batch.column("title").to_pylist(), batch.column("body").to_pylist(), strict=True)
        tones = pa.array([tone(*text) for text in texts], pa.float64())
        yield pa.RecordBatch.from_arrays([*batch.columns, tones], names=[*batch.schema.names, "sentiment"])


def tone(title: str | None, body: str | None) -> float | None:
    """Judge a review from -1 (bad) to 1 (good), 0 where no word is known; None without text."""
    text = ". ".join(part.strip() for part in (title, body) if part and part.strip())
    return float(_analyzer().polarity_scores(text[:LONGEST])["compound"]) if text else None


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()
