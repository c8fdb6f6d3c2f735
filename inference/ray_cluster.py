"""The Ray cluster: how it is joined, which GPUs it has, and the keeper of each. These calls block."""

import socket
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import AuthenticationError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from config.settings import Ray
from inference.keeper import Duty, Keeper

KNOCK_SECONDS = 5.0
STORE_BYTES = 512 * 2**20  # of memory, for what travels in a cluster of our own


@dataclass(frozen=True, slots=True)
class Place:
    """A GPU of a node; `name` is the worker's, and the keeper's."""

    name: str
    node_id: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A node that is there."""

    id: str
    name: str
    gpus: int

    def places(self) -> list[Place]:
        """Return its GPUs, each by a name that no other machine's has."""
        return [Place(f"{self.name}-{self.id[:6]}:{gpu}", self.id) for gpu in range(self.gpus)]


class Unreachable(Exception):
    """The cluster cannot be joined; the text says what to do, for the operator."""


class Cluster:
    """The cluster that is named by the settings."""

    def __init__(self, settings: Ray, gpus: int = 0) -> None:
        """`gpus` are those that one of our own has to have."""
        self._address = settings.address
        self._namespace = settings.namespace
        self._gpus = gpus

    def join(self) -> None:
        """Connect to it, or start it where it is one of our own. Raises Unreachable."""
        options: dict[str, Any] = {"namespace": self._namespace, "logging_level": "WARNING"}
        if self._address == "local":
            options |= {"num_gpus": self._gpus, "include_dashboard": False, "object_store_memory": STORE_BYTES}
        try:
            self._knock()
            ray.init(address=self._address, **options)
        except Exception as error:
            raise Unreachable(f"the Ray cluster at {self._address!r} cannot be joined: {_advice(error)}") from error

    def _knock(self) -> None:
        """Raise OSError where nobody is at the address, which Ray would try for a minute."""
        host, _, port = self._address.partition(":")
        if port:
            socket.create_connection((host, int(port)), KNOCK_SECONDS).close()

    def leave(self) -> None:
        """Part from it; one of our own ends."""
        ray.shutdown()

    def machines(self) -> list[Machine]:
        """Return the nodes that are there. Raises Unreachable."""
        try:
            nodes = [node for node in ray.nodes() if node["Alive"]]
        except Exception as error:
            raise Unreachable(f"the head of the Ray cluster does not answer: {error}") from error
        return [
            Machine(node["NodeID"], node["NodeManagerHostname"], int(node["Resources"].get("GPU", 0))) for node in nodes
        ]

    def places(self) -> list[Place]:
        """Return every GPU of the nodes that are there. Raises Unreachable."""
        return [place for machine in self.machines() for place in machine.places()]

    def keeper(self, place: Place, duty: Duty) -> Any:
        """Return the keeper of a GPU, as a handle: the one that is there, else a new one."""
        options = {
            "name": place.name,
            "namespace": self._namespace,
            "lifetime": "detached",  # it outlives the bot, and stays warm
            "get_if_exists": True,
            "max_restarts": -1,
            "max_task_retries": 0,
            "num_cpus": 0,
            "num_gpus": 1,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(node_id=place.node_id, soft=False),
        }
        return ray.remote(Keeper).options(**options).remote(place.name, duty)

    def end(self, keeper: Any) -> None:
        """End a keeper for good."""
        ray.kill(keeper, no_restart=True)


def _advice(error: Exception) -> str:
    if isinstance(error, AuthenticationError) or "Failed to connect to Ray" in str(error):  # it says no more of a token
        remedy = "RAY_AUTH_TOKEN has to be here and the same as the head's (docs/deploying.md says how)"
        return f"it lets nobody in without its token: {remedy}; or its head is gone. {error}"
    if isinstance(error, RuntimeError) and "ersion" in str(error):
        return f"the same versions of Ray and Python are needed everywhere. {error}"
    return f"start Ray on this machine, too (docs/deploying.md says how). {error}"
