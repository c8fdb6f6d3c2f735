"""Who the bot is, and where its gateway is."""

from aiohttp import web

from local_discord import permissions
from local_discord.body import answer
from local_discord.guild import Guild, Json, User
from local_discord.rest.paths import API, core, path_id
from local_discord.snowflake import parse

MOST_GUILDS = 200  # of the bot's own, in one answer


def add_routes(app: web.Application) -> None:
    """Users, applications, gateway."""
    app.router.add_get(f"{API}/users/@me", own_user)
    app.router.add_get(f"{API}/users/@me/guilds", own_guilds)
    app.router.add_get(f"{API}/users/{{user}}", user)
    app.router.add_get(f"{API}/applications/@me", application)
    app.router.add_get(f"{API}/oauth2/applications/@me", application)
    app.router.add_get(f"{API}/gateway", gateway)
    app.router.add_get(f"{API}/gateway/bot", gateway_bot)


async def own_user(request: web.Request) -> web.Response:
    """The bot's own user."""
    return answer(core(request).world.own_user())


async def own_guilds(request: web.Request) -> web.Response:
    """The guilds that the bot is in after an id, at most `limit` (default 200)."""
    world = core(request).world
    limit = min(max(parse(request.query.get("limit")) or MOST_GUILDS, 1), MOST_GUILDS)
    after = parse(request.query.get("after")) or 0
    found = [world.guilds[guild_id] for guild_id in sorted(world.guilds) if guild_id > after]
    return answer([_partial_guild(guild, world.bot) for guild in found[:limit]])


async def user(request: web.Request) -> web.Response:
    """Anybody's user."""
    return answer(core(request).world.user(path_id(request, "user")).payload())


async def application(request: web.Request) -> web.Response:
    """The application, with its owner."""
    world = core(request).world
    owner = world.users[world.home.owner_id]
    return answer(
        {
            "id": str(world.application_id),
            "name": world.bot.name,
            "icon": None,
            "description": "",
            "type": None,
            "bot": world.bot.payload(),
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": owner.payload(),
            "team": None,
            "approximate_guild_count": len(world.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": [],
            "integration_types_config": {"0": {"oauth2_install_params": {"scopes": ["bot"], "permissions": "0"}}},
        }
    )


async def gateway(request: web.Request) -> web.Response:
    """The gateway's address."""
    return answer({"url": core(request).gateway_url})


async def gateway_bot(request: web.Request) -> web.Response:
    """The gateway's address with the advice for sharding."""
    server = core(request)
    gateway = server.gateway
    advice = {"shards": gateway.recommended_shards(), "session_start_limit": gateway.session_start_limit()}
    return answer({"url": server.gateway_url, **advice})


def _partial_guild(guild: Guild, bot: User) -> Json:
    told = guild.payload()
    return {
        **{key: told[key] for key in ("id", "name", "icon", "banner", "features")},
        "owner": False,
        "permissions": str(permissions.in_guild(guild, bot.id)),
    }
