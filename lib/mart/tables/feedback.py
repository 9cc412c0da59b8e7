"""What became of recommendations: the folded table, and the facts about a recommendation's id that everyone agrees on."""

from mart.schema import DATE, INT, LONG, REVENUE, STRING, SUM, Column, Table

# <model_version>.<variant>.<26 characters>; `~` between two of them is an interleaved list, which two models made.
PATTERN = r"([A-Za-z0-9_-]{1,64}(?:~[A-Za-z0-9_-]{1,64})?)\.([A-Za-z0-9_:-]{1,128}(?:~[A-Za-z0-9_-]{1,64})?)\.([0-9A-HJKMNP-TV-Z]{26})"
BOTH = "~"
NO_MODEL = "0"
NO_VARIANT = "-"
UNKNOWN = "(unknown)"  # model version and variant of an id that is none of ours

NO_POSITION = 0  # places in a list are counted from 1
LAST_POSITION = 128  # two for each hexadecimal digit of a SHA-256; a further place is no place of a list of ours

RECOMMENDATION_FEEDBACK = Table(
    name="recommendation_feedback",
    doc="What became of the lists that were shown, by the model and the variant that made them, from events with a recommendation_id.",
    columns=(
        Column(
            "model_version", STRING, "Version of the model that put it there; 0 for none, (unknown) for a foreign id."
        ),
        Column(
            "variant", STRING, "EXPERIMENT:VARIANT that the shopper was in, or - for none; (unknown) for a foreign id."
        ),
        Column("event_day", DATE, "Day of the event, UTC."),
        Column("position", INT, "Place in the list, from 1 [places]; 0 where the event tells none, or one beyond 128."),
        Column("impressions", LONG, "Times a product was shown there [events].", fold=SUM),
        Column("clicks", LONG, "Times it was clicked [events].", fold=SUM),
        Column("cart_adds", LONG, "Times it was put into the cart after a click [events].", fold=SUM),
        Column("purchases", LONG, "Times it was bought after a click [events].", fold=SUM),
        Column("revenue", REVENUE, "Value of the pieces bought so, currencies added as they are.", fold=SUM),
    ),
    key=("model_version", "variant", "event_day", "position"),
    partition=("event_day",),
    checks={
        "counts_not_negative": "impressions >= 0 AND clicks >= 0 AND cart_adds >= 0 AND purchases >= 0 AND revenue >= 0",
        "position_of_a_list": f"position BETWEEN {NO_POSITION} AND {LAST_POSITION}",
    },
)
