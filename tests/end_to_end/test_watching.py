"""A bot that is watched: its endpoint over HTTP, and its log as a program reads it."""

import asyncio
import json
import socket
from pathlib import Path

import aiohttp
from processes import START_SECONDS, running_bot, starting_bot


def written_by(log: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


async def test_a_bot_tells_how_it_is_and_writes_nothing_but_objects_into_its_log(tmp_path: Path) -> None:
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(tmp_path / "notify"))
    variables = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "120000000", "IMAGINE_LOGS": "json"}
    with systemd, running_bot(tmp_path / "data", IMAGINE_OBSERVING__PORT="0", **variables) as bot:
        assert systemd.recv(64, socket.MSG_DONTWAIT) == b"WATCHDOG=1"
        (told,) = [each["message"] for each in written_by(tmp_path / "data.log") if "monitoring" in each["message"]]
        port = told.rpartition(" ")[2]
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            async with session.get("/health") as response:
                health = await response.json()
            async with session.get("/metrics") as response:
                metrics = await response.text()
        await asyncio.to_thread(bot.stop)
    lines = written_by(tmp_path / "data.log")

    assert health["status"] == "well"
    assert 'imagine_worker_state{state="broken",worker="cpu"} 0.0' in metrics
    assert "imagine_database_up 1.0" in metrics
    assert "discord.gateway" in {line["logger"] for line in lines}


def test_what_keeps_a_bot_from_starting_is_an_object_in_its_log(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with starting_bot(tmp_path / "data", IMAGINE_LOGS="json", IMAGINE_OBSERVING__PORT=port) as bot:
            status = bot.process.wait(START_SECONDS)
    *_, line = written_by(bot.log)

    assert status == 2
    assert (line["level"], line["logger"]) == ("CRITICAL", "run_bot")
    assert "cannot listen on 127.0.0.1" in line["message"]
