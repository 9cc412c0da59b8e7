"""Releases: how a version becomes champion, and how the one before comes back.

In: versions of the registry with the gate's verdicts. Out: the alias that serving follows, and a record of who moved it and why.
A version is first `challenger`; it becomes `champion` through the gate, or is forced past it with a reason.
"""

from collections.abc import Callable

from mart.edges import factors, promotions, registry
from mart.edges.promotions import FORCED, PROMOTED, ROLLED_BACK, Promotion
from mart.edges.registry import CHALLENGER, CHAMPION, Released, Version
from mart.gate import Verdict
from mart.models import card
from mart.settings import Settings

Measure = Callable[[Released], Verdict]


class Refused(RuntimeError):
    """A version can't become champion; the message says why and what to do."""


def enter(settings: Settings, version: str) -> str:
    """Make a trained version challenger, and champion if the gate lets it. Returns what became of it, in words."""
    entered, champion = registry.get(settings, version), registry.released(settings)
    registry.release(settings, version, CHALLENGER)
    verdict = recorded(settings, entered)
    told = card.figures_of(entered.metrics) or "nothing could be held out to measure it"
    if verdict is None or not verdict.passed or not _fresh(verdict, champion):
        why = ", ".join(verdict.failed if verdict else ()) or "champion, which is another one by now"
        return f"model {version} is {CHALLENGER}, the gate is shut ({why}): {told}; see `mart models explain-gate {version}`"
    _become(settings, entered, PROMOTED, "passed the gate after training", champion)
    return f"model {version} is {CHAMPION}{'' if champion else ' (the first)'}: {told}"


def promote(settings: Settings, name: str, measure: Measure, why: str, force: bool) -> Promotion:
    """Make a version champion. Raises Refused, NoVersion.

    Where its verdict is against a champion of before, it is measured anew. `force` waits for nothing and goes past whatever
    the gate says; the checks that it went past are kept with the reason.
    """
    version, champion = registry.get(settings, name), registry.released(settings)
    _check(settings, version, champion)
    verdict = recorded(settings, version)
    fresh = verdict is not None and _fresh(verdict, champion)
    if force and not (fresh and verdict and verdict.passed):
        failed = verdict.failed if verdict and verdict.failed else ("not measured against the champion",)
        return _become(settings, version, FORCED, why, champion, failed)
    if verdict is None or not fresh:
        verdict = _anew(settings, version, measure)
    if not verdict.passed:
        raise Refused(
            f"version {version.version} fails the gate: {', '.join(verdict.failed)}; `mart models explain-gate"
            f" {version.version}` says why, --force --why TEXT goes past it"
        )
    return _become(settings, version, PROMOTED, why or "passed the gate", champion)


def rollback(settings: Settings, why: str) -> Promotion:
    """Bring the champion before back. Raises Refused."""
    champion = registry.released(settings)
    line = promotions.succession(registry.versions(settings), champion.version if champion else None)
    if champion is None or not line or line[-1].replaced is None:
        raise Refused("there is no earlier champion to go back to: see `mart models list`")
    version = registry.get(settings, line[-1].replaced)
    _check(settings, version, champion)
    return _become(settings, version, ROLLED_BACK, why or "rolled back", champion)


def recorded(settings: Settings, version: Version) -> Verdict | None:
    """Read what the gate said; None for a version that was trained before there was one."""
    text = registry.text(settings, version, registry.GATE)
    return Verdict.of(text) if text else None


def described(settings: Settings, version: Version) -> str:
    """Give a version's card, with its promotions as they are on record now."""
    text = registry.text(settings, version, registry.CARD) or f"# Version {version.version}, recorded without a card\n"
    lines = [made.line() for made in promotions.of(version)]
    return card.with_promotions(text, lines) if lines else text


def _check(settings: Settings, version: Version, champion: Released | None) -> None:
    if champion and champion.version == version.version:
        raise Refused(f"version {version.version} is the champion already")
    if not factors.there(settings, version.version):
        raise Refused(
            f"version {version.version} has no factors in this lake, its training was killed or is still at work:"
            " run batch/train_als again"
        )


def _fresh(verdict: Verdict, champion: Released | None) -> bool:
    return verdict.champion == (champion.version if champion else None)


def _anew(settings: Settings, version: Version, measure: Measure) -> Verdict:
    released = registry.released(settings, version.version)
    assert released, f"version {version.version} was there a moment ago"
    verdict = measure(released)
    registry.write_text(settings, version, registry.GATE, verdict.json())
    registry.tag(settings, version.version, registry.VERDICT, verdict.word)
    return verdict


def _become(
    settings: Settings,
    version: Version,
    kind: str,
    why: str,
    champion: Released | None,
    failed: tuple[str, ...] = (),
) -> Promotion:
    made = promotions.promote(settings, version.version, kind, why, champion.version if champion else None, failed)
    registry.withdraw(settings, CHALLENGER, version.version)
    registry.write_text(settings, version, registry.CARD, described(settings, registry.get(settings, version.version)))
    return made
