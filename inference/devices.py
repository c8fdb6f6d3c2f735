"""Which devices this machine has, found without importing torch here."""

import asyncio
import json
import logging
import os
import shutil
import sys
from collections.abc import Mapping, Sequence

from config.settings import ROOT, SECRETS, ConfigError

PROBE = (sys.executable, "-m", "inference.engine.devices")
PROBE_SECONDS = 120.0
KILL_SECONDS = 5.0  # a driver that hangs may keep even the killed
CPU = ("cpu",)

log = logging.getLogger(__name__)


async def find_devices() -> tuple[str, ...]:
    """Return every GPU that torch can use ("cuda:0", ...), else ("cpu",)."""
    return CPU if shutil.which("nvidia-smi") is None else await probe()


async def given_device(command: Sequence[str] = PROBE) -> str:
    """Return the device of a process that was given one. Raises ConfigError where it is a GPU that torch cannot use."""
    if shutil.which("nvidia-smi") is None:
        return CPU[0]
    device, *_ = await probe(command)
    if (device,) == CPU:
        raise ConfigError("torch cannot use this machine's GPU; `python -m inference.engine.devices` there says more")
    return device


async def probe(command: Sequence[str] = PROBE, seconds: float = PROBE_SECONDS) -> tuple[str, ...]:
    """Return the devices that the command prints as JSON; ("cpu",) where it knows none, fails or takes longer."""
    try:
        output = await output_of(command, seconds)
        return tuple(json.loads(output)) or CPU
    except (TimeoutError, OSError, ValueError) as error:
        log.warning("cannot find out which GPUs there are (%r): using the CPU", error)
        return CPU


def without_secrets() -> dict[str, str]:
    """Return our environment as another process may have it."""
    return {name: value for name, value in os.environ.items() if name not in SECRETS}


async def output_of(command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None) -> bytes:
    """Return what a command prints; `environment` is added to ours without secrets. Raises TimeoutError, OSError."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**without_secrets(), **(environment or {})}, stdout=asyncio.subprocess.PIPE
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), seconds)
        return output
    finally:
        if process.returncode is None:
            process.kill()
            await asyncio.wait_for(process.wait(), KILL_SECONDS)
