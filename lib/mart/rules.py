"""The shops' timetable as rules of AWS EventBridge.

In: settings, the ARN of the function that crawls (jobs/streaming/scrape_lambda.py). Out: a rule for each shop with a cron line.
EventBridge may start the function only if its policy says so: lambda:InvokeFunction for events.amazonaws.com, from the source
arn:aws:events:REGION:ACCOUNT:rule/mart-crawl-*.
"""

import re

from mart.cron import BadCron, Cron
from mart.edges.eventbridge import PREFIX, Rule
from mart.schedule import timetable
from mart.settings import Settings, SettingsError

_ARN = re.compile(r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):\d{12}:function:[\w-]+(:[\w$-]+)?")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


def rules(settings: Settings, function: str) -> list[Rule]:
    """Say each cron line as EventBridge does. Raises SettingsError for what it has no words for."""
    arn = _ARN.fullmatch(function)
    if arn is None:
        raise SettingsError(
            f"{function!r} is no function's ARN, as in arn:aws:lambda:eu-central-1:123456789012:function:scrape"
        )
    if arn["region"] != settings.aws.region:
        raise SettingsError(
            f"the function lies in {arn['region']}, rules would in {settings.aws.region}: set aws.region"
        )
    return [_rule(shop, cron, function) for shop, cron in timetable(settings.shops).items()]


def _rule(shop: str, cron: Cron, function: str) -> Rule:
    name = PREFIX + shop
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"shops.{shop}: EventBridge takes names of A-Z a-z 0-9 . _ - only, {64 - len(PREFIX)} at most"
        )
    try:
        return Rule(name, cron.eventbridge(), f"Crawls {shop}.", function, {"shop": shop})
    except BadCron as fault:
        raise SettingsError(f"shops.{shop}.cron: {fault}") from None
