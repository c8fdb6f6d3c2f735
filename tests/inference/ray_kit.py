"""Ray clusters for the tests: of several nodes, on this machine alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from config.settings import Ray, Settings

STORE = 80 * 2**20


class Fleet:
    """A cluster whose nodes have logical GPUs; `data` is their data folder."""

    def __init__(self, data: Path) -> None:
        from ray.cluster_utils import Cluster

        self.data = data
        self._cluster = Cluster()

    def add(self, gpus: int, **options: Any) -> Any:
        """Start a node; the first one is the head."""
        environment = {"IMAGINE_DATA": str(self.data), "RAY_worker_niceness": "0"}
        defaults = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False, "env_vars": environment}
        return self._cluster.add_node(num_gpus=gpus, **defaults | options)

    def kill(self, node: Any) -> None:
        """End a node as a loss of power would."""
        self._cluster.remove_node(node, allow_graceful=False)

    def settings(self, settings: Settings) -> Settings:
        """Return the settings of a bot that draws here."""
        address = self._cluster.address
        return settings.model_copy(update={"executor": "ray", "ray": Ray(address=address, namespace="test")})

    def end(self) -> None:
        """End every node."""
        for node in [*self._cluster.worker_nodes, self._cluster.head_node]:
            if node is not None:
                self.kill(node)


@contextmanager
def fleet(data: Path, *gpus: int) -> Iterator[Fleet]:
    """Give a cluster of nodes with so many GPUs each; the first is the head."""
    pytest.importorskip("ray", reason="Ray is an extra: pip install '.[ray]'")
    cluster = Fleet(data)
    try:
        for number in gpus:
            cluster.add(number)
        yield cluster
    finally:
        cluster.end()
