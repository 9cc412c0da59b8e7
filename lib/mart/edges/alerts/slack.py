"""Slack: post a message to an incoming webhook.

Its address lets anybody post, so it is nowhere written: urllib's own errors may hold it and are retold.
"""

import json
import re
import time
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from mart.edges.alerts.message import AlertsError, Message, PassingFault, Severity, Sleep, insist
from mart.settings import Alerts

SIGNS: dict[Severity, str] = {"info": ":information_source:", "warning": ":warning:", "critical": ":rotating_light:"}
RENEW = "check alerts.slack.webhook, or make a new one under Incoming Webhooks of the Slack app"


class _Stay(HTTPRedirectHandler):
    """Follow no redirect: urllib would send a GET without the message there, and take the answer for success."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


class SlackChannel:
    """Posts to the webhook of the settings."""

    def __init__(self, alerts: Alerts, sleep: Sleep = time.sleep) -> None:
        self._alerts, self._sleep = alerts, sleep
        self._opener = build_opener(_Stay())
        address = alerts.slack.webhook.get_secret_value()
        if not _usable(address):
            raise AlertsError(f"alerts.slack.webhook is no https address: {RENEW}")
        self._request = Request(address, headers={"Content-Type": "application/json"}, method="POST")

    def send(self, message: Message) -> None:
        text = f"{SIGNS[message.severity]} *{_escaped(message.subject)}*\n{_escaped(message.text)}"
        self._request.data = json.dumps({"text": text}).encode()
        insist(self._alerts, self._post, self._sleep)

    def _post(self) -> None:
        try:
            with self._opener.open(self._request, timeout=self._alerts.timeout_seconds) as answer:
                said = answer.read(1000)
        except HTTPError as error:
            with error:
                raise _sorted(error) from None
        except (OSError, HTTPException) as error:
            cause = error.reason if isinstance(error, URLError) else error
            raise PassingFault(f"Slack does not answer ({type(cause).__name__})") from None
        if said.strip() != b"ok":
            raise AlertsError(f"what answers at the webhook is not Slack: {RENEW}")


def _usable(address: str) -> bool:
    """Take https, and http on this machine."""
    url = urlsplit(address)
    safe = url.scheme == "https" or (url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost"))
    return safe and bool(url.hostname) and not re.search(r"[\s\x00-\x1f]", address)


def _sorted(error: HTTPError) -> PassingFault | AlertsError:
    """Tell an answer that passes from one that stays. Slack's own reasons are words such as no_service."""
    said = error.read(100).decode(errors="replace").strip()
    what = f"Slack answers {error.code} {said if re.fullmatch('[a-z_]+', said) else ''}".strip()
    if error.code == 429:
        after = error.headers.get("Retry-After", "")
        return PassingFault(what, float(after) if after.isdigit() else None)
    return PassingFault(what) if error.code >= 500 else AlertsError(f"{what}: {RENEW}")


def _escaped(text: str) -> str:
    """Escape what Slack would read as a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
