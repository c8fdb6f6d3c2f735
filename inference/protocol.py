"""The messages between the bot and its workers: small, typed, msgpack, length-prefixed.

A frame is a big-endian 32-bit length and that many bytes of msgpack: the message's class name
and its fields. Pixels never travel here: the worker writes them to a file in the attempt's spool folder.
"""

import asyncio
import struct
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

import msgpack
from pydantic import TypeAdapter, ValidationError

from config.words import UserError
from inference.request import Adapters, ImageRequest

Loaded = tuple[str, Adapters]  #: a checkpoint's name, and what is added to it

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LENGTH = struct.Struct(">I")
FRAME_LIMIT = 16 * 2**20


class BadFrame(Exception):
    """What came over the socket is no message of this protocol."""


@unique
class FailureKind(StrEnum):
    """Why an attempt ended without pictures."""

    CANCELLED = "cancelled"  #: somebody asked for it
    OUT_OF_MEMORY = "out_of_memory"  #: the device had no room, even with the smallest batch
    INVALID = "invalid"  #: the request cannot be carried out by this checkpoint; trying again will not help
    UNUSABLE = "unusable"  #: the checkpoint cannot be loaded; `detail` says why, for the operator
    ENGINE = "engine"  #: the engine raised; `detail` is for the log
    WORKER_LOST = "worker_lost"  #: the process died, hung or was cut off; made up by the executor


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a job on a worker. `id` is the job's id and its fencing token; paths are absolute."""

    id: str
    request: ImageRequest
    source_path: str | None
    mask_path: str | None = None
    blended_paths: tuple[str, ...] = ()
    spool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """A finished picture on its way: an .npy file of shape [height, width, 3], uint8, RGB.

    `fingerprint` names all that decided its bytes besides its request.
    """

    path: str
    seed: int
    width: int
    height: int
    fingerprint: dict[str, str]
    seen: dict[str, float] | None  #: what the picture check saw; None where the checkpoint's world is closed


# To the worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Start an attempt."""

    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop an attempt at the next step."""

    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """Ask for a sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The answer to a Choice: what counts for all workers; None where nobody has chosen yet."""

    value: int | None


# From the worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The worker can take attempts, `lanes` of them at once. `fingerprint` names all that decides its numerics."""

    fingerprint: dict[str, str]
    lanes: int = 1
    memory: int | None = None  #: bytes of its device


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """What the worker has in memory from now on; `fingerprints` are those of the checkpoints, by their names."""

    warm: tuple[Loaded, ...]
    fingerprints: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Ask for a number that all workers of a kind draw with, or, with a value, propose one: the first one counts.

    The worker waits for the answer.
    """

    name: str
    value: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """The worker could not load its checkpoint and ends; `problem` says why, for the operator."""

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What an engine has done since its process started: rows of the UNet's calls, and what it found in memory."""

    rows_called: int = 0
    rows_used: int = 0  #: those that were somebody's; the others fill a call up
    prompts_found: int = 0
    prompts_encoded: int = 0
    checkpoints_found: int = 0  #: with the adapters that were asked for
    checkpoints_loaded: int = 0
    graphs_found: int = 0  #: ways of calling the UNet for a shape: on a GPU recorded, and compiled where that pays
    graphs_made: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """A sign of life; `steps` counts every denoising step since the start."""

    steps: int
    loading: bool  #: a checkpoint is being loaded, so that `steps` may stand still for long
    counts: Counts = Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The attempt's first work began; its checkpoint is loaded."""

    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`step` of `of` steps are done, over all pictures of the attempt."""

    attempt_id: str
    step: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the pictures look like so far: a small JPEG, and what the picture check saw in it, as of finished ones."""

    attempt_id: str
    jpeg: bytes
    seen: dict[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """All pictures of the attempt are in its spool folder. `seconds` is the device time it took."""

    attempt_id: str
    pictures: tuple[Pixels, ...]
    seconds: float
    truncated: str = ""  #: the end of the prompt that the text encoder could not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The attempt ended without pictures."""

    attempt_id: str
    kind: FailureKind
    detail: str


Event = Started | Progress | Preview | Done | Failed
Message = Run | Cancel | Ping | Chosen | Ready | Holds | Choice | Unusable | Pong | Event

T = TypeVar("T")


class Codec(Generic[T]):
    """Reads the messages of one kind of connection, whose classes are `kinds`."""

    def __init__(self, kinds: Iterable[type]) -> None:
        self._adapters: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in kinds}

    def decode(self, body: bytes) -> T:
        """Return the message of a frame's body. Raises BadFrame."""
        try:
            name, values = msgpack.unpackb(body)  # type: ignore[no-untyped-call, attr-defined]
            message: T = self._adapters[name].validate_python(values)
        except (ValidationError, UserError) as error:
            raise BadFrame(f"{name}: {error}") from None
        except (msgpack.UnpackException, ValueError, TypeError, KeyError) as error:
            raise BadFrame(f"not a message: {error!r}") from None
        return message

    async def receive(self, reader: asyncio.StreamReader) -> T:
        """Wait for the next message. Raises EOFError at the end of the stream, and BadFrame."""
        (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        if length > FRAME_LIMIT:
            raise BadFrame(f"a frame of {length} bytes; {FRAME_LIMIT} is the most")
        return self.decode(await reader.readexactly(length))


MESSAGES: Codec[Message] = Codec(get_args(Message))


def encode(message: "DataclassInstance") -> bytes:
    """Return the message as a frame. Raises BadFrame where it is longer than FRAME_LIMIT."""
    body: bytes = msgpack.packb([type(message).__name__, asdict(message)])  # type: ignore[no-untyped-call]
    if len(body) > FRAME_LIMIT:
        raise BadFrame(f"a {type(message).__name__} of {len(body)} bytes; {FRAME_LIMIT} is the most")
    return LENGTH.pack(len(body)) + body
