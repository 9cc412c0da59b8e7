"""Dates of reviews as shops write them."""

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from scrapers.pages import dates


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        ("Reviewed in the United States on March 3, 2024", "en_US", "2024-03-03"),
        ("Reviewed in India on 3 March 2024", "en_IN", "2024-03-03"),
        ("Rezension aus Deutschland vom 3. März 2024", "de_DE", "2024-03-03"),
        ("Commenté en France le 3 mars 2024", "fr_FR", "2024-03-03"),
        ("Reseñado en España el 3 de marzo de 2024", "es_ES", "2024-03-03"),
        ("Avaliado no Brasil em 3 de março de 2024", "pt_BR", "2024-03-03"),
        ("2024年3月3日に日本でレビュー済み", "ja_JP", "2024-03-03"),
        ("3.4.2024", "de_DE", "2024-04-03"),
        ("03/04/2024", "en_GB", "2024-04-03"),
        ("03/04/2024", "en_US", "2024-03-04"),
        ("03.04.24", "de_AT", "2024-04-03"),
        ("2024-03-03T10:00:00Z", None, "2024-03-03T10:00:00Z"),
        ("13/04/2024", "en_US", None),  # no 13th month: whoever wrote it means something else
        ("03/04/2024", "en", None),
        ("03/04/2024", None, None),
        ("31.02.2024", "de_DE", None),
        ("March 2024", "en_US", None),
        ("2 weeks ago", "en_US", None),
        ("3 March 2099", "en_US", None),
        ("Anna", "en_US", None),
        (None, "en_US", None),
    ],
)
def test_a_date_is_read_as_its_country_writes_it_or_not_at_all(
    text: str | None, locale: str | None, expected: str | None
) -> None:
    assert dates.written(text, Locale.parse(locale) if locale else None) == expected


@given(st.text(max_size=40), st.sampled_from(["en_US", "de_DE", "ja_JP", "ar_SA", "fa_IR", "th_TH"]))
def test_no_text_breaks_the_reading(text: str, locale: str) -> None:
    dates.written(text, Locale.parse(locale))
