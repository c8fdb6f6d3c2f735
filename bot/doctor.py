"""Looks at everything that a bot needs to run, and says of each what to do."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import psutil

from bot.diagnosis import Finding
from bot.discord_access import discord_access
from bot.extras import extras
from config.settings import LOOPBACK, S3, ConfigError, Settings
from db.audit import Audit
from db.session import Database
from db.stores import open_store
from inference.checkpoints import Checkpoint, ImageCheck, Weights
from inference.devices import find_devices
from inference.presence import is_there
from inference.ray import visit
from provenance.identity import load_identity

PROBE_SECONDS = 15
DISK_BYTES = 2 * 2**30
AUDITED = "0003"  # the first schema with an audit log


async def examine(settings: Settings, checkpoints: Mapping[str, Checkpoint]) -> list[Finding]:
    """Return one finding or more per subject. Nothing is made by it: who looks may be another user than the bot's."""
    return [
        *await discord_access(settings),
        *await _database(settings),
        *_sharing(settings),
        await _pictures(settings),
        _disk(settings),
        _review(settings),
        _credentials(settings),
        _painting(settings),
        _observing(settings),
        *await (_cluster(settings) if settings.executor == "ray" else _devices(settings)),
        *[_checkpoint(name, checkpoints.get(name)) for name in settings.checkpoints],
        *extras(settings),
    ]


async def _database(settings: Settings) -> list[Finding]:
    scheme, _, path = settings.database_url.partition(":///")
    if scheme.startswith("sqlite") and not _is_there(Path(path)):
        return [_to_be_made("database", Path(path))]
    try:
        async with Database(settings.database_url) as database:
            revision = await database.revision()
            text = f"reachable, schema {revision or 'empty'}; it is brought up to date at the start"
            found = [Finding("database", True, text)]
            return found if revision is None or revision < AUDITED else [*found, await _audit(database)]
    except ConfigError as error:
        return [Finding("database", False, f"{error}")]


async def _audit(database: Database) -> Finding:
    fault, head = await Audit(database).verify(), await Audit(database).head()
    if fault is not None:
        return Finding("audit log", False, f"{fault}: somebody changed it past the bot; compare it with a backup")
    return Finding("audit log", True, f"{head.entries} entries, none changed; it ends with {head.digest}")


def _sharing(settings: Settings) -> list[Finding]:
    """Look at what two machines have to share besides their database; a SQLite file has one machine."""
    if settings.database.startswith("sqlite"):
        return []
    shared = {
        "key (IMAGINE_KEY)": settings.key is not None,
        "pictures (pictures)": "{data}" not in settings.pictures,
    }
    if not (own := [name for name, is_shared in shared.items() if not is_shared]):
        text = "key and pictures are not this machine's alone; both have to sign with the same certificate"
        return [Finding("standby", True, text)]
    text = f"another machine would have others: {', '.join(own)}; docs/operating.md says what machines share"
    return [Finding("standby", not settings.standby, text)]


async def _pictures(settings: Settings) -> Finding:
    folder = None if settings.pictures_address.startswith(S3) else Path(settings.pictures_address)
    if folder is not None and not _is_there(folder):
        return _to_be_made("pictures", folder)
    try:
        async with open_store(settings.pictures_address):
            return Finding("pictures", True, f"kept in {settings.pictures_address}")
    except ConfigError as error:
        return Finding("pictures", False, f"{error}")


def _is_there(path: Path) -> bool:
    """Say whether there is such a file or folder; one that this user cannot see is not."""
    return os.access(path, os.F_OK)


def _nearest(path: Path) -> Path:
    """Return the path itself, or the folder above it that is there."""
    return next(each for each in (path, *path.parents) if _is_there(each))


def _to_be_made(subject: str, path: Path) -> Finding:
    """Say of what the first start makes whether it can."""
    if os.access(_nearest(path), os.W_OK):
        return Finding(subject, True, f"{path} is not there yet: the first start makes it")
    advice = f"{_nearest(path)} lets this user write nothing: correct its rights, or be the bot's user"
    return Finding(subject, False, f"{path} is not there, and {advice}")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(_nearest(settings.data)).free
    text = f"{free / 2**30:.1f} GiB free under {settings.data}"
    if free < DISK_BYTES:
        return Finding("disk", False, f"{text}: make room, or set IMAGINE_DATA to a folder on another disk")
    return Finding("disk", True, text)


def _review(settings: Settings) -> Finding:
    if settings.review.channel is None:
        text = "review.channel is not set: alerts and appeals from direct messages, and those of servers whose"
        return Finding("review", True, f"{text} moderators have chosen no channel, wait until one is")
    return Finding("review", True, f"what belongs to no server is reviewed in channel {settings.review.channel}")


def _credentials(settings: Settings) -> Finding:
    made = settings.data / "credentials" / "key.pem"
    if settings.credentials.key is None and not _is_there(made):
        return _to_be_made("credentials", made)
    try:
        identity = load_identity(settings)
    except ConfigError as error:
        return Finding("credentials", False, f"{error}")
    whose = "the operator's" if settings.credentials.key else "made here: other programs do not know its name"
    return Finding("credentials", True, f"pictures are signed with certificate {identity.serial}, {whose}")


def _painting(settings: Settings) -> Finding:
    page = settings.painting_page
    if page is None:
        text = "not set: people name a region or send a mask; docs/inpainting.md says how to let them paint"
    elif page.public_url is None:
        text = "people paint masks in the browsers of this machine alone; set public_url in [painting] for all"
    else:
        text = f"listens on {page.host}, port {page.port}; people reach it by {page.public_url}"
    return Finding("painting page", True, text)


def _observing(settings: Settings) -> Finding:
    endpoint = settings.observing
    if endpoint is None:
        return Finding("monitoring", True, "not set: nobody is told when the bot is ill; docs/operating.md says how")
    text = f"/metrics and /health listen on {endpoint.host}, port {endpoint.port}"
    reach = "" if endpoint.host in LOOPBACK else "; let only those who monitor reach it: it asks nobody who they are"
    return Finding("monitoring", True, f"{text}{reach}")


async def _cluster(settings: Settings) -> list[Finding]:
    """Look at the machines that draw together; a cluster of the bot's own is there while it runs."""
    if settings.ray.address == "local":
        return [Finding("cluster", True, "the bot starts one on this machine, which ends with it: for trying only")]
    try:
        machines = await visit(settings.ray)
    except ConfigError as error:
        return [Finding("cluster", False, f"{error}")]
    found = [Finding(f"machine {name}", True, f"{gpus} GPUs") for name, gpus in machines.items()]
    if not any(machines.values()):
        found.append(
            Finding("cluster", False, "no machine has a GPU: `ray start` counts them, or is told by --num-gpus")
        )
    return [*found, Finding("Ray", True, f"version {version('ray')}, on every machine the same, as Python's")]


async def _devices(settings: Settings) -> list[Finding]:
    found = await find_devices()
    memory = await _memory()
    findings = [Finding("device", True, f"{device}: {memory.get(device, 'memory unknown')}") for device in found]
    missing = [device for device in settings.devices if device not in (*found, "cpu")]
    advice = f"not there; this machine has {', '.join(found)}: correct devices in imagine.toml"
    return findings + [Finding("device", False, f"{device}: {advice}") for device in missing]


async def _memory() -> dict[str, str]:
    """Return what is free of every device's memory, in words."""
    available: int = psutil.virtual_memory().available  # type: ignore[no-untyped-call]
    free = {"cpu": f"{available / 2**30:.1f} GiB of memory free"}
    if shutil.which("nvidia-smi") is None:
        return free
    query = ("--query-gpu=index,name,memory.free,memory.total", "--format=csv,noheader")
    asked = await asyncio.create_subprocess_exec("nvidia-smi", *query, stdout=asyncio.subprocess.PIPE)
    try:
        output, _ = await asyncio.wait_for(asked.communicate(), PROBE_SECONDS)
    except TimeoutError:
        asked.kill()
        await asked.wait()
        return free
    for line in output.decode().splitlines():
        index, name, left, total = (part.strip() for part in line.split(","))
        free[f"cuda:{index}"] = f"{name}, {left} of {total} free"
    return free


def _checkpoint(name: str, checkpoint: Checkpoint | None) -> Finding:
    subject = f"checkpoint {name}"
    if checkpoint is None:
        return Finding(subject, False, "not in models.toml: correct checkpoints in imagine.toml")
    for weights in _weights(checkpoint):
        if weights.folder is None and not is_there(weights):
            text = f"{weights.source} is not on this disk yet: the first start downloads it"
            return Finding(subject, True, f"{checkpoint.title}; {text}")
        if weights.folder is not None and not any(weights.folder.rglob("*.safetensors")):
            advice = "put a checkpoint in diffusers format there, or correct its source in models.toml"
            return Finding(subject, False, f"{weights.folder} has no safetensors files: {advice}")
    return Finding(subject, True, checkpoint.title)


def _weights(checkpoint: Checkpoint) -> list[Weights]:
    check = checkpoint.image_check
    checks = (check.checker, check.classifier) if isinstance(check, ImageCheck) else ()
    candidates = (checkpoint.weights, checkpoint.unet, checkpoint.upscaler, *checks)
    return [weights for weights in candidates if weights is not None]
