"""`mart topics`: the platform's topics, made in the Kafka of the settings."""

from pathlib import Path

import click

from mart.cli.options import home_option, settings_of, settings_option


@click.command()
@home_option
@settings_option
def topics(home: Path, file: str | None) -> None:
    """Make those of the platform's topics that Kafka lacks; what is there stays as it is.

    `mart up` does so by itself for the Kafka of this machine.

    \b
    Examples:
      mart topics --settings conf/emr.toml
      MART_KAFKA__BROKERS=tls://kafka.shop.example:9094 mart topics
    """
    from mart.edges import kafka

    settings = settings_of(home, file).kafka
    made = kafka.furnish(settings)
    for topic, partitions in kafka.wanted(settings).items():
        click.echo(f"{topic}: made, {partitions} partitions" if topic in made else f"{topic}: is there")


COMMANDS = (topics,)
