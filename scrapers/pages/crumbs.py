"""The way to a product: the categories that a page shows above its title, as a short row of links.

In: what is shown and where the title stands, or the steps that structured data states. Out: the path, its steps joined by " > ",
without the shop's front page and without the product itself.
"""

import re
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from scrapers.pages import values, visible

Step = tuple[str, str | None]  # name and address

_CALLED = re.compile(
    r"bread-?crumb|\bcrumbs?\b|brotkr[uü]m|br[oö]dsmul|kruimel|fil-?d?-?ariane|migas|briciol|okruszk|drobečk|drobeck|pathway|パンくず",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*[›>»→❯〉▸/\\|·・:-]\s*|\s*")  # what may stand between two steps
_POINTS = re.compile(r"[›>»→❯〉▸]")  # what stands there and nowhere else
_HOME = re.compile(
    r"^(?:home(?:page)?|start(?:seite|sida)?|accueil|inicio|início|hem|hjem|etusivu|strona główna|domů|domov|úvod|főoldal|главная(?: страница)?|"
    r"ana sayfa|acasă|홈|ホーム|トップ|首頁|首页|الرئيسية|…|\.\.\.)$",
    re.IGNORECASE,
)
# Paths of front pages: /, /de/, /us/en/home, /ieen/index.html.
_FRONT = re.compile(
    r"(?:/[a-z]{2}(?:[-_][a-z]{2})?)*/?|(?:/[a-z]{2,5}){0,2}/(?:home|index|default)(?:\.\w+)?/?", re.IGNORECASE
)
_NEAR = range(-400, 40)  # elements from the title
_ALIKE = 0.6  # words that a step and the title share, of all their words
_LONGEST = 300  # characters of such a row


def path(elements: Sequence[HtmlElement], title: int, name: str | None, url: str) -> str | None:
    """Read the row that is called breadcrumbs, else the one whose links have arrows between them and stand nearest the title."""
    window = elements[max(title + _NEAR.start, 0) : title + _NEAR.stop]
    called = [one for one in window if _CALLED.search(f"{visible.names(one)} {one.get('aria-label') or ''}")]
    pointed = [
        one
        for one in reversed(window)
        if _POINTS.search(visible.own_text(one)) or _POINTS.fullmatch((one.text or "").strip())
    ]
    for element in [*called, *(one.getparent() if one.find("a") is None else one for one in pointed)]:
        if element is not None and (steps := _row(element, must_point=element not in called)):
            return joined(steps, name, url)
    return None


def _row(element: HtmlElement, *, must_point: bool) -> list[Step]:
    """The steps of a row; none where there is more in it than links, what stands between them, and a last step that leads nowhere."""
    said = visible.text(element, _LONGEST)
    links = [one for one in element.iter("a") if visible.text(one, _LONGEST)]
    if len(said) > _LONGEST or not links:
        return []
    steps: list[Step] = [(visible.text(one), one.get("href")) for one in links]
    rest, between = said, []
    for name, _ in steps:
        before, _, rest = rest.partition(name)
        between.append(before)
    if any(not _BETWEEN.fullmatch(one) for one in between[1:]) or (
        must_point and (len(steps) < 2 or not _POINTS.search("".join(between[1:])))
    ):
        return []
    last = re.sub(r"^[\s›>»→❯〉▸/\\|·-]+", "", rest).strip()
    return [*steps, (last, None)] if last and len(last) <= 80 else steps


def joined(steps: Sequence[Step], name: str | None, url: str) -> str | None:
    """Write steps as a path, without the front page before them and the product behind them."""
    named = [(" ".join(step.split()), link) for step, link in steps if step.strip()]
    while named and _front(*named[0], url):
        del named[0]
    if named and (_path(named[-1][1], url) == urlsplit(url).path or values.alike(named[-1][0], name or "") >= _ALIKE):
        del named[-1]
    return " > ".join(step for step, _ in named) or None


def _front(name: str, link: str | None, url: str) -> bool:
    """Whether a step leads to the shop's front page; `Home` that leads elsewhere, or nowhere, may be what shops sell for it."""
    path, here = _path(link, url), urlsplit(url)
    if path is None or urlsplit(urljoin(url, link)).hostname != here.hostname:
        return False
    above = here.path.startswith(path.rstrip("/") + "/")
    return bool(_FRONT.fullmatch(path)) or (above and bool(_HOME.match(name)))


def _path(link: str | None, url: str) -> str | None:
    return urlsplit(urljoin(url, link)).path if link and not link.startswith("#") else None
