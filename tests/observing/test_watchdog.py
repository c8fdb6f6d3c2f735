"""Signs of life, read from a socket as systemd reads them."""

import asyncio
import socket
from pathlib import Path

import pytest

from observing.watchdog import ALIVE, signs_of_life


@pytest.mark.parametrize("name", ["notify", "@imagine-{}"])
async def test_systemd_is_told_again_and_again_while_the_loop_turns(tmp_path: Path, name: str) -> None:
    address = name.format(tmp_path.name) if name.startswith("@") else str(tmp_path / name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.setblocking(False)
        systemd.bind(address.replace("@", "\0"))
        async with signs_of_life({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000"}), asyncio.timeout(20):
            told = [await asyncio.get_running_loop().sock_recv(systemd, 64) for _ in range(3)]

    assert told == [ALIVE] * 3


async def test_without_systemd_nobody_is_told() -> None:
    before = asyncio.all_tasks()
    async with signs_of_life({"WATCHDOG_USEC": "20000"}):
        assert asyncio.all_tasks() == before
