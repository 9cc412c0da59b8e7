"""What a person is told, the channels that bring it, and the patience that they share."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, Protocol

from mart.settings import Alerts

log = logging.getLogger(__name__)

Severity = Literal["info", "warning", "critical"]
Sleep = Callable[[float], None]

LONGEST_WAIT = 300.0  # seconds that a receiver may ask for: whoever waits longer had better do something else


class AlertsError(RuntimeError):
    """A message did not reach its receiver; the text says what to do."""


class PassingFault(Exception):
    """It may work a little later: after `wait` seconds, where the receiver said how many."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


@dataclass(frozen=True)
class Message:
    """What a person is told."""

    id: str  # the same for the same thing, however often it is sent
    title: str
    lines: tuple[str, ...] = ()
    severity: Severity = "info"

    @property
    def digest(self) -> str:
        """The id in characters that every receiver takes."""
        return blake2b(self.id.encode(), digest_size=16).hexdigest()

    @property
    def subject(self) -> str:
        """The title on one line."""
        return " ".join(self.title.split())

    @property
    def text(self) -> str:
        return "\n".join([*self.lines, "", f"id: {self.id}"])


class Channel(Protocol):
    """A way to people."""

    def send(self, message: Message) -> None:
        """Deliver a message. Raises AlertsError."""


def insist(alerts: Alerts, attempt: Callable[[], None], sleep: Sleep = time.sleep) -> None:
    """Try again while the fault passes, waiting as long as the receiver asks, else twice as long each time."""
    for number in range(1, alerts.tries + 1):
        try:
            attempt()
        except PassingFault as fault:
            wait = alerts.backoff_seconds * 2 ** (number - 1) if fault.wait is None else fault.wait
            if wait > LONGEST_WAIT:
                raise AlertsError(f"{fault}, and asks to wait {wait:g} s: send it again then") from None
            if number == alerts.tries:
                raise AlertsError(f"{fault}; gave up after {number} tries: send it again later") from None
            log.warning("%s; try %d of %d in %g s", fault, number + 1, alerts.tries, wait)
            sleep(wait)
        else:
            return
