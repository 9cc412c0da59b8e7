"""What shoppers think of a product on the whole: the rating beside the title, and how many gave it.

In: what is shown, or one element of it. Out: the rating out of 5, and the numbers of ratings and of reviews.
A number is a rating where it says what it is out of, or stars, or where its element is called one: `1 / 5` alone may count pictures.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from scrapers.pages import values, visible, weights

_NUMBER = r"(?<![\d.,])\d{1,3}(?:[.,]\d{1,2})?"
_OUT_OF = re.compile(
    rf"(?P<rating>{_NUMBER})\s*(?:★|stars?|average)?\s*(?:/|(?:out\s)?of|von|sur|sobre|de|di|su|van|uit|av|af|из|z|ze|out)\s*(?:max\.?\s*)?(?P<best>5|10|100)(?:[.,]0+)?(?![\d.,]*\d)|"
    rf"5つ星のうち\s?(?P<japanese>{_NUMBER})|5\s?점\s?만점에\s?(?P<korean>{_NUMBER})",
    re.IGNORECASE,
)
_STARS = re.compile(
    rf"(?P<rating>{_NUMBER})[\s-]*(?:★|stars?\b|sterne?n?\b|étoiles?\b|estrellas?\b|stell[ae]\b|estrelas?\b|sterren\b|stjärn\w*|stjerner\b|tähte\w*|gwiazd\w*|hvězd\w*)|"
    rf"(?P<rated>{_NUMBER})\s*average\b|(?:★|rated|rating|bewertung|note|average|score)\s*:?\s*(?P<behind>\d[.,]\d{{1,2}})(?![\d.,]*\d)",
    re.IGNORECASE,
)
_RATED = re.compile(
    r"rating|rated|\bstars?\b|stars-|-stars|★|review|sterne?n?\b|étoile|estrell|stell[ae]|estrela|bewert|\bavis\b|\bnote\b|score|opini|valora|recens|vurder|betyg|"
    r"arvostel|ocen|hodnoc|értékel|оцен|отзыв|рейтинг|評価|レビュー|별점|평점|評分",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"(?<![\d.,/])(?P<count>\d{1,3}(?:[.,'\s\u00a0\u202f]\d{2,3})*|\d+(?:[.,]\d)?\s?[kK]|\d+)\s*(?:(?:global|customer|verified|user|shopper|total)\s|"
    r"(?:kunden|globale\s|avis\s)?)*(?:(?P<ratings>ratings?\b|bewertung(?:en)?\b|évaluations?\b|notes?\b|valoraci(?:ón|ones)\b|calificaci(?:ón|ones)\b|valutazion[ei]\b|"
    r"avaliaç(?:ão|ões)\b|beoordeling(?:en)?\b|betyg\b|vurdering(?:er)?\b|arvostelua?\b|ocen[ay]?\b|hodnocení\b|értékelés\b|оцен\w+|votes?\b|votos?\b|件の評価|評価)|"
    r"(?P<reviews>reviews?\b|rezension(?:en)?\b|kundenrezension(?:en)?\b|avis\b|commentaires?\b|reseñas?\b|opinion(?:es|s|i)?\b|recension[ei]\b|recensies?\b|recensioner\b|"
    r"comentários?\b|anmeldelser?\b|opini[ia]\b|recenz[ei]\w*|отзыв\w*|件のレビュー|レビュー|리뷰))",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[(\[](?P<count>\d{1,3}(?:[.,'\s]\d{3})*|\d+)[)\]]")
_ONE_OF_MANY = re.compile(
    r"slide|image|photo|picture|step|\bpage\b|bild|seite|helpful|review-?(?:item|body|card|list)|comment", re.IGNORECASE
)
_PICTURED = re.compile(r"(?:slide|image|photo|picture|step|page|bild|seite|item)\W*$", re.IGNORECASE)
_ALONE = re.compile(r"rating|stars?\b|average|score|bewertung|note\b", re.IGNORECASE)
_SAYS = ("aria-label", "title", "alt", "content", "data-rating", "data-score")
_NEAR = range(-60, 250)  # elements from the title
_BESIDE = 25  # elements behind a rating, within which its count stands
_SHORT = 120  # characters of a text that is a rating


@dataclass
class Rated:
    """A rating out of 5 and who gave it; None where the page shows none."""

    rating: float | None = None
    rating_count: int | None = None
    review_count: int | None = None


def shown(elements: Sequence[HtmlElement], title: int) -> Rated:
    """The first rating near the title that is not of another product, and the counts in or beside it."""
    own = set(elements[title].iterancestors()) if elements else set()
    for place in range(max(title + _NEAR.start, 0), min(title + _NEAR.stop, len(elements))):
        element = elements[place]
        if element in own or (found := of(element)) is None or _of_one(element) or weights.of_others(element, own):
            continue
        rated = _counted(elements[place : place + _BESIDE], Rated(round(found[0] * 5 / found[1], 2)))
        return (
            Rated() if 0 in (rated.rating_count, rated.review_count) else rated
        )  # stars to be filled by the first who rates
    return Rated()


def of(element: HtmlElement) -> tuple[float, float] | None:
    """The rating that an element shows, where it or what is around it speaks of ratings."""
    said = list(_said(element))
    called = " ".join(visible.names(one) for one in [element, *visible.ancestors(element, 2)])
    if not said or not (_RATED.search(called) or any(_RATED.search(one) for one in said)):
        return None
    alone = _ALONE.search(visible.names(element)) and any(re.search(r"\d[.,]\d", one) for one in said)
    return read(element, alone=bool(alone))


def read(element: HtmlElement, *, alone: bool = True) -> tuple[float, float] | None:
    """The rating of an element that is known to hold one, and what it is out of; alone: a number may stand for itself."""
    said = list(_said(element))
    for one in said:
        if (found := _OUT_OF.search(one)) and not _PICTURED.search(one[: found.start()]):
            return _checked(found["rating"] or found["japanese"] or found["korean"], float(found["best"] or 5))
    best = _best(element)
    for one in said:
        if found := _STARS.search(one):
            return _checked(found["rating"] or found["rated"] or found["behind"], best)
    for one in said if alone else []:
        if found := re.fullmatch(rf"\(?({_NUMBER})\)?(?:\s*\(\d[\d.,]*\))?", one):
            return _checked(found[1], best)
    return None


def _best(element: HtmlElement) -> float:
    parent = element.getparent()
    stated = None if parent is None else parent.find(".//*[@itemprop='bestRating']")
    said = None if stated is None else values.lone(stated.get("content") or visible.text(stated, 9), None)
    return float(said or 5)


def _said(element: HtmlElement) -> Iterator[str]:
    """What an element says: in attributes, itself, and with all that is in it where that is short."""
    yield from (" ".join(said.split()) for name in _SAYS if (said := element.get(name)) and len(said) <= _SHORT)
    own = " ".join(visible.own_text(element).split())
    if own and len(own) <= _SHORT:
        yield own
    if len(element) and len(said := visible.text(element, _SHORT)) <= _SHORT and said != own:
        yield said


def _checked(number: str, best: float) -> tuple[float, float] | None:
    found = float(number.replace(",", "."))
    return (found, best) if 0 < found <= best else None


def _of_one(element: HtmlElement) -> bool:
    """Whether an element belongs to one shopper's review, or to a show of pictures."""
    above = [element, *visible.ancestors(element, 5)]
    return any(_ONE_OF_MANY.search(visible.names(one)) or one.get("itemprop") == "review" for one in above)


def _counted(behind: Sequence[HtmlElement], rated: Rated) -> Rated:
    """Add how many ratings and reviews are told in the rating's own element or behind it."""
    for element in behind:
        for said in _said(element):
            for found in _COUNTED.finditer(said):
                name = "rating_count" if found["ratings"] else "review_count"
                if getattr(rated, name) is None:
                    setattr(rated, name, values.count(found["count"]))
            if (
                rated.rating_count is None
                and rated.review_count is None
                and (bracketed := _BRACKETED.fullmatch(said.strip()))
            ):
                rated.rating_count = values.count(bracketed["count"])
    return rated
