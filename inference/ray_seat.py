"""One GPU of the cluster as the driver sees it: its keeper, and the attempts that it was given."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from ray.exceptions import RayError, RayTaskError

from inference.devices import PROBE_SECONDS
from inference.executor import WorkerInfo, WorkerState
from inference.keeper import HEAR_SECONDS, LEAVE_SECONDS, Duty, Taken, Told, code_digest
from inference.parcel import Delivery, Parcel, TooLarge
from inference.protocol import Attempt, Choice, Done, Event, Failed, FailureKind
from inference.ray_cluster import Cluster, Place
from inference.ray_protocol import Asked, Changed
from inference.streams import lost
from inference.supervisor import LONGEST_BACK_OFF, back_off

CONNECT_SECONDS = PROBE_SECONDS + 60.0  # for a keeper to start, and to look at its GPU
SEND_SECONDS = 60.0  # for the files of an attempt
CALL_SECONDS = 10.0
LONGEST_PAUSE = 10.0
FAILURES = 6  # in a row; by the back-off's pauses that is longer than a keeper waits for a bot that is gone
OTHER_SETTINGS = "it had other settings than this bot, and is replaced"
OTHER_CODE = "it had another version of the bot, and is replaced; if that repeats itself, update its machine"

FAULTS = (RayError, TimeoutError, Taken)  #: of calls to a keeper

log = logging.getLogger(__name__)


class Misfit(Exception):
    """A keeper is not as this bot wants it."""


class Seat:
    """Finds or makes the keeper of a GPU, and passes on what it tells; `tell` hears of that, and of each change."""

    def __init__(
        self, place: Place, cluster: Cluster, duty: Duty, tell: Callable[[Event | Asked | Changed], None]
    ) -> None:
        self.info = WorkerInfo(id=place.name, state=WorkerState.STARTING, device="", lanes_free=0, fingerprint={})
        self._place = place
        self._cluster = cluster
        self._duty = duty
        self._tell = tell
        self._keeper: Any = None
        self._session = ""
        self._attempts: dict[str, Attempt] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}

    async def live(self) -> None:
        """Serve until cancelled; who loses the keeper looks for it again, after a pause that grows.

        A worker that could not be had several times in a row is broken, and tried again all the same.
        """
        failures = 0
        while True:
            try:
                await self._connect()
                failures = 0
                await self._listen()
            except (*FAULTS, Misfit, ValueError) as error:  # the last: its name is still another's
                failures += 1
                self._lose(_reason(error), WorkerState.RESTARTING if failures < FAILURES else WorkerState.BROKEN)
                longest = LONGEST_BACK_OFF if isinstance(error, Misfit) else LONGEST_PAUSE
            finally:
                self._forget_attempts(self.info.problem or "its machine is gone")
            await asyncio.sleep(min(back_off(failures), longest))

    def run(self, attempt: Attempt) -> None:
        """Start an attempt; without a keeper it is lost at once."""
        if not self._session:
            self._tell(lost(attempt.id, self.info.problem or "its worker is not ready"))
            return
        self._attempts[attempt.id] = attempt
        task = self._sending[attempt.id] = asyncio.create_task(self._send(attempt))
        task.add_done_callback(lambda _: self._sending.pop(attempt.id))

    async def cancel(self, attempt_id: str) -> None:
        """Ask for an attempt's end; what the keeper has not got yet must not overtake the request."""
        if attempt_id in self._sending:
            await asyncio.wait([self._sending[attempt_id]])
        if attempt_id in self._attempts:
            await self._call(self._keeper.cancel.remote(self._session, attempt_id))

    async def answer(self, choice: Choice, value: int | None, problem: str) -> None:
        """Answer the worker's question; where that fails, it is asked again."""
        if self._session:
            await self._call(self._keeper.answer.remote(self._session, choice, value, problem))

    async def leave(self) -> None:
        """Let the keeper go, which another bot may then have at once."""
        if self._session:
            await self._call(self._keeper.leave.remote(self._session), LEAVE_SECONDS)

    async def _connect(self) -> None:
        keeper = await asyncio.to_thread(self._cluster.keeper, self._place, self._duty)
        session = uuid4().hex
        duty, code = await asyncio.wait_for(keeper.connect.remote(session), CONNECT_SECONDS)
        our_code = await asyncio.to_thread(code_digest)
        if (duty, code) != (self._duty.digest, our_code):
            await self._call(keeper.close.remote())
            await asyncio.to_thread(self._cluster.end, keeper)
            raise Misfit(OTHER_SETTINGS if code == our_code else OTHER_CODE)
        self._keeper, self._session = keeper, session

    async def _listen(self) -> None:
        while True:
            answer = self._keeper.hear.remote(self._session)
            info, told = await asyncio.wait_for(answer, HEAR_SECONDS + CALL_SECONDS)
            self._show(info)  # first: nobody is to send another attempt to a worker that has just lost one
            for each in told:
                await self._pass_on(each)

    async def _pass_on(self, told: Told) -> None:
        if isinstance(told, Delivery):
            if (attempt := self._attempts.get(told.done.attempt_id)) is not None:
                self._end(await _unpacked(told, attempt))
        elif isinstance(told, Failed):
            self._end(told)
        elif isinstance(told, Choice):
            self._tell(Asked(worker_id=self._place.name, choice=told))
        else:
            self._tell(told)

    async def _send(self, attempt: Attempt) -> None:
        try:
            parcel = await asyncio.to_thread(Parcel.pack, attempt)
            await asyncio.wait_for(self._keeper.run.remote(self._session, parcel), SEND_SECONDS)
        except (OSError, TooLarge) as error:
            self._end(Failed(attempt_id=attempt.id, kind=FailureKind.ENGINE, detail=repr(error)))
        except FAULTS as error:
            self._end(lost(attempt.id, _reason(error)))

    async def _call(self, answer: Any, seconds: float = CALL_SECONDS) -> None:
        """Wait for a call of which nothing depends: where it fails, listening fails too."""
        try:
            await asyncio.wait_for(answer, seconds)
        except FAULTS as error:
            log.warning("worker %s: %s", self._place.name, _reason(error))

    def _end(self, event: Done | Failed) -> None:
        if self._attempts.pop(event.attempt_id, None) is not None:
            self._tell(event)

    def _lose(self, reason: str, state: WorkerState) -> None:
        self._session = ""
        self._show(replace(self.info, state=state, lanes_free=0, problem=reason))

    def _forget_attempts(self, reason: str) -> None:
        for attempt_id in list(self._attempts):
            self._end(lost(attempt_id, reason))

    def _show(self, info: WorkerInfo) -> None:
        if info != self.info:
            self.info = info
            self._tell(Changed(worker=info))


async def _unpacked(delivery: Delivery, attempt: Attempt) -> Done | Failed:
    try:
        return await asyncio.to_thread(delivery.unpack, Path(attempt.spool))
    except OSError as error:
        log.exception("attempt %s: its pictures", attempt.id)
        return Failed(attempt_id=attempt.id, kind=FailureKind.ENGINE, detail=repr(error))


def _reason(error: BaseException) -> str:
    """Return the first line of what an error says, be it raised here or in the keeper."""
    cause = error.cause if isinstance(error, RayTaskError) else error
    if isinstance(cause, Misfit | Taken):
        return str(cause)
    lines = str(cause).strip().splitlines()
    return f"{type(cause).__name__}: {lines[0] if lines else 'no answer in time'}"
