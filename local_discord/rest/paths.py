"""What the routes share: their prefix, and ids out of their paths."""

from aiohttp import web

from local_discord.core import CORE, Core
from local_discord.guild import Channel, Guild
from local_discord.snowflake import parse

API = "/api/v{version:9|10}"


def core(request: web.Request) -> Core:
    """The server's collaborators."""
    return request.app[CORE]


def path_id(request: web.Request, name: str) -> int | None:
    """An id out of the path; None when it is no snowflake."""
    return parse(request.match_info[name])


def path_channel(request: web.Request) -> Channel:
    """The channel of the path, or 10003."""
    return core(request).world.channel(path_id(request, "channel"))


def path_guild(request: web.Request) -> Guild:
    """The guild of the path, or 10004."""
    return core(request).world.guild(path_id(request, "guild"))
