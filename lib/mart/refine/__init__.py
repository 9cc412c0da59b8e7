"""Refine: staged records become the final tables, in Snowflake and, from the same rows, on the lake.

In: STAGING.PRODUCT_DETAILS, as the Lambda loads it. Out: processed.enriched_offers and the serving tables of the market, then
MART.* and the removal of the staged rows in one transaction. The lake comes first: every write to it is such that doing it
again with the same rows changes nothing, so a run that is killed anywhere is simply done again.
"""
