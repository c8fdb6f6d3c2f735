"""Guilds with their channels, roles and members; channels; direct messages."""

from aiohttp import web

from local_discord import permissions
from local_discord.body import answer, nothing, read_json
from local_discord.errors import Form, missing_access, missing_permissions, unknown
from local_discord.guild import Channel
from local_discord.limits.shape import anything, record, snowflake
from local_discord.rest.paths import API, core, path_channel, path_guild, path_id
from local_discord.snowflake import parse

_OPEN_DIRECT = record({"recipient_id": snowflake}, {"access_tokens": anything, "nicks": anything})


def add_routes(app: web.Application) -> None:
    """Guilds and channels."""
    app.router.add_get(f"{API}/guilds/{{guild}}", guild)
    app.router.add_get(f"{API}/guilds/{{guild}}/channels", channels)
    app.router.add_get(f"{API}/guilds/{{guild}}/roles", roles)
    app.router.add_get(f"{API}/guilds/{{guild}}/members", members)
    app.router.add_get(f"{API}/guilds/{{guild}}/members/{{user}}", member)
    app.router.add_get(f"{API}/channels/{{channel}}", channel)
    app.router.add_post(f"{API}/channels/{{channel}}/typing", typing)
    app.router.add_post(f"{API}/users/@me/channels", open_direct)


def visible_channel(request: web.Request) -> Channel:
    """The path's channel, or 50001 when the bot cannot see it."""
    found = path_channel(request)
    if not core(request).chat.sees(core(request).world.bot, found):
        raise missing_access()
    return found


async def guild(request: web.Request) -> web.Response:
    """A guild."""
    found = path_guild(request)
    counts = {"approximate_member_count": len(found.members), "approximate_presence_count": len(found.members)}
    return answer({**found.payload(), **(counts if request.query.get("with_counts") == "true" else {})})


async def channels(request: web.Request) -> web.Response:
    """A guild's channels."""
    return answer([channel.payload() for channel in path_guild(request).channels.values()])


async def roles(request: web.Request) -> web.Response:
    """A guild's roles."""
    return answer([role.payload() for role in path_guild(request).roles.values()])


async def members(request: web.Request) -> web.Response:
    """A guild's members after an id, at most `limit` (default 1)."""
    limit = min(max(parse(request.query.get("limit")) or 1, 1), 1000)
    after = parse(request.query.get("after")) or 0
    found = sorted(path_guild(request).members.items())
    return answer([member.payload() for user_id, member in found if user_id > after][:limit])


async def member(request: web.Request) -> web.Response:
    """One member."""
    user = core(request).world.user(path_id(request, "user"))
    found = path_guild(request).members.get(user.id)
    if found is None:
        raise unknown("Member")
    return answer(found.payload())


async def channel(request: web.Request) -> web.Response:
    """One channel."""
    return answer(visible_channel(request).payload())


async def typing(request: web.Request) -> web.Response:
    """The bot is typing."""
    here = visible_channel(request)
    server = core(request)
    if not server.world.permissions(here, server.world.bot.id) & permissions.SEND_MESSAGES:
        raise missing_permissions()
    server.chat.typing(here, server.world.bot)
    return nothing()


async def open_direct(request: web.Request) -> web.Response:
    """Direct messages with somebody."""
    body = await read_json(request)
    form = Form()
    _OPEN_DIRECT(body, (), form)
    form.finish()
    world = core(request).world
    return answer(world.direct(world.user(parse(body["recipient_id"]))).payload())
