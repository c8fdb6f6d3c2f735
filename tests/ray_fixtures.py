"""Ray clusters for the tests: of several nodes, with logical GPUs, on this machine alone."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path

import psutil
import pytest

from config.settings import Ray, Settings

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
    "RAY_AUTH_MODE": "disabled",
    "RAY_health_check_period_ms": "500",  # a dead node is found out in seconds
    "RAY_health_check_initial_delay_ms": "500",
}
STORE = 80 * 2**20
ANY_PORT = ("--dashboard-agent-listen-port=0", "--min-worker-port=0", "--max-worker-port=0")


@dataclass(frozen=True)
class Node:
    """A machine of a cluster, as `ray start` makes one."""

    process: subprocess.Popen[str]

    def kill(self) -> None:
        """End all its processes as a loss of power would."""
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.communicate()
        psutil.wait_procs(family, 10)


class Fleet:
    """A cluster whose nodes have logical GPUs; `data` is their data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._sessions = tempfile.mkdtemp(prefix="ray-")  # short: sockets lie in it
        self._address = f"127.0.0.1:{free_port()}"
        self._nodes: list[Node] = []

    def start(self, gpus: int) -> Node:
        """Start the head."""
        where = (f"--port={self._address.partition(':')[2]}", f"--temp-dir={self._sessions}")
        return self._start("--head", "--include-dashboard=false", *where, gpus=gpus)

    def add(self, gpus: int) -> Node:
        """Start another node."""
        return self._start(f"--address={self._address}", gpus=gpus)

    def settings(self, settings: Settings) -> Settings:
        """Return the settings of a bot that draws here."""
        return settings.model_copy(update={"executor": "ray", "ray": Ray(address=self._address, namespace="test")})

    def end(self) -> None:
        """End every node."""
        for node in self._nodes:
            if node.process.poll() is None:
                node.kill()
        shutil.rmtree(self._sessions, ignore_errors=True)

    def _start(self, *options: str, gpus: int) -> Node:
        resources = ("--num-cpus=1", f"--num-gpus={gpus}", f"--object-store-memory={STORE}")
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ray"), "start", "--block", *resources, *ANY_PORT, *options],
            env=os.environ | ENVIRONMENT | {"IMAGINE_DATA": str(self.data)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        node = Node(process)
        self._nodes.append(node)
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if "Ray runtime started" in line:
                return node
        raise AssertionError("".join(told))


@contextmanager
def a_fleet(data: Path, *gpus: int) -> Iterator[Fleet]:
    """Give a cluster of nodes with so many GPUs each, if any; the first is the head."""
    pytest.importorskip("ray", reason="Ray is an extra: make setup installs it")
    cluster = Fleet(data)
    try:
        for number, start in zip(gpus, chain([cluster.start], repeat(cluster.add)), strict=False):
            start(number)
        yield cluster
    finally:
        cluster.end()


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Give the cluster that tests share: one node with two GPUs."""
    with a_fleet(tmp_path_factory.mktemp("nodes"), 2) as cluster:
        yield cluster


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
