"""Client libraries that this project has no part in, told nothing but the host: they log in, answer and resume."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from local_discord_kit import Person

from local_discord.server import LocalDiscord

CLIENTS = Path(__file__).parent / "clients"
NODE_PACKAGES = ("discord.js@14.28.1", "oceanic.js@1.15.0")
PYTHON_PACKAGES = ("hikari==2.7.0", "colorlog==6.12.0")
INSTALL_SECONDS, LINE_SECONDS = 100, 30
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def install(command: list[str], folder: Path) -> None:
    """Install packages, or skip in words: this machine may have no way to a registry."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode:
        pytest.skip(f"{' '.join(command[:3])} failed: {done.stderr[-300:]}")


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are needed to run client libraries written for them")
    folder = tmp_path_factory.mktemp("node")
    install([npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", *NODE_PACKAGES], folder)
    return folder


@pytest.fixture(scope="module")
def python_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("python")
    install([sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(folder), *PYTHON_PACKAGES], folder)
    return folder


@pytest.fixture
async def ada(server: LocalDiscord) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession() as session:
        yield Person(session, server.base)


@pytest.fixture(params=["discordjs.mjs", "oceanicjs.mjs", "hikari_bot.py"])
def program(request: pytest.FixtureRequest) -> list[str]:
    """The command that starts a client, its library installed."""
    of_node = request.param.endswith(".mjs")
    folder: Path = request.getfixturevalue("node_folder" if of_node else "python_folder")
    script = shutil.copy(CLIENTS / request.param, folder)
    return ["node" if of_node else sys.executable, str(script)]


class Client:
    """A running client; it tells what happened to it in lines of JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def told(self) -> Any:
        """The next line; the client's errors stand in the captured stderr."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), LINE_SECONDS)
        return json.loads(line)


@asynccontextmanager
async def started(program: list[str], server: LocalDiscord) -> AsyncIterator[Client]:
    arguments = [*program, str(server.describe()["rest"]), server.token]
    environment = {**os.environ, "PYTHONPATH": str(Path(program[1]).parent)}
    process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE, env=environment)
    try:
        yield Client(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_foreign_client_answers_every_kind_of_interaction_and_resumes(
    program: list[str], server: LocalDiscord, ada: Person
) -> None:
    async with started(program, server) as client:
        assert await client.told() == {"ready": "Atelier", "guilds": ["Atelier"]}
        message = await _draws(client, ada)
        await _answers_components(ada, message)
        server.gateway.drop(1006)
        assert (await client.told())["resumed"] is True
        updated = await ada.outcome(await _press(ada, message, "again"))

        assert (updated["state"], updated["message"]["content"]) == ("updated", "again")
        assert updated["message"]["components"] == []


async def _draws(client: Client, ada: Person) -> str:
    typed = {"command": "draw", "options": {"what": "fat"}, "focused": "what"}
    assert (await ada.post("autocomplete", typed)).body == {"choices": [{"name": "fat cat", "value": "cat"}]}

    outcome = await ada.outcome(await ada.run("/draw a red circle count:2"), until="quiet")
    message = outcome["message"]

    assert message["content"] == "drew a red circle"
    assert [file["filename"] for file in message["attachments"]] == ["picture.txt"]
    assert (await client.told())["answered"] == message["id"]
    async with ada.session.get(message["attachments"][0]["url"]) as file:
        assert await file.text() == "a red circle"
    return str(message["id"])


async def _answers_components(ada: Person, message: str) -> None:
    picked = await ada.post("select", {"message": message, "custom_id": "size", "values": ["l"]})
    assert (await ada.outcome(picked.body["interaction"]))["state"] == "acknowledged"

    asked = await _press(ada, message, "remix")
    assert (await ada.outcome(asked))["modal"]["title"] == "Remix"

    written = await ada.post("submit", {"interaction": asked, "fields": {"prompt": "a moon"}})
    assert (await ada.outcome(written.body["interaction"]))["message"]["content"] == "wrote a moon"
    assert {"picked l", "wrote a moon"} <= {said["content"] for said in await ada.messages()}


async def _press(ada: Person, message: str, custom_id: str) -> str:
    return str((await ada.post("press", {"message": message, "custom_id": custom_id})).body["interaction"])
