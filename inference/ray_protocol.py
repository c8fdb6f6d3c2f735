"""The messages between the bot and its driver: the process that speaks with the Ray cluster."""

from dataclasses import dataclass
from typing import get_args

from pydantic import BaseModel

from config.settings import Ray
from inference.executor import WorkerInfo
from inference.keeper import Duty
from inference.protocol import Attempt, Cancel, Choice, Codec, Event, Unusable


class DriverConfig(BaseModel):
    """What a driver is told on its command line. `gpus` are those that a cluster of its own has to have."""

    fd: int = -1
    ray: Ray
    gpus: int
    duty: Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOn:
    """Start an attempt on a worker."""

    worker_id: str
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A worker as it is now, with all its lanes; the first that is told of one that comes."""

    worker: WorkerInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The workers of the cluster; also a sign of life."""

    worker_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A worker's Choice. It is told again until it is answered."""

    worker_id: str
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What counts for all workers, None where nobody has chosen yet; or why that cannot be told."""

    worker_id: str
    choice: Choice
    value: int | None
    problem: str = ""


ToDriver = RunOn | Cancel | Answered
FromDriver = Changed | Present | Unusable | Asked | Event

TO_DRIVER: Codec[ToDriver] = Codec(get_args(ToDriver))
FROM_DRIVER: Codec[FromDriver] = Codec(get_args(FromDriver))
