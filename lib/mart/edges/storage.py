"""Files beside the tables of the lake: the file system that an address lies in, and files that are visible only when whole."""

import uuid
from urllib.parse import urlsplit

from pyarrow import fs

from mart.settings import Aws, Settings


def find(settings: Settings, address: str) -> tuple[fs.FileSystem, str]:
    """Find the file system of an address, and the path in it; S3 with the machine's own credentials."""
    scheme, _, path = address.rpartition("://")
    if not scheme:
        return fs.LocalFileSystem(), address
    if scheme in ("s3", "s3a"):
        return _s3(settings.aws), path
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


def _s3(aws: Aws) -> fs.FileSystem:
    endpoint = urlsplit(aws.endpoint_url)
    elsewhere = {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme} if aws.endpoint_url else {}
    return fs.S3FileSystem(region=aws.region, **elsewhere)
