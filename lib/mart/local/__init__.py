"""The outside systems on one machine, per home folder: Kafka, Snowflake, AWS and MLflow without Docker or account."""

from pathlib import Path

CLONE = Path(__file__).parents[3]  # `make env` has put there what the services are made of
