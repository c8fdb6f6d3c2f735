"""Application commands, global and of a guild."""

from aiohttp import web

from local_discord.body import answer, nothing, read_json
from local_discord.errors import FormError, missing_access, unknown
from local_discord.guild import Json
from local_discord.rest.paths import API, core, path_guild, path_id


def add_routes(app: web.Application) -> None:
    """The same five acts under both addresses."""
    for place in ("/applications/{application}", "/applications/{application}/guilds/{guild}"):
        app.router.add_get(f"{API}{place}/commands", every)
        app.router.add_post(f"{API}{place}/commands", create)
        app.router.add_put(f"{API}{place}/commands", overwrite)
        app.router.add_get(f"{API}{place}/commands/{{command}}", one)
        app.router.add_patch(f"{API}{place}/commands/{{command}}", edit)
        app.router.add_delete(f"{API}{place}/commands/{{command}}", delete)


def _scope(request: web.Request) -> int | None:
    application = path_id(request, "application")
    if application is None:
        raise unknown("Application")
    if application != core(request).world.application_id:
        raise missing_access()
    return path_guild(request).id if "guild" in request.match_info else None


def _given(request: web.Request, command: Json) -> Json:
    """A command as it is given out: its translations only when they are asked for."""
    if request.query.get("with_localizations", "").lower() == "true" or request.method != "GET":
        return command
    return {key: value for key, value in command.items() if not key.endswith("_localizations")}


async def every(request: web.Request) -> web.Response:
    """All commands of the scope."""
    return answer([_given(request, command) for command in core(request).commands.all(_scope(request))])


async def one(request: web.Request) -> web.Response:
    """One command."""
    return answer(core(request).commands.get(_scope(request), path_id(request, "command")))


async def create(request: web.Request) -> web.Response:
    """Create or replace by name: 201 or 200."""
    made, new = core(request).commands.create(_scope(request), await read_json(request))
    return answer(made, 201 if new else 200)


async def edit(request: web.Request) -> web.Response:
    """Change one command."""
    body = await read_json(request)
    if not isinstance(body, dict):
        raise FormError([((), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")])
    return answer(core(request).commands.edit(_scope(request), path_id(request, "command"), body))


async def overwrite(request: web.Request) -> web.Response:
    """Replace all commands of the scope."""
    return answer(core(request).commands.overwrite(_scope(request), await read_json(request)))


async def delete(request: web.Request) -> web.Response:
    """Delete one command."""
    core(request).commands.delete(_scope(request), path_id(request, "command"))
    return nothing()
