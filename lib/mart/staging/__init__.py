"""The real-time way of offers: an event of an AWS Lambda's Kafka event source mapping becomes rows in Snowflake's staging.

`events` reads the event, `batch` what its records say, `session` is the kept way to Snowflake, and `load` brings it all in.
Nothing here imports Spark: the function starts in about a second.
"""
