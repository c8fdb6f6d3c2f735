"""A Ray cluster over several machines, each node kept by its service manager, and what may befall it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Self

import psutil
from network import Machine, Network
from processes import ROOT
from ray_fixtures import ANY_PORT, ENVIRONMENT, STORE

PORT = 6379
PAUSE_SECONDS = 1.0  # from a node's end to its next start
JOIN_SECONDS = 120.0
POLL_SECONDS = 0.1
HEALTH = {  # a machine that answers nothing counts as gone after about ten seconds
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "4",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "30",
}
OUT_OF_REACH = (2.0, 30.0)  # seconds; some longer than it takes to count as gone
JOINED = "Ray runtime started"


@dataclass
class Node:
    """A machine of the cluster: whenever `ray start` has ended there, it is started again."""

    machine: Machine
    options: Sequence[str]
    data: Path
    _keeping: asyncio.Task[None] | None = None

    @property
    def log(self) -> Path:
        return self.data.parent / f"{self.data.name}-ray.log"

    def start(self) -> None:
        """Start it, and keep it running from now on."""
        self._keeping = asyncio.create_task(self._keep())

    async def joined(self) -> None:
        """Wait until it has been in a cluster once."""
        async with asyncio.timeout(JOIN_SECONDS):
            while not self.log.exists() or JOINED not in self.log.read_text():  # noqa: ASYNC110 - another's news
                await asyncio.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Start it no more."""
        if self._keeping is not None:
            self._keeping.cancel()

    def keepers(self) -> list[psutil.Process]:
        """Return the keepers that run there."""
        return self._processes("ray::Keeper")

    def workers(self) -> list[psutil.Process]:
        """Return the processes that draw there."""
        return self._processes("inference.worker")

    def spools(self) -> list[Path]:
        """Return the folders of what is being drawn there."""
        folder = self.data / "spools"
        return list(folder.iterdir()) if folder.exists() else []

    def _processes(self, word: str) -> list[psutil.Process]:
        found = []
        for process in self.machine.processes():
            with suppress(psutil.NoSuchProcess):
                if any(each.startswith(word) for each in process.cmdline()):
                    found.append(process)
        return found

    async def _keep(self) -> None:
        command = (str(Path(sys.executable).with_name("ray")), "start", "--block", *self.options)
        resources = ("--num-cpus=1", f"--object-store-memory={STORE}", *ANY_PORT)
        while True:
            with self.log.open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *self.machine.prefix,
                    *command,
                    *resources,
                    f"--node-ip-address={self.machine.address}",
                    cwd=ROOT,
                    env=os.environ | ENVIRONMENT | HEALTH | {"IMAGINE_DATA": str(self.data)},
                    stdout=log,
                    stderr=log,
                )
            await process.wait()
            await asyncio.sleep(PAUSE_SECONDS)


@dataclass
class Cluster:
    """A head and a machine for the bot, which do not draw, and machines that do."""

    network: Network
    folder: Path
    drawing: Sequence[str]
    seed: int
    nodes: dict[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._dice = Random(f"cluster {self.seed}")
        at_head = (f"--port={PORT}", "--include-dashboard=false", f"--temp-dir={self.head.temporary}")
        for machine in self.network.machines:
            where = ("--head", *at_head) if machine is self.head else (f"--address={self.address}",)
            options = (*where, f"--num-gpus={int(machine.name in self.drawing)}")
            self.nodes[machine.name] = Node(machine, options, self.folder / f"machine-{machine.name}")

    @property
    def head(self) -> Machine:
        return self.network.machine("head")

    @property
    def bots(self) -> Machine:
        return self.network.machine("bot")

    @property
    def address(self) -> str:
        return f"{self.head.address}:{PORT}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a bot that draws here."""
        return {"IMAGINE_EXECUTOR": "ray", "IMAGINE_RAY__ADDRESS": self.address, "RAY_AUTH_MODE": "disabled"}

    async def __aenter__(self) -> Self:
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            await node.joined()
        return self

    async def __aexit__(self, *_: object) -> None:
        for node in self.nodes.values():
            node.stop()

    def drawers(self) -> list[Node]:
        """Return the nodes with a GPU."""
        return [self.nodes[name] for name in self.drawing]

    # What may befall it

    async def kill_keeper(self) -> None:
        """End one of the keepers, as soon as there is one."""
        await self._kill(lambda node: node.keepers())

    async def kill_worker(self) -> None:
        """End one of the processes that draw, as soon as there is one."""
        await self._kill(lambda node: node.workers())

    async def kill_machine(self) -> None:
        """End all that runs on one of the machines that draw."""
        await asyncio.to_thread(self._one().machine.lose_power)

    async def kill_head(self) -> None:
        """End all that runs on the head's machine."""
        await asyncio.to_thread(self.head.lose_power)

    async def unplug_machine(self) -> None:
        """Pull the cable of a machine that draws, and put it back: it has gone on drawing meanwhile."""
        machine = self._one().machine
        machine.unplug()
        try:
            await asyncio.sleep(self._dice.uniform(*OUT_OF_REACH))
        finally:
            machine.plug_in()

    async def part_bot_from_head(self) -> None:
        """Let the bot's machine and the head not see each other for a while."""
        self.bots.lose_sight_of(self.head)
        try:
            await asyncio.sleep(self._dice.uniform(*OUT_OF_REACH))
        finally:
            self.bots.see(self.head)

    def _one(self) -> Node:
        return self._dice.choice(self.drawers())

    async def _kill(self, of: Callable[[Node], list[psutil.Process]]) -> None:
        node = self._one()
        while not (found := of(node)):  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
