"""Where the lake lies, on a disk or in S3, told to each who reads or writes there; and files visible only when whole.

In: an address and the settings. Out: options of delta-rs, a file system of Arrow's, properties of Hadoop's. Credentials
are in none of them: each finds those of the machine or of the environment itself.
"""

import uuid
from urllib.parse import urlsplit

from pyarrow import fs

from mart.settings import Settings

S3 = ("s3", "s3a")
# S3 has no rename. EMR and Glue bring committers of their own that do without; these are Hadoop's and Spark's, for
# one's own machine.
WRITTEN_IN_PLACE = {
    "fs.s3a.committer.name": "magic",
    "fs.s3a.committer.magic.track.commits.in.memory.enabled": "true",  # else each file has another that describes it
}
WITHOUT_RENAME = {
    "spark.sql.streaming.checkpointFileManagerClass": (
        "org.apache.spark.internal.io.cloud.AbortableStreamBasedCheckpointFileManager"
    ),
    "spark.sql.sources.commitProtocolClass": "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol",
    "spark.sql.parquet.output.committer.class": "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter",
}


def in_s3(address: str) -> bool:
    """Tell whether an address lies in S3."""
    return urlsplit(address).scheme in S3


def options(settings: Settings, address: str) -> dict[str, str] | None:
    """Tell delta-rs where an address lies; nothing of a disk. It commits by conditional writes without being told."""
    if not in_s3(address):
        return None
    aws = settings.aws
    plain = {"AWS_ALLOW_HTTP": "true"} if urlsplit(aws.endpoint_url).scheme == "http" else {}
    return {"AWS_REGION": aws.region} | _told({"AWS_ENDPOINT_URL": aws.endpoint_url}) | plain


def hadoop(settings: Settings) -> dict[str, str]:
    """Tell Hadoop's s3a:// where the lake lies; nothing of a lake on a disk."""
    if not in_s3(settings.lake):
        return {}
    aws = settings.aws
    emulator = {"fs.s3a.endpoint": aws.endpoint_url, "fs.s3a.path.style.access": "true"}
    return {"fs.s3a.endpoint.region": aws.region} | (emulator | WRITTEN_IN_PLACE if _here(settings) else {})


def spark(settings: Settings) -> dict[str, str]:
    """Tell Spark how files come into being where the lake lies; nothing of a disk, nor of a Spark that AWS set up."""
    return WITHOUT_RENAME if in_s3(settings.lake) and _here(settings) else {}


def _here(settings: Settings) -> bool:
    """Tell whether AWS is an emulator, and so Spark one's own."""
    return bool(settings.aws.endpoint_url)


def find(settings: Settings, address: str) -> tuple[fs.FileSystem, str]:
    """Find Arrow's file system of an address, and the path in it."""
    scheme, _, path = address.rpartition("://")
    if not scheme:
        return fs.LocalFileSystem(), address
    if scheme in S3:
        endpoint = urlsplit(settings.aws.endpoint_url)
        elsewhere = _told({"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme})
        return fs.S3FileSystem(region=settings.aws.region, **elsewhere), path
    found: tuple[fs.FileSystem, str] = fs.FileSystem.from_uri(address)
    return found


def put(files: fs.FileSystem, path: str, content: bytes) -> None:
    """Make a file visible when it is whole: an object in S3 always is, elsewhere a hidden name is renamed."""
    if not isinstance(files, fs.LocalFileSystem):
        return _fill(files, path, content)
    place, _, name = path.rpartition("/")
    files.create_dir(place)
    hidden = f"{place}/.{name}.{uuid.uuid4().hex}"
    try:
        _fill(files, hidden, content)
        files.move(hidden, path)
    except BaseException:
        if is_there(files, hidden):
            files.delete_file(hidden)
        raise


def read(files: fs.FileSystem, path: str) -> bytes | None:
    """Read a whole file; None where there is none."""
    if not is_there(files, path):
        return None
    with files.open_input_stream(path) as stream:
        content: bytes = stream.read()
    return content


def is_there(files: fs.FileSystem, path: str) -> bool:
    """Tell whether a path is a file."""
    return bool(files.get_file_info(path).type == fs.FileType.File)


def _fill(files: fs.FileSystem, path: str, content: bytes) -> None:
    with files.open_output_stream(path) as stream:
        stream.write(content)


def _told(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
