"""What crawls remember, on S3: one archive a shop, and a lease, so that one crawl of a shop at a time works with it.

In: `s3://bucket/prefix`, a shop, a folder. Out: `<prefix>/<shop>/state.tar.gz`, whole or as it was before,
`<prefix>/<shop>/lease.json` while a crawl is at work, and outcome.json, how the last one went. The first two are written on conditions that S3 itself checks: a lease by If-None-Match,
and If-Match when one has expired; the archive by the ETag of the one that was fetched, so that a crawl that has outlived its
lease can't overwrite what another has saved. A lease ends with its invocation's time: a killed one blocks nobody for longer.
"""

import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import urlsplit

from mart.edges import aws
from mart.edges.aws import AwsError
from mart.edges.outcomes import Document
from mart.settings import Aws

CLOCKS = timedelta(seconds=30)  # by which two machines' clocks may differ
LOCK = "lock"  # a crawl's own file on its machine
CHANGED = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409", "NoSuchKey", "404")


class StateError(AwsError):
    """S3 did not do what was asked, or holds what can't be read; the message says what to do."""


class Busy(RuntimeError):
    """Another crawl of the shop holds the lease."""

    def __init__(self, shop: str, until: datetime) -> None:
        super().__init__(f"{shop}: another crawl is at work, until {until:%H:%M:%S} UTC at the latest")
        self.until = until


class _Changed(RuntimeError):
    """The object is another one than the condition says, or there is none."""


@dataclass(frozen=True)
class Kept:
    """The object under a key: what it holds, and which version that is."""

    body: IO[bytes]
    etag: str


class CrawlState:
    """The place on S3 where crawls are remembered."""

    def __init__(self, place: str, at: Aws) -> None:
        url = urlsplit(place)
        if url.scheme not in ("s3", "s3a") or not url.netloc:
            raise StateError(f"scraping.state is {place or 'empty'}: the function keeps it on S3: s3://bucket/prefix")
        self._bucket, self._prefix = url.netloc, url.path.strip("/")
        self._client = aws.client("s3", at)

    @contextmanager
    def lease(self, shop: str, owner: str, until: datetime) -> Iterator[None]:
        """Be the only crawl of a shop, until that instant at the latest. Raises Busy and StateError."""
        key = self._key(shop, "lease.json")
        etag = self._take(shop, key, {"owner": owner, "until": until.isoformat()})
        try:
            yield
        finally:
            with suppress(_Changed):  # ours has expired, and another holds it now
                self._ask("delete_object", Key=key, IfMatch=etag)

    def fetch(self, shop: str, folder: Path) -> str | None:
        """Unpack a shop's state into a folder; return its version, None where there is none yet."""
        key = self._key(shop, "state.tar.gz")
        kept = self._find(key)
        if kept is None:
            return None
        try:
            with tarfile.open(fileobj=kept.body, mode="r|gz") as archive:
                archive.extractall(folder, filter="data")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise StateError(
                f"s3://{self._bucket}/{key} can't be unpacked ({error}): remove it to begin anew"
            ) from None
        return kept.etag

    def save(self, shop: str, folder: Path, version: str | None) -> None:
        """Put a folder in place of the version that was fetched. Raises StateError where another crawl was faster."""
        key = self._key(shop, "state.tar.gz")
        with TemporaryFile() as packed:
            with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=3) as archive:
                for file in sorted(folder.rglob("*")):
                    if file.is_file() and file.name != LOCK:
                        archive.add(file, str(file.relative_to(folder)))
            packed.seek(0)
            try:
                self._put(key, packed, version)
            except _Changed:
                raise StateError(
                    f"s3://{self._bucket}/{key} was written by another crawl meanwhile: this one's memory is dropped, "
                    "what it has published is published; does somebody write there without the lease?"
                ) from None

    def note(self, shop: str, outcome: Document) -> None:
        """Put how a shop's last crawl went in place of the one before. Raises StateError."""
        self._ask("put_object", Key=self._key(shop, "outcome.json"), Body=json.dumps(outcome).encode())

    def outcome(self, shop: str) -> Document | None:
        """Tell how a shop's last crawl went; None where there was none. Raises StateError."""
        kept = self._find(self._key(shop, "outcome.json"))
        return json.loads(kept.body.read()) if kept else None

    def _take(self, shop: str, key: str, ours: dict[str, str]) -> str:
        """Write a lease where there is none, or where one has expired; return its version."""
        body = json.dumps(ours).encode()
        try:
            return self._put(key, body, None)
        except _Changed:
            kept = self._find(key)
        found = json.loads(kept.body.read()) if kept else ours
        until = datetime.fromisoformat(found["until"])
        if kept and found["owner"] == ours["owner"]:  # an answer was lost, and the client has asked again
            return kept.etag
        if kept is None or until + CLOCKS > datetime.now(UTC):
            raise Busy(shop, until)
        try:
            return self._put(key, body, kept.etag)
        except _Changed:
            raise Busy(shop, datetime.fromisoformat(ours["until"])) from None

    def _put(self, key: str, body: IO[bytes] | bytes, version: str | None) -> str:
        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        return str(self._ask("put_object", Key=key, Body=body, **condition)["ETag"])

    def _find(self, key: str) -> Kept | None:
        try:
            answer = self._ask("get_object", Key=key)
        except _Changed:
            return None
        return Kept(answer["Body"], answer["ETag"])

    def _ask(self, operation: str, **call: Any) -> dict[str, Any]:  # noqa: ANN401 whatever the operation takes
        try:
            return aws.ask(self._client, operation, Bucket=self._bucket, **call)
        except AwsError as error:
            if error.code in CHANGED:
                raise _Changed(call["Key"]) from None
            raise StateError(f"{error}; check the bucket that scraping.state names", error.code) from None

    def _key(self, shop: str, name: str) -> str:
        return "/".join(part for part in (self._prefix, shop.replace("/", "_"), name) if part)
