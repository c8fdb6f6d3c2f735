"""Machines die, networks are cut and heal, the head restarts, all under load; and still everything ends once.

The machines are network namespaces. CHAOS_SEED in the environment repeats the dice of an earlier run.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest
from chaos import Aftermath, Weather
from chaos_of_machines import PEOPLE, Blows, endure
from db_fixtures import Postgres, postgres_server
from network import a_network
from test_chaos import SEED, check

BLOWS = 24  # three of each kind

pytest.importorskip("ray", reason="Ray is an extra: pip install '.[ray]'")


@pytest.mark.slow
@pytest.mark.timeout(600)  # its parts wait for each other, on however slow a machine
async def test_a_machine_and_the_head_that_die_leave_everything_in_order(tmp_path: Path) -> None:
    weather = Weather(SEED, blows=2, pending=4, patience=120, people=PEOPLE[:4])
    with postgres_server() as server, a_network(["head", "bot", "a"]) as network:
        url = await asyncio.to_thread(server.create)
        found = await endure(weather, tmp_path, url, network, crash(server), only=("machine", "head"))
    check_machines(*found, {"a"})


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("pair", [False, True], ids=["one bot", "a bot and its standby"])
async def test_a_long_storm_over_machines_leaves_everything_in_order(tmp_path: Path, pair: bool) -> None:
    weather = Weather(SEED, blows=BLOWS, pending=24, patience=300, pair=pair, people=PEOPLE)
    with postgres_server() as server, a_network(["head", "bot", "a", "b"]) as network:
        url = await asyncio.to_thread(server.create)
        found = await endure(weather, tmp_path, url, network, crash(server))
    check_machines(*found, {"a", "b"})


def crash(server: Postgres) -> Callable[[], "asyncio.Future[None]"]:
    return lambda: asyncio.ensure_future(asyncio.to_thread(server.crash))


def check_machines(left: Aftermath, blows: Blows, drawing: set[str]) -> None:
    """Look at what is left, on the machines too; what is printed says how long it took until work went on."""
    for name, pauses in sorted(blows.pauses(left.evidence.jobs).items()):
        print(f"after {name} ({len(pauses)}): median {median(pauses):.1f} s, longest {max(pauses):.1f} s")
    check(left)
    assert blows.drawn_on == drawing, "a GPU is lost for good"
    assert blows.orphans == []
