"""What is watched how closely, and who is told of it."""

from typing import Literal

from pydantic import Field

from mart.settings.section import Section

Place = Literal["slack", "email", "sns"]


class Route(Section):
    """Which alerts go where. Sections [alerts.routes.NAME] of a settings file; an alert takes every route that fits."""

    alerts: tuple[str, ...] = ("*",)  # names of alarms (docs/runbook.md), or market.KIND; * and ? stand for anything
    severities: tuple[Literal["info", "warning", "critical"], ...] = (
        "warning",
        "critical",
    )  # alerts of the market are info
    shops: tuple[str, ...] = ("*",)  # of alerts that are about a shop
    to: tuple[Place, ...]


class Watch(Section):
    """How closely is watched."""

    seconds: float = 30  # between two looks of `mart watch`
    thresholds: dict[str, float] = Field(default_factory=dict)  # of an alarm by its name, instead of the declared one
    remind_hours: float = 24  # an alarm that stays raised is told again
    service: str = ""  # address of `mart serve`, whose /metrics is read; empty: it is not looked at
    namespace: str = "ProductMart"  # of the metrics in CloudWatch; another one for each environment
    runbook: str = "docs/runbook.md"  # where its sections are read: an address, for links in messages
