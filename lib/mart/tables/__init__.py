"""The catalogue: every table and view declared once."""

from mart.schema import Table, View
from mart.tables.activity import ENRICHED_EVENTS, EVENTS, LANDING_ACTIVITY, LEDGER, QUARANTINE_ACTIVITY
from mart.tables.feedback import RECOMMENDATION_FEEDBACK
from mart.tables.market import (
    ALERTS,
    CURRENT_OFFERS,
    ENRICHED_OFFERS,
    MARKET,
    OFFER_STATES,
    OWN_PRODUCTS,
    PRICE_HISTORY,
    PRODUCTS_SOLD,
    RATES,
)
from mart.tables.offers import LANDING_OFFERS, OFFERS, QUARANTINE_OFFERS, REVIEWS
from mart.tables.products import PRODUCTS
from mart.tables.questions import QUESTIONS
from mart.tables.recommendations import (
    CURRENT_RECOMMENDATIONS,
    FRESH_ITEM_FACTORS,
    FRESH_RECOMMENDATIONS,
    FRESH_USER_FACTORS,
    ITEM_FACTORS,
    RECOMMENDATIONS,
    USER_FACTORS,
)
from mart.tables.shopping import FUNNEL, INTERACTIONS, POPULARITY, SALES
from mart.tables.staged import (
    MART_METADATA,
    MART_PRICES,
    MART_PRODUCTS,
    MART_REVIEWS,
    PRODUCT_DETAILS,
    STAGING_LOADS,
    STAGING_REJECTS,
)

__all__ = [
    "ALERTS",
    "CATALOGUE",
    "CURRENT_OFFERS",
    "ENRICHED_EVENTS",
    "ENRICHED_OFFERS",
    "EVENTS",
    "FOLDABLE",
    "FUNNEL",
    "INTERACTIONS",
    "ITEM_FACTORS",
    "LANDING_ACTIVITY",
    "LANDING_OFFERS",
    "LEDGER",
    "MARKET",
    "OFFERS",
    "OFFER_STATES",
    "OWN_PRODUCTS",
    "POPULARITY",
    "PRICE_HISTORY",
    "PRODUCTS",
    "PRODUCTS_SOLD",
    "QUARANTINE_ACTIVITY",
    "QUARANTINE_OFFERS",
    "QUESTIONS",
    "RATES",
    "RECOMMENDATIONS",
    "RECOMMENDATION_FEEDBACK",
    "REVIEWS",
    "SALES",
    "SERVED",
    "USER_FACTORS",
    "VIEWS",
    "WAREHOUSE",
]

FOLDABLE: tuple[Table, ...] = (INTERACTIONS, POPULARITY, SALES, FUNNEL, RECOMMENDATION_FEEDBACK)

MARKETED: tuple[Table, ...] = (PRODUCTS_SOLD, CURRENT_OFFERS, PRICE_HISTORY, OWN_PRODUCTS, MARKET, ALERTS)

SERVED: tuple[Table, ...] = (*(table.at("serving") for table in FOLDABLE), RECOMMENDATIONS, *MARKETED)

CATALOGUE: tuple[Table, ...] = (
    LANDING_ACTIVITY,
    EVENTS,
    ENRICHED_EVENTS,
    PRODUCTS,
    *(table.at(layer) for table in FOLDABLE for layer in ("batch", "speed", "serving")),
    USER_FACTORS,
    ITEM_FACTORS,
    RECOMMENDATIONS,
    FRESH_USER_FACTORS,
    FRESH_ITEM_FACTORS,
    FRESH_RECOMMENDATIONS,
    LANDING_OFFERS,
    OFFERS,
    REVIEWS,
    RATES,
    ENRICHED_OFFERS,
    PRODUCTS_SOLD,
    CURRENT_OFFERS,
    PRICE_HISTORY,
    OWN_PRODUCTS,
    MARKET,
    ALERTS,
    OFFER_STATES,
)

# What Snowflake alone holds.
WAREHOUSE: tuple[Table, ...] = (
    PRODUCT_DETAILS,
    STAGING_REJECTS,
    STAGING_LOADS,
    MART_PRODUCTS,
    MART_PRICES,
    MART_REVIEWS,
    MART_METADATA,
)

VIEWS: tuple[View, ...] = (QUARANTINE_ACTIVITY, QUARANTINE_OFFERS, LEDGER, CURRENT_RECOMMENDATIONS)
