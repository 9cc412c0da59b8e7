"""The catalogue: every table and view declared once."""

from mart.schema import Table, View
from mart.tables.activity import ENRICHED_EVENTS, EVENTS, LANDING_ACTIVITY, LEDGER, QUARANTINE_ACTIVITY
from mart.tables.offers import (
    ALERTS,
    CURRENT_OFFERS,
    ENRICHED_OFFERS,
    LANDING_OFFERS,
    MARKET,
    MART_METADATA,
    MART_PRICES,
    MART_PRODUCTS,
    MART_REVIEWS,
    OFFER_STATES,
    OFFERS,
    OWN_PRODUCTS,
    PRICE_HISTORY,
    PRODUCT_DETAILS,
    PRODUCTS_SOLD,
    QUARANTINE_OFFERS,
    RATES,
    REVIEWS,
    STAGING_LOADS,
    STAGING_REJECTS,
)
from mart.tables.products import PRODUCTS
from mart.tables.recommendations import ITEM_FACTORS, RECOMMENDATIONS, USER_FACTORS
from mart.tables.shopping import FOLDABLE, FUNNEL, INTERACTIONS, POPULARITY, SALES

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
    "RATES",
    "RECOMMENDATIONS",
    "REVIEWS",
    "SALES",
    "SERVED",
    "USER_FACTORS",
    "VIEWS",
    "WAREHOUSE",
]

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

VIEWS: tuple[View, ...] = (QUARANTINE_ACTIVITY, QUARANTINE_OFFERS, LEDGER)
