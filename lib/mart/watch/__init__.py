"""Watching: what is measured, when that is worth a person's attention, and how the person is told.

In: the lake, the broker, job reports, the registry, Snowflake, the HTTP service. Out: samples for Prometheus and CloudWatch, alarms,
and messages through the routes of the settings. Nothing in here is asked by a pipeline, so it can hold none up.
"""
