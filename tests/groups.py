"""How far a consumer group is, as Kafka's own client reads it."""

import confluent_kafka as ck

from mart.edges import groups
from mart.settings import Settings


def committed(settings: Settings, topic: str) -> dict[int, int]:
    """Ask for the offsets of ingest's group; nothing while the broker still looks for its groups."""
    reader = ck.Consumer({"bootstrap.servers": settings.kafka.brokers, "group.id": groups.ingesting(topic)})
    partitions = reader.list_topics(topic, timeout=10).topics[topic].partitions
    try:
        found = reader.committed([ck.TopicPartition(topic, partition) for partition in partitions], timeout=10)
    except ck.KafkaException:
        return {}
    finally:
        reader.close()
    return {at.partition: at.offset for at in found if at.offset >= 0}
