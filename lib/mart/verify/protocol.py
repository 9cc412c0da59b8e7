"""Delta protocol: every table can be read by Athena, Redshift Spectrum, DuckDB and Snowflake."""

from mart.edges import delta
from mart.settings import Settings
from mart.tables import CATALOGUE
from mart.verify.finding import Finding


def verify(settings: Settings) -> list[Finding]:
    """Check that tables ask for reader version 1 and no reader feature."""
    findings, fine = [], 0
    for table in CATALOGUE:
        opened = delta.open_table(settings, table.path)
        if opened is None:
            continue
        protocol = opened.protocol()
        if protocol.min_reader_version == 1 and not protocol.reader_features:
            fine += 1
            continue
        asks = f"reader version {protocol.min_reader_version}, features {protocol.reader_features}"
        findings.append(Finding("protocol", table.full_name, f"asks for {asks}", off=True))
    return [*findings, Finding("protocol", "all tables", f"{fine} tables can be read by everybody", off=False)]
