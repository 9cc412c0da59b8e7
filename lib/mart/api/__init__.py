"""The HTTP service: collector and recommendations; it needs no Spark."""
