"""Routes by which a person acts: run, autocomplete, press, select, submit, say, delete."""

from aiohttp import web

from local_discord import permissions
from local_discord.body import answer
from local_discord.errors import Form, FormError
from local_discord.guild import Channel
from local_discord.interactions import ACKNOWLEDGE_SECONDS, Interaction, State
from local_discord.limits import callbacks
from local_discord.limits.messages import Door, check_message
from local_discord.messages import Message
from local_discord.person.places import Act, Refused
from local_discord.person.pressing import press_data, select_data
from local_discord.person.requests import body_act
from local_discord.person.running import autocomplete_data, menu_data, slash_data
from local_discord.person.submitting import Submission
from local_discord.person.waiting import wait_for
from local_discord.snowflake import parse

#: A little more than the bot has to answer.
AUTOCOMPLETE_SECONDS = ACKNOWLEDGE_SECONDS + 1


def add_routes(app: web.Application) -> None:
    """Everything that changes something in a person's name."""
    for name, handler in (
        ("run", run),
        ("autocomplete", autocomplete),
        ("press", press),
        ("select", select),
        ("submit", submit),
        ("say", say),
        ("delete", delete),
    ):
        app.router.add_post(f"/local/{name}", handler)


def _begun(interaction: Interaction) -> web.Response:
    return answer({"interaction": str(interaction.id)})


async def run(request: web.Request) -> web.Response:
    """A slash command or a context menu."""
    act = await body_act(request)
    here = act.channel()
    data = menu_data(act, here) if "target" in act.told else slash_data(act, here)
    return _begun(act.core.interactions.begin(callbacks.COMMAND_ASKED, act.user, here, data))


async def autocomplete(request: web.Request) -> web.Response:
    """The choices for an option that is being typed in; none when the bot does not answer."""
    act = await body_act(request)
    here = act.channel()
    asked = act.core.interactions.begin(callbacks.AUTOCOMPLETE_ASKED, act.user, here, autocomplete_data(act, here))
    await wait_for(asked, AUTOCOMPLETE_SECONDS, quiet=False)
    return answer({"choices": asked.choices or []})


async def press(request: web.Request) -> web.Response:
    """A button."""
    act = await body_act(request)
    message = act.message()
    return _use(act, message, press_data(act, message))


async def select(request: web.Request) -> web.Response:
    """A select."""
    act = await body_act(request)
    message = act.message()
    return _use(act, message, select_data(act, message))


def _use(act: Act, message: Message, data: dict[str, object]) -> web.Response:
    if message.author is not act.core.world.bot:
        raise Refused("This message is not the bot's.")
    begun = act.core.interactions.begin(callbacks.COMPONENT_ASKED, act.user, message.channel, data, source=message)
    return _begun(begun)


async def submit(request: web.Request) -> web.Response:
    """A modal, filled in."""
    act = await body_act(request)
    parent = act.core.interactions.find(parse(act.told.get("interaction")))
    if parent is None or parent.user is not act.user or parent.state is not State.MODAL:
        raise Refused("There is no form to submit there.", 404)
    data = Submission(act, parent).data()
    begun = act.core.interactions.begin(
        callbacks.MODAL_ASKED, act.user, parent.channel, data, source=parent.source, parent=parent
    )
    return _begun(begun)


async def say(request: web.Request) -> web.Response:
    """A message of the person's own."""
    act = await body_act(request)
    here = act.channel()
    _may(act, here, permissions.SEND_MESSAGES, "write")
    if act.uploads:
        _may(act, here, permissions.ATTACH_FILES, "send files")
    body = {"content": act.told.get("content") or ""}
    message = Message(act.core.world.ids.make(), here, act.user, act.core.world.clock.now())
    form = Form()
    check_message(body, (), form, Door.CREATE)
    try:
        form.finish()
    except FormError as error:
        raise Refused("A message may be at most 2000 characters long.") from error
    act.core.chat.composer.fill(message, body, act.uploads)
    act.core.chat.post(message)
    return answer(act.core.chat.personal(message))


async def delete(request: web.Request) -> web.Response:
    """A message of the person's own, or for a moderator anybody's."""
    act = await body_act(request)
    message = act.message()
    granted = act.core.world.permissions(message.channel, act.user.id)
    manages = message.channel.guild_id is not None and granted & permissions.MANAGE_MESSAGES
    if message.author is not act.user and message.private_to is None and not manages:
        raise Refused(f"{act.user.name} may not delete this message.", 409)
    act.core.chat.delete(message)
    return answer({})


def _may(act: Act, here: Channel, needed: int, what: str) -> None:
    if not act.core.world.permissions(here, act.user.id) & needed:
        raise Refused(f"{act.user.name} may not {what} here.", 409)
