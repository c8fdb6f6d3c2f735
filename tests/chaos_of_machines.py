"""A storm over a bot that draws on a cluster: over its machines, their network, the database and itself."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp
from chaos import (
    POLL_SECONDS,
    Aftermath,
    Weather,
    ask_at_once,
    make_old,
    presence_of_the_bot,
    rage,
    settings_for,
    settle,
    shared_by_machines,
    sweep,
)
from cluster import Cluster, Node
from evidence import gather_evidence, rows_of
from guest import Guest
from household import Household
from network import Network
from pair import Pair, pair_of
from processes import joining, running_chat_server
from storm import Blow, Storm

from db.base import utc_now
from db.tables.job import Job, JobStatus

COMMAND = (sys.executable, "-m", "tests.stand_in_bot")
PEOPLE = (("ada", "studio"), ("ben", "studio"), ("mia", "studio"), ("ada", "dm"), ("ben", "dm"), ("mia", "dm"))
ALL_DRAW_SECONDS = 180.0


@dataclass
class StormOverMachines(Storm):
    """What strikes a household and the machines that draw for it; only the kinds of blows that are named, if any."""

    cluster: Cluster = field(kw_only=True)
    only: Sequence[str] = ()

    def _kinds(self) -> dict[str, Blow]:
        kinds = super()._kinds() | {
            "keeper": self.cluster.kill_keeper,
            "worker": self.cluster.kill_worker,
            "machine": self.cluster.kill_machine,
            "head": self.cluster.kill_head,
            "cable": self.cluster.unplug_machine,
            "partition": self.cluster.part_bot_from_head,
        }
        return {name: blow for name, blow in kinds.items() if name in (self.only or kinds)}


@dataclass(frozen=True)
class Blows:
    """What struck and when, and the machines on whose GPUs something was drawn after the last blow."""

    struck: list[str]
    moments: list[datetime]
    drawn_on: set[str]
    orphans: list[str]

    def pauses(self, jobs: Sequence[Job]) -> dict[str, list[float]]:
        """Return, for each kind of blow, the seconds until something was drawn that was begun after it."""
        drawn = sorted(
            (job.started_at, job.finished_at)
            for job in jobs
            if job.status is JobStatus.DONE and job.started_at is not None and job.finished_at is not None
        )
        found: dict[str, list[float]] = {}
        for name, moment in zip(self.struck, self.moments, strict=True):
            ends = [end for start, end in drawn if start > moment]
            found.setdefault(name, []).append((min(ends) - moment).total_seconds())
        return found


async def endure(
    weather: Weather,
    folder: Path,
    url: str,
    network: Network,
    restart_database: Callable[[], Awaitable[None]],
    only: Sequence[str] = (),
) -> tuple[Aftermath, Blows]:
    """Let a storm pass over a cluster and its bot, wait until all has come to its end, and look at what is left.

    The machines that are neither the head nor the bot's draw.
    """
    drawing = [machine.name for machine in network.machines if machine.name not in ("head", "bot")]
    async with Cluster(network, folder, drawing, weather.seed) as cluster:
        with running_chat_server(network.address) as world:
            household = _household(
                weather, folder, joining(world) | settings_for(folder, url, weather.pending), cluster
            )
            storm = StormOverMachines(household, weather.seed, restart_database, cluster=cluster, only=only)
            began = utc_now()
            async with household, aiohttp.ClientSession() as session:
                await rage(storm, session, world, weather)
                await settle(url, weather.patience)
                drawn_on = await all_draw(Guest(session, world["page"]), url, set(drawing), weather.patience)
                orphans = [each for node in cluster.drawers() for each in alone(node)]
                await household.stop(signal.SIGKILL)
                await make_old(folder / "pictures", url)
                await presence_of_the_bot(Guest(session, world["page"]), False)
                household.start()
                await presence_of_the_bot(Guest(session, world["page"]), True)
                await sweep(folder / "pictures", url)
                status = await household.stop()
            spools = [spool for node in cluster.drawers() for spool in node.spools()]
            evidence = await gather_evidence(url, folder / "pictures", spools, world)
    left = Aftermath(evidence, storm.struck, [began, *household.deaths], household.falls, status)
    return left, Blows(storm.struck, storm.moments, drawn_on, orphans)


def _household(weather: Weather, folder: Path, variables: dict[str, str], cluster: Cluster) -> Household | Pair:
    """Return a bot on its machine, and a standby on the head's where the weather is for two."""
    variables = variables | shared_by_machines(folder) | cluster.variables
    commands = [(*machine.prefix, *COMMAND) for machine in (cluster.bots, cluster.head)]
    if weather.pair:
        return pair_of(folder, variables, weather.seed, commands)
    return Household(folder / "data", variables, commands[0])


async def all_draw(person: Guest, url: str, machines: set[str], patience: float) -> set[str]:
    """Ask for pictures until each machine has had one to draw; return those that have, in the end."""
    found, deadline = set[str](), asyncio.get_running_loop().time() + ALL_DRAW_SECONDS
    await presence_of_the_bot(person, True)
    while not machines <= found and asyncio.get_running_loop().time() < deadline:
        asking = asyncio.create_task(ask_at_once([person], "/imagine at last steps:20", 4, patience))
        while not asking.done():
            jobs, _, _ = await rows_of(url)
            found |= {job.worker.partition("-")[0] for job in jobs if job.worker is not None}
            await asyncio.sleep(POLL_SECONDS)
        await asking
    return found


def alone(node: Node) -> list[str]:
    """Return what runs on a machine besides one keeper and its worker."""
    keepers, workers = node.keepers(), node.workers()
    kept = [worker for worker in workers if worker.parent() in keepers]
    return [] if len(keepers) == len(workers) == len(kept) == 1 else [f"{node.machine.name}: {keepers} {workers}"]
