"""What has happened since the version of the lake that the history stands at: the overlay, by shopper and by session.

In: events in the order of the topic, each with its place there. Out: a shopper's acts beyond the history, cart, visit and
clicks. An act stays with its place in the topic, and a reader who holds a history leaves out the acts that the history has
already: so histories can be swapped at any time, and nothing is counted twice or not at all.

Bounded: shoppers and sessions who have been idle longest go first, an act costs some 300 bytes, a shopper some 900.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from mart.api.acts import COUNTED, Act, Event, Micros, beyond

TAKEN_OUT = ("cart_remove", "purchase")


@dataclass(frozen=True)
class Bounds:
    """What is held at most."""

    shoppers: int = 200_000  # and as many sessions
    acts: int = 1_000  # of a session, or of an account beyond the history
    sessions: int = 16  # of an account that are joined to it
    identities: int = 500_000  # of events, by which a repeated one is known


class Click(NamedTuple):
    """Which list, and which place in it, a shopper came from to a product."""

    recommendation_id: str
    position: int | None
    at: Micros


@dataclass
class Trace:
    """What one shopper, or one session, has left behind."""

    acts: list[Act] = field(default_factory=list)
    cart: dict[str, Micros] = field(default_factory=dict)
    clicks: dict[str, Click] = field(default_factory=dict)
    sessions: dict[str, Micros] = field(default_factory=dict)  # of an account: the visits in which it was logged in
    newest: Micros = 0
    unknown_at_first: bool = False  # of a visit: it began before anybody was logged in


@dataclass(frozen=True)
class Doings:
    """What a request needs of the overlay.

    Acts under the account, of which the history may hold some, and those of the running visit that no account's history
    holds; what lies in the cart, and what was looked at in this visit; whether it began before anybody was logged in.
    """

    account: list[Act]
    visit: list[Act]
    cart: set[str]
    seen: set[str]
    unknown_at_first: bool


class Recent:
    """The overlay. One thread takes events in, any may ask."""

    def __init__(self, session: Micros, kept: Micros, bounds: Bounds = Bounds()) -> None:
        """Let visits end after `session` idle microseconds; carts and clicks are kept for `kept`."""
        self._session, self._kept, self._bounds = session, kept, bounds
        self._users: OrderedDict[str, Trace] = OrderedDict()
        self._visits: OrderedDict[str, Trace] = OrderedDict()
        self._identities: OrderedDict[int, None] = OrderedDict()
        self._lock = Lock()
        self.newest: Micros = 0

    def take(self, events: Iterable[Event], now: Micros) -> None:
        """Take events in, each once, whatever its number of copies."""
        with self._lock:
            for event in events:
                if self._is_new(event):
                    self._note(event)
            self._drop(self._visits, now - self._kept)
            self._drop(self._users, now - self._kept)

    def of(self, user_id: str | None, session_id: str | None, now: Micros) -> Doings:
        """Gather what an account did, in its visits too before it logged in; or what was done in a session."""
        begun = now - self._session
        with self._lock:
            user = self._users.get(user_id, Trace()) if user_id else Trace()
            sessions = {*user.sessions, *([session_id] if session_id else [])}
            visits = [trace for one in sessions if (trace := self._visits.get(one))]
            lately = [act for trace in visits if trace.newest > begun for act in trace.acts]
            under_it = [act for act in user.acts if act.at > begun]
            # What was done under an account is in its own history, and none of another account's business.
            visit = [act for act in lately if user_id is None or act.user_id is None]
            cart = {product for trace in (user, *visits) for product in trace.cart}
            seen = {act.product_id for act in (*lately, *under_it)}
            here = self._visits.get(session_id) if session_id else None
            return Doings(list(user.acts), visit, cart, seen, here is not None and here.unknown_at_first)

    def last_click(self, user_id: str | None, session_id: str | None, product_id: str, before: Micros) -> Click | None:
        """Find the latest click on a product, of the account or in the session, within what is kept."""
        with self._lock:
            traces = (self._users.get(user_id or ""), self._visits.get(session_id or ""))
            found = [trace.clicks[product_id] for trace in traces if trace and product_id in trace.clicks]
        fit = [click for click in found if before - self._kept <= click.at <= before]
        return max(fit, key=lambda click: click.at, default=None)

    def forget(self, ends: Mapping[int, int], now: Micros) -> None:
        """Let go of accounts' acts that the history has by now: tidying only, readers leave them out anyway."""
        with self._lock:
            traces = list(self._users.values())
        for start in range(0, len(traces), 1_000):
            with self._lock:  # requests come in between
                for trace in traces[start : start + 1_000]:
                    left = set(beyond(trace.acts, ends))
                    trace.acts = [act for act in trace.acts if act in left or act.at > now - self._session]

    def sizes(self) -> dict[str, int]:
        """Count what is held."""
        with self._lock:
            acts = sum(len(t.acts) for traces in (self._users, self._visits) for t in traces.values())
            held = {"shoppers": len(self._users), "sessions": len(self._visits), "acts": acts}
            return held | {"identities": len(self._identities)}

    def _is_new(self, event: Event) -> bool:
        """A duplicate is the same event_id and event_at at another place (DESIGN 4)."""
        identity = hash((event.event_id, event.at))
        if identity in self._identities:
            return False
        self._identities[identity] = None
        if len(self._identities) > self._bounds.identities:
            self._identities.popitem(last=False)
        return True

    def _note(self, event: Event) -> None:
        self.newest = max(self.newest, event.at)
        traces = [_trace(self._users, event.user_id)] if event.user_id else []
        visits = [event.session_id] if event.session_id else []
        if event.user_id and event.session_id:
            sessions = traces[0].sessions
            sessions[event.session_id] = event.at
            while len(sessions) > self._bounds.sessions:
                del sessions[next(iter(sessions))]
        for one in visits:
            begun = one not in self._visits
            traces.append(_trace(self._visits, one))
            traces[-1].unknown_at_first |= begun and not event.user_id
        for trace in traces:
            trace.newest = max(trace.newest, event.at)
            _leave(trace, event)
            del trace.acts[: -self._bounds.acts]
        if event.user_id and event.kind in TAKEN_OUT:  # it may have been put in during another visit
            for session in traces[0].sessions.keys() & self._visits.keys():
                self._visits[session].cart.pop(event.product_id, None)

    def _drop(self, traces: OrderedDict[str, Trace], before: Micros) -> None:
        """Let those go who have been idle longest: while too many, or whose last word is older than all that is kept."""
        most = self._bounds.shoppers
        while traces and (len(traces) > most or next(iter(traces.values())).newest < before):
            traces.popitem(last=False)


def _trace(traces: OrderedDict[str, Trace], name: str) -> Trace:
    """Find a trace, or begin one; it is the youngest now."""
    trace = traces.setdefault(name, Trace())
    traces.move_to_end(name)
    return trace


def _leave(trace: Trace, event: Event) -> None:
    """Write an event into a trace."""
    if event.kind in COUNTED:
        place = (event.partition, event.offset)
        trace.acts.append(Act(*place, event.product_id, event.kind, event.pieces, event.at, event.user_id))
    if event.kind == "cart_add":
        trace.cart[event.product_id] = event.at
    elif event.kind in TAKEN_OUT:
        trace.cart.pop(event.product_id, None)
    elif event.kind == "click" and event.recommendation_id:
        trace.clicks[event.product_id] = Click(event.recommendation_id, event.position, event.at)
