"""Looks at everything that a bot needs to run, and says of each what to do."""

import asyncio
import shutil
from collections.abc import Mapping

import aiohttp
import discord
import psutil

from bot.diagnosis import Finding
from bot.extras import extras
from config.settings import ConfigError, Settings
from db.audit import Audit
from db.session import Database
from inference.checkpoints import Checkpoint, ImageCheck, Weights
from inference.devices import find_devices
from inference.presence import is_there
from provenance.identity import load_identity

API = "https://discord.com/api/v10"
NETWORK_SECONDS = 15
PROBE_SECONDS = 15
DISK_BYTES = 2 * 2**30
AUDITED = "0003"  # the first schema with an audit log
NEEDED = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, attach_files=True, read_message_history=True
)


async def examine(settings: Settings, checkpoints: Mapping[str, Checkpoint]) -> list[Finding]:
    """Return one finding or more per subject."""
    return [
        *await _discord(settings),
        *await _database(settings),
        _disk(settings),
        _review(settings),
        _credentials(settings),
        _painting(settings),
        *await _devices(settings),
        *[_checkpoint(name, checkpoints.get(name)) for name in settings.checkpoints],
        *extras(settings),
    ]


async def _discord(settings: Settings) -> list[Finding]:
    if settings.discord_token is None:
        advice = "not set, so run_bot.py starts a chat server of its own; set DISCORD_TOKEN to join Discord"
        return [Finding("token", True, advice)]
    api = API if settings.discord is None else settings.discord.rest
    headers = {"Authorization": f"Bot {settings.discord_token.get_secret_value()}"}
    timeout = aiohttp.ClientTimeout(total=NETWORK_SECONDS)
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            return await _ask_discord(session, api)
    except (aiohttp.ClientError, TimeoutError) as error:
        return [Finding("token", False, f"Discord cannot be reached ({error!r}): check this machine's network")]


async def _ask_discord(session: aiohttp.ClientSession, api: str) -> list[Finding]:
    async with session.get(f"{api}/users/@me") as response:
        if response.status == 401:
            advice = "Discord does not know it: copy it anew from the developer portal (Bot, Reset Token)"
            return [Finding("token", False, advice)]
        response.raise_for_status()
        me = await response.json()
    invitation = discord.utils.oauth_url(me["id"], permissions=NEEDED, scopes=("bot", "applications.commands"))
    async with session.get(f"{api}/users/@me/guilds") as response:
        response.raise_for_status()
        guilds = await response.json()
    found = [Finding("token", True, f"the bot is {me['username']}; invite it with {invitation}")]
    return found + [_permissions(guild, invitation) for guild in guilds]


def _permissions(guild: dict[str, str], invitation: str) -> Finding:
    held = discord.Permissions(int(guild["permissions"]))
    missing = [name for name, needed in NEEDED if needed and not getattr(held, name) and not held.administrator]
    subject = f"permissions in {guild['name']}"
    if missing:
        return Finding(subject, False, f"missing {', '.join(missing)}: invite the bot again with {invitation}")
    return Finding(subject, True, "all that is needed")


async def _database(settings: Settings) -> list[Finding]:
    settings.data.mkdir(parents=True, exist_ok=True)
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


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data).free
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
    """Look at who signs; where nobody does yet, an identity is made."""
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
