"""The catalogue: every table and view declared once."""

from mart.schema import Table, View
from mart.tables.activity import ENRICHED_EVENTS, EVENTS, LANDING_ACTIVITY, LEDGER, QUARANTINE_ACTIVITY
from mart.tables.products import PRODUCTS
from mart.tables.recommendations import ITEM_FACTORS, RECOMMENDATIONS, USER_FACTORS
from mart.tables.shopping import FOLDABLE, FUNNEL, INTERACTIONS, POPULARITY, SALES

__all__ = [
    "CATALOGUE",
    "ENRICHED_EVENTS",
    "EVENTS",
    "FOLDABLE",
    "FUNNEL",
    "INTERACTIONS",
    "ITEM_FACTORS",
    "LANDING_ACTIVITY",
    "LEDGER",
    "POPULARITY",
    "PRODUCTS",
    "QUARANTINE_ACTIVITY",
    "RECOMMENDATIONS",
    "SALES",
    "SERVED",
    "USER_FACTORS",
    "VIEWS",
]

SERVED: tuple[Table, ...] = (*(table.at("serving") for table in FOLDABLE), RECOMMENDATIONS)

CATALOGUE: tuple[Table, ...] = (
    LANDING_ACTIVITY,
    EVENTS,
    ENRICHED_EVENTS,
    PRODUCTS,
    *(table.at(layer) for table in FOLDABLE for layer in ("batch", "speed", "serving")),
    USER_FACTORS,
    ITEM_FACTORS,
    RECOMMENDATIONS,
)

VIEWS: tuple[View, ...] = (QUARANTINE_ACTIVITY, LEDGER)
