"""A cron line: when it is due, in UTC, and how EventBridge says the same.

In: a line as crontab(5) has it, five fields or @daily and its like. Out: instants, and a schedule expression. What some crons
add (seconds, L, W, #, H) is refused: not all of them agree on it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from croniter import croniter
from croniter.croniter import CroniterError

_ITEM = r"(\*|(\d+|[a-z]{3})(-(\d+|[a-z]{3}))?)(/\d+)?"
_FIELD = re.compile(rf"{_ITEM}(,{_ITEM})*", re.IGNORECASE)
_FIELDS = 5


class BadCron(ValueError):
    """A line that is no cron line, or one that EventBridge has no words for; the message says why."""


@dataclass(frozen=True)
class Cron:
    """A line that is due now and then. Raises BadCron."""

    line: str

    def __post_init__(self) -> None:
        fields = self.line.split()
        plain = len(fields) == _FIELDS and all(_FIELD.fullmatch(field) for field in fields)
        if not plain and not re.fullmatch("@[a-z]+", self.line):
            raise BadCron(
                f"{self.line!r} is no cron line: five fields, minute hour day month weekday, as in '30 3 * * *'"
            )
        try:
            self.after(datetime.now(UTC))
        except CroniterError as error:
            raise BadCron(f"{self.line!r} is no cron line that is ever due: {error}") from None

    def after(self, moment: datetime) -> datetime:
        """Say when it is due next."""
        found: datetime = self._from(moment).get_next(datetime)
        return found

    def turns(self, moment: datetime, count: int) -> list[datetime]:
        """Say when it is due the next few times."""
        turns: Iterator[datetime] = self._from(moment).all_next(datetime)
        return list(islice(turns, count))

    def latest(self, moment: datetime) -> datetime:
        """Say when it was due last, this very second included."""
        found: datetime = self._from(moment.replace(microsecond=0) + timedelta(seconds=1)).get_prev(datetime)
        return found

    def eventbridge(self) -> str:
        """Say it as EventBridge does: a year more, weekdays from SUN = 1, and one kind of day only. Raises BadCron."""
        (minute, hour, day, month, weekday), _ = croniter.expand(self.line)
        if day != ["*"] and weekday != ["*"]:
            raise BadCron(
                f"{self.line!r}: EventBridge can't have both a day of the month and a weekday: leave one of them *"
            )
        days = ("?", _said(weekday, first=1)) if weekday != ["*"] else (_said(day), "?")
        return f"cron({_said(minute)} {_said(hour)} {days[0]} {_said(month)} {days[1]} *)"

    def _from(self, moment: datetime) -> "croniter":
        # "The cron bug" is what crontab(5) documents: day and weekday are either-or only where neither begins with *.
        return croniter(self.line, moment.astimezone(UTC), implement_cron_bug=True)


def _said(values: Sequence[int | str], first: int = 0) -> str:
    """Write the values of a field as ranges, counted from `first` instead of from 0."""
    if list(values) == ["*"]:
        return "*"
    runs: list[list[int]] = []
    for value in sorted(int(one) + first for one in values):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
