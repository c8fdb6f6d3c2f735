"""Which devices this machine has, found without importing torch here."""

import asyncio
import json
import logging
import shutil
import sys

from config.settings import ROOT

PROBE_TIMEOUT = 120.0

log = logging.getLogger(__name__)


async def find_devices() -> tuple[str, ...]:
    """Return every GPU that torch can use ("cuda:0", ...), else ("cpu",)."""
    if shutil.which("nvidia-smi") is None:
        return ("cpu",)
    probe = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "inference.engine.devices", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        output, _ = await asyncio.wait_for(probe.communicate(), PROBE_TIMEOUT)
        return tuple(json.loads(output)) or ("cpu",)
    except (TimeoutError, ValueError) as error:
        log.warning("cannot find out which GPUs there are (%r): using the CPU", error)
        return ("cpu",)
    finally:
        if probe.returncode is None:
            probe.kill()
