"""Obvious bots among those who send from pages: crawlers that run scripts, browsers without a screen, tools.

In: a request's headers. Out: yes or no. Who wants to pass for a person can; this keeps out those who do not hide.
A server that sends with a secret key is none, whatever its name.
"""

import re
from collections.abc import Mapping

# "cubot" and "skybot" are makers of phones.
_NAMES = re.compile(
    r"(?<!cu)(?<!sky)bot\b|bot[/;_-]|crawl|spider|slurp|headless|phantomjs|puppeteer|playwright|selenium|webdriver"
    r"|lighthouse|pagespeed|gtmetrix|pingdom|uptime|monitor|preview|facebookexternalhit|mediapartners|google-inspectiontool"
    r"|bingpreview|yandex\.com/bots|archive\.org|python|curl/|wget/|java/|go-http|libwww|httpclient|axios|node-fetch|scrapy|httpx",
    re.IGNORECASE,
)


def is_bot(headers: Mapping[str, str]) -> bool:
    """Tell whether a page's request comes from an obvious bot; a browser always says its name."""
    agent = headers.get("user-agent", "")
    return not agent or bool(_NAMES.search(agent) or _NAMES.search(headers.get("sec-ch-ua", "")))
