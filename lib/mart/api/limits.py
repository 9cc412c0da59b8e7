"""How many requests a key may make: a bucket of one second's worth, which fills up again steadily."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class _Bucket:
    left: float
    at: float  # when `left` was true


class Limits:
    """Buckets by key; their number is that of the keys in the settings, so nothing grows."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str, per_second: float) -> float:
        """Take one request out of a key's bucket: 0, or the seconds until there is one in it."""
        now, most = self._clock(), max(1.0, per_second)
        bucket = self._buckets.setdefault(name, _Bucket(most, now))
        bucket.left = min(most, bucket.left + (now - bucket.at) * per_second)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) / per_second
        bucket.left -= 1
        return 0.0
