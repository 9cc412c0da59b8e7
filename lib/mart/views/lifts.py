"""The lifts of all foldable tables, by the table's name."""

from mart.tables.feedback import RECOMMENDATION_FEEDBACK
from mart.tables.shopping import FUNNEL, INTERACTIONS, POPULARITY, SALES
from mart.views import feedback, shopping

LIFTS: dict[str, shopping.Lift] = {
    INTERACTIONS.name: shopping.interactions,
    POPULARITY.name: shopping.popularity,
    SALES.name: shopping.sales,
    FUNNEL.name: shopping.funnel,
    RECOMMENDATION_FEEDBACK.name: feedback.recommendation_feedback,
}

# The columns of events that a lift may read.
LIFTED = (
    "event_type", "event_at", "event_day", "user_id", "session_id", "product_id", "quantity", "price", "currency", "category",
    "recommendation_id", "properties",
)  # fmt: skip
