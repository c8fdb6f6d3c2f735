"""Routes by which a test arranges the world: guilds, what the bot may do, the clock."""

from typing import Any

from aiohttp import web

from local_discord.body import answer, read_json
from local_discord.core import CORE, Core
from local_discord.guild import Channel, Json, Overwrite
from local_discord.person.places import Refused, find_user
from local_discord.snowflake import parse


def add_routes(app: web.Application) -> None:
    """The world's levers."""
    app.router.add_post("/local/guilds", add_guild)
    app.router.add_post("/local/permissions", set_permissions)
    app.router.add_post("/local/clock", move_clock)


async def _told(request: web.Request) -> Json:
    body = await read_json(request)
    if not isinstance(body, dict):
        raise Refused("The body must be a JSON object.")
    return body


async def add_guild(request: web.Request) -> web.Response:
    """A new guild with one channel, which the bot joins at once."""
    core, told = request.app[CORE], await _told(request)
    name = told.get("name")
    if not isinstance(name, str) or not 2 <= len(name) <= 100:
        raise Refused("“name” must be 2 to 100 characters long.")
    owner = find_user(core, str(told.get("owner")))
    if owner is None or owner.bot:
        raise Refused("“owner” must be one of the people.", 404)
    guild = core.world.add_guild(name, owner)
    core.gateway.dispatch("GUILD_CREATE", guild.create_payload(), guild_id=guild.id)
    rooms = [{"id": str(room.id), "name": room.name, "nsfw": room.nsfw} for room in guild.channels.values()]
    return answer({"id": str(guild.id), "name": guild.name, "channels": rooms})


async def set_permissions(request: web.Request) -> web.Response:
    """Allow and deny the bot permissions in a channel, as bits; zeros undo it."""
    core, told = request.app[CORE], await _told(request)
    here = _channel(core, str(told.get("channel")))
    rule = Overwrite(core.world.bot.id, 1, _bits(told.get("allow")), _bits(told.get("deny")))
    here.overwrites = [other for other in here.overwrites if other.id != rule.id]
    if rule.allow or rule.deny:
        here.overwrites.append(rule)
    core.gateway.dispatch("CHANNEL_UPDATE", here.payload(), guild_id=here.guild_id)
    return answer({"permissions": str(core.world.permissions(here, core.world.bot.id))})


async def move_clock(request: web.Request) -> web.Response:
    """Move the server's clock forward."""
    core, told = request.app[CORE], await _told(request)
    seconds = told.get("advance")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e9:
        raise Refused("“advance” must be a number of seconds, not below zero.")
    core.world.clock.advance(seconds)
    return answer({"now": core.world.clock.now()})


def _channel(core: Core, name: str) -> Channel:
    rooms = [channel for channel in core.world.channels.values() if channel.guild_id is not None]
    found = next((room for room in rooms if room.id == parse(name) or room.name == name), None)
    if found is None:
        raise Refused(f"There is no channel “{name}”.", 404)
    return found


def _bits(told: Any) -> int:
    bits = parse(0 if told is None else told)
    if bits is None:
        raise Refused("“allow” and “deny” are permission bits, a number.")
    return bits
