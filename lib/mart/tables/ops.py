"""What the platform did: one table a job (one writer a table), read as the union ops.runs."""

from mart.schema import LONG, STRING, TIMESTAMP, Column, Table

RUNS = Table(
    layer="ops",
    name="runs",
    doc="Runs of jobs; physically one table a job, ops/runs/<job>.",
    columns=(
        Column("run_id", STRING, "The run."),
        Column("job", STRING, "The job, as `mart run` names it."),
        Column("started_at", TIMESTAMP, "When it began, UTC."),
        Column("ended_at", TIMESTAMP, "When it ended, UTC."),
        Column("version", LONG, "Version of processed.events at its end; null where there were none."),
        Column("rows", LONG, "Rows written [rows]; null where the job does not count."),
        Column("outcome", STRING, "How it ended: ok or failed."),
        Column("detail", STRING, "What it did, or the first line of its error."),
    ),
    key=("run_id",),
)
