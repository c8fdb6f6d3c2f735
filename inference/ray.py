"""The executor for many machines: a keeper for every GPU of a Ray cluster, which a process of ours speaks with."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from config.settings import ConfigError, Ray, Settings
from inference.checkpoints import Checkpoint
from inference.choices import ChoiceFile
from inference.devices import find_devices, output_of
from inference.easel import ENGINE, WorkerConfig
from inference.executor import WorkerInfo, WorkerState
from inference.keeper import LEAVE_SECONDS, Duty
from inference.process import ChildProcess
from inference.protocol import Attempt, Cancel, Counts, Event, Unusable
from inference.ray_protocol import FROM_DRIVER, Answered, Asked, Changed, DriverConfig, FromDriver, Present, RunOn
from inference.streams import Streams, refused
from inference.supervisor import Patience, Settle, back_off

JOIN_SECONDS = 60.0  # for the cluster to be joined, or to start
SILENCE_SECONDS = 30.0
END_SECONDS = LEAVE_SECONDS + 3.0  # for the driver, which lets the workers go first

TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")  #: variables that say which token a cluster asks for

log = logging.getLogger(__name__)


class RayExecutor:
    """Runs attempts on the GPUs of a Ray cluster, and joins the cluster again when it was lost.

    `settle` says what all workers draw with; without it, that is kept in this machine's data folder.
    """

    def __init__(
        self,
        settings: Settings,
        checkpoints: Mapping[str, Checkpoint],
        settle: Settle | None = None,
        *,
        patience: Patience | None = None,
        engine: str = ENGINE,
    ) -> None:
        self._settings = settings
        worker = WorkerConfig.of(settings, checkpoints, "", engine).model_copy(update={"cache": Path()})
        self._duty = Duty(worker=worker, patience=patience or Patience(load=settings.times.load))
        self._settle = settle or ChoiceFile(settings.data / "rows.json").settle
        self._answers: set[asyncio.Task[None]] = set()
        self._driver: ChildProcess[FromDriver] | None = None
        self._workers: dict[str, WorkerInfo] = {}  #: each with all its lanes
        self._places: dict[str, str] = {}  #: running attempts, and their workers
        self._streams = Streams(self._cancel)
        self._change = asyncio.Event()
        self._deaths = 0  #: of the driver, since the cluster was last joined
        self._joined: asyncio.Future[None]  #: whether the cluster could be joined at the start
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Join the cluster; returns before its workers are ready. Raises ConfigError where that cannot be done."""
        require("ray")
        gpus = len(self._settings.devices or await find_devices()) if self._settings.ray.address == "local" else 0
        config = DriverConfig(ray=self._settings.ray, gpus=gpus, duty=self._duty)
        self._joined = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(config), name="Ray's driver")
        try:
            await self._joined
        except BaseException:
            await self.close(0)
            raise

    def workers(self) -> Sequence[WorkerInfo]:
        """Return the workers as they are now."""
        return [replace(each, lanes_free=self._lanes_free(each)) for each in self._workers.values()]

    async def changed(self) -> None:
        """Wait until a worker's state or free lanes change."""
        await self._change.wait()

    def run(self, worker_id: str, attempt: Attempt) -> AsyncIterator[Event]:
        """Start the attempt at once; its events come from the iterator, which must be read to its end."""
        worker = self._workers.get(worker_id)
        if self._driver is None or worker is None or self._lanes_free(worker) < 1:
            return refused(attempt.id)
        self._places[attempt.id] = worker_id
        self._driver.send(RunOn(worker_id=worker_id, attempt=attempt))
        self._notify()
        return self._streams.open(attempt.id)

    async def cancel(self, attempt_id: str) -> None:
        """Ask for an attempt's end."""
        self._cancel(attempt_id)

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - the deadline is the contract
        """Let running attempts end within `timeout` seconds, then part from the cluster, whose workers stay warm."""
        try:
            async with asyncio.timeout(timeout):
                while self._streams:
                    await self.changed()
        except TimeoutError:
            log.warning("attempts were still running at the end of %g s", timeout)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self, config: DriverConfig) -> None:
        """Run the driver again and again, until cancelled; the first one has to join the cluster."""
        try:
            while True:
                problem = await self._live_once(config)
                self._deaths += 1
                log.error("the Ray cluster was lost (%d in a row): %s", self._deaths, problem)
                self._lose(problem)
                if not self._joined.done():
                    self._joined.set_exception(ConfigError(problem))
                await asyncio.sleep(back_off(self._deaths))
        finally:
            self._lose("the executor closes")

    async def _live_once(self, config: DriverConfig) -> str:
        """Run the driver to its end, and say why it ended."""
        driver = ChildProcess("inference.ray_driver", config, FROM_DRIVER, environment=environment(), grace=END_SECONDS)
        try:
            async with driver:
                self._driver = driver
                await self._listen(driver)
        except OSError as error:
            return f"the process that speaks with Ray cannot be started: {error}"
        finally:
            self._driver = None
        return driver.epitaph()

    async def _listen(self, driver: ChildProcess[FromDriver]) -> None:
        try:
            async with asyncio.timeout(JOIN_SECONDS) as limit:
                async for message in driver.messages():
                    limit.reschedule(asyncio.get_running_loop().time() + SILENCE_SECONDS)
                    self._take(message, driver)
        except TimeoutError:
            driver.kill(f"the Ray cluster at {self._settings.ray.address!r} gave no answer in time")

    def _take(self, message: FromDriver, driver: ChildProcess[FromDriver]) -> None:
        match message:
            case Changed(worker=worker):
                self._show(worker)
            case Present(worker_ids=worker_ids):
                self._deaths = 0
                self._keep_only(worker_ids)
                if not self._joined.done():
                    self._joined.set_result(None)
            case Unusable(problem=problem):
                driver.kill(problem)
            case Asked():
                task = asyncio.create_task(self._answer(message, driver))
                self._answers.add(task)
                task.add_done_callback(self._answers.discard)
            case _:
                self._deliver(message)

    async def _answer(self, asked: Asked, driver: ChildProcess[FromDriver]) -> None:
        """Say what counts for all workers, or why that cannot be said."""
        value, problem = None, ""
        try:
            value = await self._settle(asked.choice.name, asked.choice.value)
        except Exception as error:
            log.exception("what worker %s chose could not be kept", asked.worker_id)
            problem = str(error)
        driver.send(Answered(worker_id=asked.worker_id, choice=asked.choice, value=value, problem=problem))

    def _show(self, worker: WorkerInfo) -> None:
        """Take note of a worker as it is now, and log a problem that it had not before."""
        known = self._workers.get(worker.id)
        if worker.problem and (known is None or known.problem != worker.problem):
            log.warning("worker %s: %s", worker.id, worker.problem)
        self._workers[worker.id] = worker
        if known is None or without_counts(known) != without_counts(worker):
            self._notify()

    def _keep_only(self, worker_ids: Sequence[str]) -> None:
        """Forget the workers that are gone with their machines."""
        gone = self._workers.keys() - set(worker_ids)
        for worker_id in gone:
            del self._workers[worker_id]
        if gone:
            self._notify()

    def _deliver(self, event: Event) -> None:
        if self._streams.deliver(event):
            del self._places[event.attempt_id]
            self._notify()

    def _cancel(self, attempt_id: str) -> None:
        if attempt_id in self._streams and self._driver is not None:
            self._driver.send(Cancel(attempt_id=attempt_id))

    def _lose(self, reason: str) -> None:
        """Give up what runs, and every worker until the cluster is joined again."""
        self._streams.lose(self._streams, reason)
        self._places.clear()
        self._workers = {
            each.id: replace(each, state=WorkerState.RESTARTING, lanes_free=0, problem=reason)
            for each in self._workers.values()
        }
        self._notify()

    def _lanes_free(self, worker: WorkerInfo) -> int:
        return max(0, worker.lanes_free - list(self._places.values()).count(worker.id))

    def _notify(self) -> None:
        event, self._change = self._change, asyncio.Event()
        event.set()


def without_counts(worker: WorkerInfo) -> WorkerInfo:
    """Return what there is to say of a worker besides what goes on all the time, of which nobody need wake up."""
    return replace(worker, steps=0, counts=Counts())


async def visit(settings: Ray) -> dict[str, int]:
    """Return the machines of a cluster with their number of GPUs. Raises ConfigError where it cannot be joined."""
    require("ray")
    command = (sys.executable, "-m", "inference.ray_visit", settings.model_dump_json())
    try:
        found = json.loads(await output_of(command, JOIN_SECONDS, environment()))
    except (TimeoutError, OSError, ValueError) as error:
        raise ConfigError(f"the Ray cluster at {settings.address!r} gave no answer: {error!r}") from None
    if "problem" in found:
        raise ConfigError(found["problem"])
    machines: dict[str, int] = found["machines"]
    return machines


def environment() -> dict[str, str]:
    """Return what Ray is told by variables: its token, to report to nobody, and what `ray start` decides by itself.

    That is: where there is a token, it is used.
    """
    told = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}  # a GPU waits for nobody else on its machine
    token = {name: os.environ[name] for name in TOKENS if name in os.environ}
    has_token = token or (Path.home() / ".ray" / "auth_token").exists()
    return told | token | ({"RAY_AUTH_MODE": os.environ.get("RAY_AUTH_MODE", "token")} if has_token else {})


def require(extra: str) -> None:
    """Raise ConfigError where the package of that name is not there, which is an extra of the same name."""
    if find_spec(extra) is None:
        raise ConfigError(f"executor: the package {extra} is missing: make setup installs it")
