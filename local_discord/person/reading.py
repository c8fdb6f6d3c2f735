"""Routes by which a person looks: the world, commands, interactions, messages, events."""

import json
from itertools import islice

from aiohttp import web

from local_discord.body import answer
from local_discord.core import CORE, Core
from local_discord.guild import Json
from local_discord.person.places import Refused
from local_discord.person.requests import query_act
from local_discord.person.waiting import wait_for
from local_discord.snowflake import parse
from local_discord.world import MODERATORS

_LONGEST_WAIT = 600.0
_HEARTBEAT = 15.0


def add_routes(app: web.Application) -> None:
    """Everything that changes nothing."""
    app.router.add_get("/local/world", world)
    app.router.add_get("/local/commands", commands)
    app.router.add_get("/local/interactions/{id}", interaction)
    app.router.add_get("/local/messages", messages)
    app.router.add_get("/local/events", events)


def describe(core: Core) -> Json:
    """The start-up line's object, without the token."""
    home = core.world.home
    return {
        "rest": f"{core.base}/api/v10",
        "gateway": core.gateway_url,
        "page": f"{core.base}/",
        "cdn": core.files.base,
        "application": str(core.world.application_id),
        "guild": {"id": str(home.id), "name": home.name},
        "channels": [
            {"id": str(channel.id), "name": channel.name, "nsfw": channel.nsfw} for channel in home.channels.values()
        ],
        "users": [
            {"id": str(user.id), "name": user.name, "moderator": user.name in MODERATORS} for user in core.world.people
        ],
    }


async def world(request: web.Request) -> web.Response:
    """Where everything is, and whether the bot is there."""
    core = request.app[CORE]
    return answer({**describe(core), "bot_online": core.gateway.online})


async def commands(request: web.Request) -> web.Response:
    """The commands that the person may use in the channel."""
    act = query_act(request)
    return answer(act.core.commands.offered(act.user, act.channel()))


async def interaction(request: web.Request) -> web.Response:
    """What came of an interaction; `wait` and `until` hold the answer back."""
    act = query_act(request)
    found = act.core.interactions.find(parse(request.match_info["id"]))
    if found is None or found.user is not act.user:
        raise Refused("There is no such interaction.", 404)
    until = request.query.get("until", "answered")
    if until not in ("answered", "quiet"):
        raise Refused("“until” is “answered” or “quiet”.")
    await wait_for(found, _seconds(request.query.get("wait", "0")), quiet=until == "quiet")
    return answer(act.core.interactions.personal(found))


async def messages(request: web.Request) -> web.Response:
    """The newest messages that the person can see, oldest first."""
    act = query_act(request)
    limit = min(max(parse(request.query.get("limit")) or 50, 1), 200)
    found = act.core.chat.messages.newest_first(act.channel())
    seen = (message for message in found if message.private_to in (None, act.user.id))
    return answer([act.core.chat.personal(message) for message in reversed(list(islice(seen, limit)))])


async def events(request: web.Request) -> web.StreamResponse:
    """Server-sent events of what the person may see."""
    act = query_act(request)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    stream = act.core.chat.feed.listen(act.user.id, _HEARTBEAT)
    await response.prepare(request)
    try:
        await response.write(b": hello\n\n")
        async for event in stream:
            line = ": still here" if event is None else f"event: {event[0]}\ndata: {json.dumps(event[1])}"
            await response.write(f"{line}\n\n".encode())
    except ConnectionResetError:
        return response
    finally:
        await stream.aclose()
    return response


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise Refused("“wait” is a number of seconds.") from None
    return min(max(seconds, 0.0), _LONGEST_WAIT) if seconds == seconds else 0.0
