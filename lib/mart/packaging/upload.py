"""A packaged target brought to S3, so that its manifest is there only when all of it is.

In: the target's folder below `out`, s3://BUCKET/RELEASE. Out: objects under s3://BUCKET/RELEASE/TARGET/.
"""

from collections.abc import Callable
from pathlib import Path

from mart.edges.objects import Objects
from mart.packaging import manifest
from mart.packaging.manifest import Manifest
from mart.settings import Aws


def upload(aws: Aws, made: Manifest, out: Path, to: str, progress: Callable[[int], None]) -> None:
    """Upload a target's files, the manifest last. Raises AwsError."""
    objects, below = Objects(aws), f"{to.rstrip('/')}/{made.target}"
    for name in (*made.files, manifest.NAME):
        objects.put(out / made.target / name, f"{below}/{name}", progress)
