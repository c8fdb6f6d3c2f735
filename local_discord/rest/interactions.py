"""Answers to interactions: the callback, and the webhook of their token."""

from aiohttp import web

from local_discord.body import answer, nothing, read_form
from local_discord.interactions import Interaction
from local_discord.rest.paths import API, core, path_id


def add_routes(app: web.Application) -> None:
    """Callbacks, follow-ups, and the messages that they made."""
    app.router.add_post(f"{API}/interactions/{{interaction}}/{{token}}/callback", callback)
    webhook = f"{API}/webhooks/{{application}}/{{token}}"
    app.router.add_post(webhook, follow_up)
    app.router.add_get(f"{webhook}/messages/{{message}}", one)
    app.router.add_patch(f"{webhook}/messages/{{message}}", edit)
    app.router.add_delete(f"{webhook}/messages/{{message}}", delete)


def _followed(request: web.Request) -> Interaction:
    token = request.match_info["token"]
    return core(request).interactions.to_follow(path_id(request, "application"), token)


async def callback(request: web.Request) -> web.Response:
    """Acknowledge an interaction: 204, or with `with_response` what came of it."""
    server = core(request)
    key = path_id(request, "interaction"), request.match_info["token"]
    server.interactions.to_acknowledge(*key)
    body, uploads = await read_form(request)
    interaction = server.interactions.to_acknowledge(*key)
    server.answering.callback(interaction, body, uploads)
    if request.query.get("with_response", "").lower() not in ("1", "true"):
        return nothing()
    return answer(server.answering.summary(interaction, body["type"]))


async def follow_up(request: web.Request) -> web.Response:
    """A further message; interaction webhooks always wait, so it is always given back."""
    interaction = _followed(request)
    body, uploads = await read_form(request)
    server = core(request)
    return answer(server.chat.payload(server.answering.follow_up(interaction, body, uploads)))


async def one(request: web.Request) -> web.Response:
    """A message of this interaction."""
    server = core(request)
    return answer(server.chat.payload(server.answering.message(_followed(request), request.match_info["message"])))


async def edit(request: web.Request) -> web.Response:
    """Edit a message of this interaction."""
    interaction, server = _followed(request), core(request)
    body, uploads = await read_form(request)
    message = server.answering.message(interaction, request.match_info["message"])
    return answer(server.chat.payload(server.answering.edit(interaction, message, body, uploads)))


async def delete(request: web.Request) -> web.Response:
    """Delete a message of this interaction."""
    interaction, server = _followed(request), core(request)
    server.answering.delete(interaction, server.answering.message(interaction, request.match_info["message"]))
    return nothing()
