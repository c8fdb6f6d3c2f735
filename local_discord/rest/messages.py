"""Messages in channels."""

from itertools import takewhile

from aiohttp import web

from local_discord import permissions
from local_discord.body import answer, nothing, read_form, read_json
from local_discord.core import Core
from local_discord.errors import ApiError, Form, missing_permissions, takes_no_direct_messages, unknown
from local_discord.guild import Channel, Json
from local_discord.limits.messages import Door, check_message
from local_discord.limits.shape import each, record, snowflake
from local_discord.messages import DEFAULT, REPLY, Message
from local_discord.rest.guilds import visible_channel
from local_discord.rest.paths import API, core, path_id
from local_discord.snowflake import created_at, parse

_BULK = record({"messages": each(snowflake, 2, 100)}, {})
_BULK_AGE = 14 * 24 * 3600.0
_NONCE_AGE = 300.0  # Discord says "the past few minutes"


def add_routes(app: web.Application) -> None:
    """Create, read, edit and delete messages."""
    messages = f"{API}/channels/{{channel}}/messages"
    app.router.add_post(messages, create)
    app.router.add_get(messages, several)
    app.router.add_post(f"{messages}/bulk-delete", bulk_delete)
    app.router.add_get(f"{messages}/{{message}}", one)
    app.router.add_patch(f"{messages}/{{message}}", edit)
    app.router.add_delete(f"{messages}/{{message}}", delete)


async def create(request: web.Request) -> web.Response:
    """A new message of the bot's."""
    here, server = visible_channel(request), core(request)
    body, uploads = await read_form(request)
    _checked(body, Door.CREATE)
    _may(server, here, permissions.SEND_MESSAGES)
    if not all(user.takes_direct for user in here.recipients.values()):
        raise takes_no_direct_messages()
    if uploads:
        _may(server, here, permissions.ATTACH_FILES)
    if body.get("embeds"):
        _may(server, here, permissions.EMBED_LINKS)
    if (earlier := _sent_before(server, here, body)) is not None:
        return answer(server.chat.payload(earlier))
    message = Message(server.world.ids.make(), here, server.world.bot, server.world.clock.now())
    message.nonce = body.get("nonce")
    message.reference = _reference(server, here, body)
    message.type = DEFAULT if message.reference is None else REPLY
    server.chat.composer.fill(message, body, uploads)
    server.chat.post(message)
    return answer(server.chat.payload(message))


async def several(request: web.Request) -> web.Response:
    """Messages, newest first: `limit`, `before`, `after`, `around`."""
    here, server = visible_channel(request), core(request)
    limit = min(max(parse(request.query.get("limit")) or 50, 1), 100)
    if not server.world.permissions(here, server.world.bot.id) & permissions.READ_HISTORY:
        return answer([])
    found = [message for message in server.chat.messages.newest_first(here) if message.private_to is None]
    return answer([server.chat.payload(message) for message in _window(found, request, limit)])


async def one(request: web.Request) -> web.Response:
    """One message, its addresses fresh."""
    here, server = visible_channel(request), core(request)
    _may(server, here, permissions.READ_HISTORY)
    return answer(server.chat.payload(server.chat.messages.get(here, path_id(request, "message"))))


async def edit(request: web.Request) -> web.Response:
    """Edit a message of the bot's; 50005 for anybody else's."""
    here, server = visible_channel(request), core(request)
    body, uploads = await read_form(request)
    message = server.chat.messages.get(here, path_id(request, "message"))
    if message.author is not server.world.bot:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    _checked(body, Door.EDIT, version_2=message.version_2)
    if uploads:
        _may(server, here, permissions.ATTACH_FILES)
    server.chat.composer.fill(message, body, uploads)
    message.edited = server.world.clock.now()
    server.chat.change(message)
    return answer(server.chat.payload(message))


async def delete(request: web.Request) -> web.Response:
    """Delete the bot's own message, or with the permission anybody's."""
    here, server = visible_channel(request), core(request)
    message = server.chat.messages.get(here, path_id(request, "message"))
    if message.author is not server.world.bot:
        _may_manage(server, here)
    server.chat.delete(message)
    return nothing()


async def bulk_delete(request: web.Request) -> web.Response:
    """Delete 2 to 100 messages of the last two weeks."""
    here, server = visible_channel(request), core(request)
    body = await read_json(request)
    form = Form()
    _BULK(body, (), form)
    form.finish()
    _may_manage(server, here)
    ids = {parse(value) or 0 for value in body["messages"]}
    if any(created_at(value) < server.world.clock.now() - _BULK_AGE for value in ids):
        raise ApiError(400, 50034, "You can only bulk delete messages that are under 14 days old.")
    for value in ids:
        found = server.chat.messages.find(value)
        if found is not None and found.channel is here and found.private_to is None:
            server.chat.delete(found)
    return nothing()


def _checked(body: Json, door: Door, *, version_2: bool = False) -> None:
    form = Form()
    check_message(body, (), form, door, version_2=version_2)
    form.finish()


def _may(server: Core, here: Channel, needed: int) -> None:
    if not server.world.permissions(here, server.world.bot.id) & needed:
        raise missing_permissions()


def _may_manage(server: Core, here: Channel) -> None:
    if here.guild_id is None:
        raise ApiError(403, 50003, "Cannot execute action on a DM channel")
    _may(server, here, permissions.MANAGE_MESSAGES)


def _sent_before(server: Core, here: Channel, body: Json) -> Message | None:
    """The bot's message of late with the same nonce in this channel, when the nonce is to be enforced."""
    nonce = body.get("nonce")
    if not body.get("enforce_nonce") or nonce is None:
        return None
    since = server.world.clock.now() - _NONCE_AGE
    late = takewhile(lambda item: item.timestamp > since, server.chat.messages.newest_first(here))
    mine = (item for item in late if item.author is server.world.bot and item.nonce is not None)
    return next((item for item in mine if str(item.nonce) == str(nonce)), None)


def _reference(server: Core, here: Channel, body: Json) -> Message | None:
    told = body.get("message_reference")
    if told is None:
        return None
    if not server.world.permissions(here, server.world.bot.id) & permissions.READ_HISTORY:
        raise ApiError(403, 160002, "Cannot reply without permission to read message history")
    found = server.chat.messages.find(parse(told["message_id"]))
    if found is not None and found.channel is here and found.private_to is None:
        return found
    if told.get("fail_if_not_exists") is False:
        return None
    form = Form()
    form.wrong(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    form.finish()
    raise unknown("Message")


def _window(found: list[Message], request: web.Request, limit: int) -> list[Message]:
    before, after = parse(request.query.get("before")), parse(request.query.get("after"))
    around = parse(request.query.get("around"))
    if before is not None:
        return [item for item in found if item.id < before][:limit]
    if after is not None:
        return [item for item in found if item.id > after][-limit:]
    if around is not None:
        newer = [item for item in found if item.id > around][-(limit // 2) :] if limit > 1 else []
        return newer + [item for item in found if item.id <= around][: limit - len(newer)]
    return found[:limit]
