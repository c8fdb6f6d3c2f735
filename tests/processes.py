"""The real processes, started as a person would start them: the chat server and the bot."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 90.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.1


@dataclass
class Bot:
    """A running bot; `page` is where its chat server is, if it has one of its own."""

    process: subprocess.Popen[str]
    page: str | None

    def kill(self) -> None:
        """End it as a loss of power would."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def stop(self) -> float:
        """End it as Ctrl-C would; return the seconds that took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_SECONDS)
        return time.monotonic() - started


@dataclass
class Starting:
    """A bot that may not be ready yet; `log` is what it writes to standard error."""

    process: subprocess.Popen[str]
    log: Path

    def ready(self) -> Bot:
        """Wait until it is ready."""
        return Bot(self.process, _wait_until_ready(self.process, self.log))

    def says(self, words: str) -> None:
        """Wait until it says so in its log."""
        deadline = time.monotonic() + START_SECONDS
        while words not in self.log.read_text():
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(POLL_SECONDS)


@contextmanager
def running_bot(data: Path, **variables: str) -> Iterator[Bot]:
    """Start the bot on a data folder and wait until it is ready."""
    with starting_bot(data, **variables) as starting:
        yield starting.ready()


@contextmanager
def starting_bot(data: Path, **variables: str) -> Iterator[Starting]:
    """Start the bot on a data folder, and wait for nothing: a standby takes its time."""
    log = (data.parent / f"{data.name}.log").open("a")
    process = subprocess.Popen(
        [sys.executable, "run_bot.py"],
        cwd=ROOT,
        env=environment_of(data, variables),
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        yield Starting(process, Path(log.name))
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(STOP_SECONDS)
        log.close()


@contextmanager
def running_chat_server(host: str = "127.0.0.1") -> Iterator[dict[str, Any]]:
    """Start the chat server alone and return what it says of itself."""
    command = [sys.executable, "-m", "local_discord", "--host", host]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def environment_of(data: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a bot on a data folder: ours, but for our token, and the variables."""
    environment = {name: value for name, value in os.environ.items() if name != "DISCORD_TOKEN"}
    return environment | {"IMAGINE_DATA": str(data), "PYTHONUNBUFFERED": "1"} | dict(variables)


def joining(world: dict[str, Any]) -> dict[str, str]:
    """Return the environment by which a bot joins that chat server."""
    return {
        "DISCORD_TOKEN": world["token"],
        "IMAGINE_DISCORD__REST": world["rest"],
        "IMAGINE_DISCORD__GATEWAY": world["gateway"],
        "IMAGINE_DISCORD__CDN": world["cdn"],
    }


def _wait_until_ready(process: subprocess.Popen[str], log: Path) -> str | None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Ready"):
            found = re.search(r"http://\S+", line)
            return found[0] if found else None
    raise AssertionError(f"the bot ended before it was ready:\n{log.read_text()[-2000:]}")
