"""What `mart models` shows: a version as a document, and tables for people."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from mart.edges.promotions import Promotion
    from mart.edges.registry import Version
    from mart.gate import Verdict

NDCG, POPULAR = "ndcg_at_10", "popularity_ndcg_at_10"


def document(version: "Version") -> dict[str, Any]:
    """Give all that the registry says of a version."""
    from mart.edges import promotions, registry

    return {
        "version": version.version,
        "aliases": list(version.aliases),
        "created_at": version.created_at.isoformat(),
        "gate": version.tags.get(registry.VERDICT),
        "promotions": [promotion(made) for made in promotions.of(version)],
        "params": dict(version.params),
        "metrics": dict(version.metrics),
        "tags": {key: value for key, value in version.tags.items() if not key.startswith(promotions.TAG)},
    }


def promotion(made: "Promotion") -> dict[str, Any]:
    """Give a promotion as a document."""
    told = {"version": made.version, "kind": made.kind, "at": made.at.isoformat(), "who": made.who, "why": made.why}
    return told | {"replaced": made.replaced, "failed": list(made.failed)}


def promoted(made: "Promotion", as_json: bool) -> None:
    """Say who is champion now."""
    print(json.dumps(promotion(made)) if as_json else f"version {made.version} is champion: {made.line()}")


def versions(found: Sequence["Version"]) -> None:
    """List versions, and below how each became champion."""
    from mart.edges import promotions

    table = Table("", "alias", "trained", "nDCG@10", "popular", "gate", "became champion", title="mart models list")
    for version in found:
        table.add_row(*_row(version))
    Console(file=sys.stdout).print(table)
    made = sorted((one for version in found for one in promotions.of(version)), key=lambda one: one.at, reverse=True)
    for one in made:
        print(f"version {one.version}: {one.line()}")


def _row(version: "Version") -> Sequence[str]:
    from mart.edges import promotions, registry

    gate = version.tags.get(registry.VERDICT, "never met")
    return (
        version.version,
        ", ".join(version.aliases),
        f"{version.created_at:%m-%d %H:%M}",
        _number(version.metrics.get(NDCG)),
        _number(version.metrics.get(POPULAR)),
        f"[{'green' if gate == 'passed' else 'red'}]{escape(gate)}[/]",
        ", ".join(made.kind for made in promotions.of(version)),
    )


def side_by_side(one: "Version", other: "Version") -> dict[str, Any]:
    """Put two versions beside each other: hyper-parameters that differ, and all metrics."""
    params = _both(one.params, other.params)
    differ = {name: values for name, values in params.items() if values[0] != values[1]}
    return {"versions": [one.version, other.version], "params": differ, "metrics": _both(one.metrics, other.metrics)}


def compared(both: Mapping[str, Any]) -> None:
    """Show two versions beside each other."""
    table = Table("", *(f"version {version}" for version in both["versions"]), title="mart models compare")
    for name, values in (both["params"] | both["metrics"]).items():
        table.add_row(name, *map(_number, values))
    Console(file=sys.stdout).print(table)


def verdict(version: "Version", said: "Verdict") -> None:
    """Show what the gate looked at."""
    table = Table("", "check", "found", title=f"The gate for version {version.version}: {said.word}")
    for check in said.checks:
        table.add_row("[green]passed[/]" if check.passed else "[red]failed[/]", check.name, escape(check.said))
    Console(file=sys.stdout).print(table)
    against = f"the configuration of version {said.champion}, and " if said.champion else ""
    print(f"Against {against}popularity. {said.protocol}")


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (one.get(name), other.get(name)) for name in sorted({*one, *other})}


def _number(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "" if value is None else str(value)
