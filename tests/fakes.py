"""Fakes for the seams: they do what they are told, and record what happened."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks._textures import draw_texture
from config.words import UserError
from db.images import FolderStore, PicturesAway
from db.tables.job import Job
from inference.executor import WorkerInfo, WorkerState
from inference.protocol import Attempt, Done, Event, Failed, FailureKind, Loaded, Pixels, Preview, Progress, Started
from inference.request import ImageRequest
from jobs.attempt import Outcome, Running
from jobs.place import Place
from jobs.screening import Unwanted
from moderation.pictures import Judgement, Sight
from provenance.identity import make_identity, today

IDENTITY = make_identity(today())
FINGERPRINT = {"engine": "fake", "weights": "0" * 64}


CLEAR = {"checker": -0.1, "youth": -0.2, "classifier": 0.01}
DOUBTFUL = CLEAR | {"checker": 0.01}
CERTAIN = CLEAR | {"checker": 0.1}
SEXUAL_AND_YOUNG = CLEAR | {"youth": 0.02, "classifier": 0.3}


def draw(attempt: Attempt, *, seen: dict[str, float] | None = None, looked_so: int = 4, truncated: str = "") -> Done:
    """Write pictures whose pixels follow from the seed alone; of the first `looked_so` the check has `seen` that."""
    pictures = []
    for index, request in enumerate(attempt.request.singles()):
        path = Path(attempt.spool) / f"{index}.npy"
        random = np.random.default_rng(request.seed)
        coarse = random.integers(0, 256, (request.height // 8, request.width // 8, 3), np.uint8)
        np.save(path, coarse.repeat(8, axis=0).repeat(8, axis=1), allow_pickle=False)
        pictures.append(
            Pixels(
                path=str(path),
                seed=request.seed,
                width=request.width,
                height=request.height,
                seen=seen if index < looked_so else None,
                fingerprint=FINGERPRINT,
            )
        )
    made = tuple(pictures)
    return Done(attempt_id=attempt.id, pictures=made, seconds=0.5, truncated=truncated)


def draw_over(attempt: Attempt) -> Done:
    """Write pictures that follow from the seed and from every pixel of what they start from."""
    done = draw(attempt)
    below = [path for path in (attempt.source_path, *attempt.blended_paths) if path is not None]
    digest = sha256(b"".join(Image.open(path).convert("RGB").tobytes() for path in below)).digest()
    for picture in done.pictures:
        pixels = np.load(picture.path)
        np.save(picture.path, pixels ^ np.uint8(digest[0] if below else 0), allow_pickle=False)
    return done


def textured(attempt: Attempt) -> Done:
    """Draw pictures as soft and as detailed as a model's."""
    done = draw(attempt)
    for each in done.pictures:
        np.save(each.path, draw_texture(each.seed, each.height, each.width), allow_pickle=False)
    return done


def fail(kind: FailureKind) -> Callable[[Attempt], Event]:
    """Return an outcome that fails so."""
    return lambda attempt: Failed(attempt_id=attempt.id, kind=kind, detail="as told")


class FakeExecutor:
    """An executor whose workers take one attempt each.

    `outcomes` are used up one per attempt; after them every attempt is drawn. While `loaded` is clear, attempts do not
    start; while `go_on` is clear, they stand still after their first preview; a cancel ends both, with the failure
    `cancelled_as`, unless the worker is `deaf`.
    """

    def __init__(self, outcomes: Sequence[Callable[[Attempt], Event]] = (), names: Sequence[str] = ("fake",)) -> None:
        self.attempts: list[Attempt] = []
        self.on: list[str] = []  # the workers that the attempts ran on
        self.cancelled: list[str] = []
        self.outcomes = list(outcomes)
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.loaded = asyncio.Event()
        self.loaded.set()
        self.cancelled_as = FailureKind.CANCELLED
        self.deaf = False
        self.state = WorkerState.READY
        self.free = dict.fromkeys(names, 1)
        self.fingerprint = FINGERPRINT
        self.fingerprints: dict[str, dict[str, str]] = {}  # by the workers' names, where they differ
        self.memory: dict[str, int] = {}
        self.states: dict[str, WorkerState] = {}
        self.warm: dict[str, tuple[Loaded, ...]] = {}
        self._change = asyncio.Event()
        self._stop: dict[str, asyncio.Event] = {}

    async def start(self) -> None:
        pass

    def workers(self) -> Sequence[WorkerInfo]:
        return [
            WorkerInfo(
                id=name,
                state=self.states.get(name, self.state),
                device="fake",
                lanes_free=free,
                fingerprint=self.fingerprints.get(name, self.fingerprint),
                problem="as told" if self.state is WorkerState.BROKEN else None,
                memory=self.memory.get(name),
                warm=self.warm.get(name, ()),
            )
            for name, free in self.free.items()
        ]

    async def changed(self) -> None:
        await self._change.wait()
        self._change.clear()

    def run(self, worker_id: str, attempt: Attempt) -> AsyncIterator[Event]:
        assert self.free[worker_id] > 0, "the executor has no queue"
        self.free[worker_id] -= 1
        self.attempts.append(attempt)
        self.on.append(worker_id)
        self.warm[worker_id] = ((attempt.request.checkpoint, attempt.request.adapters),)
        self._stop[attempt.id] = asyncio.Event()
        return self._events(worker_id, attempt)

    async def cancel(self, attempt_id: str) -> None:
        self.cancelled.append(attempt_id)
        if attempt_id in self._stop and not self.deaf:
            self._stop[attempt_id].set()

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109
        pass

    async def _events(self, worker_id: str, attempt: Attempt) -> AsyncIterator[Event]:
        stop = self._stop[attempt.id]
        await _first_of(stop, self.loaded)
        if not stop.is_set():
            yield Started(attempt_id=attempt.id)
            yield Progress(attempt_id=attempt.id, step=1, of=2)
            yield Preview(attempt_id=attempt.id, jpeg=b"jpeg")
            await _first_of(stop, self.go_on)
        outcome = fail(self.cancelled_as) if stop.is_set() else self.outcomes.pop(0) if self.outcomes else draw
        self.free[worker_id] += 1
        self._change.set()
        yield outcome(attempt)


async def _first_of(*events: asyncio.Event) -> None:
    waits = {asyncio.ensure_future(event.wait()) for event in events}
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


class InThreadClerk:
    """Does a clerk's work in a thread of this process, which starts sooner; records the functions called."""

    failures = 0

    def __init__(self) -> None:
        self.called: list[str] = []

    async def call(self, function: Callable[..., Any], *args: Any, timeout: float = 60.0) -> Any:  # noqa: ASYNC109
        self.called.append(function.__name__)
        return await asyncio.wait_for(asyncio.to_thread(function, *args), timeout)


class FakeEyes(InThreadClerk):
    """Sees in every picture that people send what it is told to, or fails as it is told to."""

    def __init__(self, seen: dict[str, float] | Exception) -> None:
        super().__init__()
        self.seen = seen

    async def call(self, function: Callable[..., Any], *args: Any, timeout: float = 60.0) -> Any:  # noqa: ASYNC109
        self.called.append(function.__name__)
        if isinstance(self.seen, Exception):
            raise self.seen
        return self.seen


class FakeCaptions(InThreadClerk):
    """Sees in every picture what it is told to, once `may_go_on` is set; or fails as it is told to."""

    def __init__(self, words: str | Exception) -> None:
        super().__init__()
        self.words = words
        self.looked_at: list[bytes] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self._looking = asyncio.Event()

    async def looks(self, count: int) -> None:
        """Return once it has been asked so often."""
        async with asyncio.timeout(20):
            while len(self.looked_at) < count:
                await self._looking.wait()
                self._looking.clear()

    async def call(self, function: Callable[..., Any], *args: Any, timeout: float = 60.0) -> Any:  # noqa: ASYNC109
        self.called.append(function.__name__)
        self.looked_at.append(args[-1])
        self._looking.set()
        await self.may_go_on.wait()
        if isinstance(self.words, Exception):
            raise self.words
        return self.words


class FakeFinder(InThreadClerk):
    """Finds in every picture what it is told to: probabilities of shape [rows, columns]; or fails as it is told to.

    It answers once `may_go_on` is set.
    """

    def __init__(self, seen: NDArray[np.float32] | Exception) -> None:
        super().__init__()
        self.seen = seen
        self.asked: list[str] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def call(self, function: Callable[..., Any], *args: Any, timeout: float = 60.0) -> Any:  # noqa: ASYNC109
        self.asked.append(args[-1])
        await self.may_go_on.wait()
        if isinstance(self.seen, Exception):
            raise self.seen
        return self.seen


class FakeScreening:
    """Refuses every job's words with `unwanted`; sees in pictures what the sights are by their scores; records."""

    def __init__(self, *sights: tuple[dict[str, float], Sight]) -> None:
        self.sights = sights
        self.unwanted: Unwanted | None = None
        self.previews = True
        self.stopped: list[Judgement] = []
        self.checked: list[int] = []

    async def check_words(self, job: Job, request: ImageRequest) -> None:
        self.checked.append(job.id)
        if self.unwanted is not None:
            raise self.unwanted

    def may_preview(self, job: Job, request: ImageRequest, seen: Mapping[str, float] | None) -> bool:
        return self.previews

    async def look(self, job: Job, request: ImageRequest, pixels: Pixels) -> Judgement:
        return Judgement(next((sight for seen, sight in self.sights if seen == pixels.seen), Sight.OPEN), "1")

    async def keep(self, job: Job, request: ImageRequest, stopped: Sequence[Judgement]) -> UserError:
        self.stopped += stopped
        return UserError("jobs.picture_refused")


class FakeAudience:
    """Records what the dispatcher tells, as (what, job id); `on_queued` may look around at that moment."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.news = asyncio.Event()
        self.on_queued: Callable[[Job], None] = lambda _: None
        self.places: dict[int, Place] = {}
        self.outcomes: list[Outcome] = []

    def queued(self, job: Job, place: Place) -> None:
        self.on_queued(job)
        self.places[job.id] = place
        self._tell("queued", job)

    def started(self, job: Job) -> None:
        self._tell("started", job)

    def progress(self, job: Job, step: int, of: int) -> None:
        self._tell("progress", job)

    def preview(self, job: Job, jpeg: bytes | None) -> None:
        self._tell("preview" if jpeg else "no preview", job)

    def settled(self, attempt: Running, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def ended(self, job: Job) -> None:
        self._tell("ended", job)

    async def heard(self, what: str, job: int) -> None:
        """Wait until that was told."""
        async with asyncio.timeout(20):
            while (what, job) not in self.told:
                self.news.clear()
                await self.news.wait()

    def _tell(self, what: str, job: Job) -> None:
        self.told.append((what, job.id))
        self.news.set()


class FakeAwayStore(FolderStore):
    """A store that is away for so many calls of `put`."""

    def __init__(self, folder: Path, away: int) -> None:
        super().__init__(folder)
        self.away = away

    async def put(self, data: bytes) -> str:
        if self.away > 0:
            self.away -= 1
            raise PicturesAway("jobs.pictures_away")
        return await super().put(data)
