"""A Ray cluster that is this process, with keepers that are called as actors are."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from inference.keeper import HEAR_SECONDS, Duty, Keeper
from inference.ray_cluster import Cluster, Place

PARTING_SECONDS = HEAR_SECONDS + 0.5  # that it takes to part from a cluster: a seat that listened on would hear of it


class Call:
    """A method of an actor."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method

    def remote(self, *arguments: Any) -> "asyncio.Future[Any]":
        return asyncio.ensure_future(self._method(*arguments))


class Actor:
    """A keeper by its handle."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def __getattr__(self, name: str) -> Call:
        return Call(getattr(self._keeper, name))


class HereCluster(Cluster):
    """Has the keepers that it is given, each by its name; of others it knows nothing."""

    def __init__(self, keepers: Mapping[str, Keeper]) -> None:
        self._keepers = keepers

    def join(self) -> None:
        pass

    def leave(self) -> None:
        time.sleep(PARTING_SECONDS)

    def places(self) -> list[Place]:
        return [Place(name, "here") for name in self._keepers]

    def keeper(self, place: Place, duty: Duty) -> Actor:
        if place.name not in self._keepers:
            raise ValueError("its name is another's")
        return Actor(self._keepers[place.name])

    def end(self, keeper: Any) -> None:
        pass
