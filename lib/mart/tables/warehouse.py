"""What Snowflake holds besides the serving tables."""

from mart.schema import INT, LONG, STRING, TIMESTAMP, Column, Table

PUBLISHED = Table(
    name="_published",
    doc="Which version of each serving table Snowflake holds; written in the transaction that brings its rows.",
    columns=(
        Column("table_name", STRING, "The serving table."),
        Column("table_id", STRING, "Delta's id of the table: a recreated table has another one."),
        Column("version", LONG, "Delta version of the table that Snowflake holds."),
        Column("frontier", LONG, "Version of processed.events that it stands at; null for a table that follows none."),
        Column("row_count", LONG, "Rows of the table at this version [rows]."),
        Column("published_at", TIMESTAMP, "When it was published, UTC."),
    ),
    key=("table_name",),
)

STAGING_TURNS = Table(
    layer="staging",
    name="_turns",
    doc="How often each topic-partition was loaded: who loads takes the next turn, so of two at once only one does.",
    columns=(
        Column("topic", STRING, "The topic."),
        Column("partition", INT, "Partition of the topic."),
        Column("turn", LONG, "Loads so far [loads]."),
    ),
    key=("topic", "partition"),
)
