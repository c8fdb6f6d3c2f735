"""The bot's side of an interaction: its callback, and everything that its token allows afterwards."""

from collections.abc import Sequence
from dataclasses import replace

from local_discord.attachments import Upload
from local_discord.chat import Chat
from local_discord.errors import ApiError, Form, FormError, unknown
from local_discord.guild import Json
from local_discord.interactions import Interaction, Interactions, State
from local_discord.limits import callbacks, kinds
from local_discord.limits.callbacks import check_callback
from local_discord.limits.messages import Door, check_message
from local_discord.messages import DEFAULT, MENU_ANSWER, REPLY, SLASH_ANSWER, Message
from local_discord.rendering import settle
from local_discord.snowflake import parse


class Answering:
    """Carries out callbacks and follow-ups."""

    def __init__(self, chat: Chat, interactions: Interactions) -> None:
        self._chat = chat
        self._interactions = interactions

    def callback(self, interaction: Interaction, body: Json, uploads: Sequence[Upload]) -> None:
        """Acknowledge an interaction, by the rules of its type."""
        form = Form()
        source = interaction.source
        check_callback(body, form, version_2=source is not None and source.version_2)
        form.finish()
        kind, data = body["type"], body.get("data") or {}
        _check_fit(interaction, kind)
        match kind:
            case callbacks.MESSAGE:
                self._reply(interaction, data, uploads)
            case callbacks.DEFERRED_MESSAGE:
                self._defer(interaction, data)
            case callbacks.DEFERRED_UPDATE:
                interaction.original = source
                self._interactions.mark(interaction, State.ACKNOWLEDGED)
            case callbacks.UPDATE:
                self._update(interaction, data, uploads)
            case callbacks.CHOICES:
                interaction.choices = data.get("choices") or []
                self._interactions.mark(interaction, State.CHOICES)
            case callbacks.MODAL_ANSWER:
                interaction.modal = {**data, "components": settle(data["components"])}
                self._interactions.mark(interaction, State.MODAL)

    def follow_up(self, interaction: Interaction, body: Json, uploads: Sequence[Upload]) -> Message:
        """A further message; the first one after a deferral takes the deferral's place."""
        _checked(body, Door.ANSWER)
        if interaction.original is not None and interaction.original.loading:
            editable = {key: value for key, value in body.items() if key not in ("username", "avatar_url")}
            return self._change(interaction, interaction.original, editable, uploads)
        message = self._new(interaction, body.get("flags") or 0, answers=interaction.original)
        self._chat.composer.fill(message, body, uploads)
        self._post(interaction, message)
        first = interaction.state in (State.ACKNOWLEDGED, State.MODAL)
        if first:
            interaction.shown = message
        self._interactions.mark(interaction, State.ANSWERED if first else interaction.state)
        return message

    def message(self, interaction: Interaction, which: str) -> Message:
        """`@original` or a message's id, as far as it belongs to this interaction; else 10008."""
        original = interaction.original
        if which == "@original":
            found = original
        else:
            wanted = parse(which)
            found = original if original and original.id == wanted else interaction.answers.get(wanted or 0)
        if found is None or self._chat.messages.find(found.id) is None:
            raise unknown("Message")
        return found

    def edit(self, interaction: Interaction, message: Message, body: Json, uploads: Sequence[Upload]) -> Message:
        """Edit a message of this interaction."""
        _checked(body, Door.EDIT, version_2=message.version_2)
        return self._change(interaction, message, body, uploads)

    def delete(self, interaction: Interaction, message: Message) -> None:
        """Delete a message of this interaction."""
        self._chat.delete(message)
        interaction.answers.pop(message.id, None)
        if message is interaction.original:
            interaction.original = None
        state = State.ACKNOWLEDGED if interaction.state is State.THINKING else interaction.state
        self._interactions.mark(interaction, state)

    def summary(self, interaction: Interaction, kind: int) -> Json:
        """What a callback asked for with `with_response` gets: the interaction, and the message if one was made."""
        told: Json = {"id": str(interaction.id), "type": interaction.type, "channel_id": str(interaction.channel.id)}
        if interaction.channel.guild_id is not None:
            told["guild_id"] = str(interaction.channel.guild_id)
        message = interaction.original
        if message is None:
            return {"interaction": told}
        told["response_message_id"] = str(message.id)
        told["response_message_loading"] = message.loading
        told["response_message_ephemeral"] = message.private_to is not None
        if kind == callbacks.DEFERRED_UPDATE:
            return {"interaction": told}
        made = callbacks.UPDATE if kind == callbacks.UPDATE else callbacks.MESSAGE
        return {"interaction": told, "resource": {"type": made, "message": self._chat.payload(message)}}

    def _reply(self, interaction: Interaction, data: Json, uploads: Sequence[Upload]) -> None:
        message = self._new(interaction, data.get("flags") or 0, answers=interaction.source)
        self._chat.composer.fill(message, data, uploads, ("data",))
        interaction.original = message
        self._post(interaction, message)
        self._interactions.mark(interaction, State.ANSWERED)

    def _defer(self, interaction: Interaction, data: Json) -> None:
        message = self._new(interaction, data.get("flags") or 0, answers=interaction.source)
        message.flags |= kinds.LOADING
        interaction.original = message
        self._post(interaction, message)
        self._interactions.mark(interaction, State.THINKING)

    def _update(self, interaction: Interaction, data: Json, uploads: Sequence[Upload]) -> None:
        source = interaction.source
        assert source is not None
        self._chat.composer.fill(source, data, uploads, ("data",))
        source.edited = self._chat.world.clock.now()
        interaction.original = source
        self._chat.change(source)
        self._interactions.mark(interaction, State.UPDATED)

    def _change(self, interaction: Interaction, message: Message, body: Json, uploads: Sequence[Upload]) -> Message:
        was_loading = message.loading
        draft = replace(message, flags=message.flags & ~kinds.LOADING)
        self._chat.composer.fill(draft, body, uploads)
        vars(message).update(vars(draft))
        if not was_loading:
            message.edited = self._chat.world.clock.now()
        self._chat.change(message)
        self._interactions.mark(interaction, _state_after_change(interaction, message))
        return message

    def _new(self, interaction: Interaction, flags: int, *, answers: Message | None) -> Message:
        world = self._chat.world
        hidden = bool(flags & kinds.EPHEMERAL)
        kind = MENU_ANSWER if interaction.from_menu else SLASH_ANSWER if interaction.command_name else DEFAULT
        return Message(
            world.ids.make(),
            interaction.channel,
            world.bot,
            world.clock.now(),
            type=kind if answers is None else REPLY,
            flags=kinds.EPHEMERAL if hidden else 0,
            reference=answers,
            application_id=world.application_id,
            metadata=interaction.metadata(),
            command_name=interaction.command_name,
            private_to=interaction.user.id if hidden else None,
        )

    def _post(self, interaction: Interaction, message: Message) -> None:
        interaction.answers[message.id] = message
        self._chat.post(message)


def _state_after_change(interaction: Interaction, message: Message) -> State:
    if interaction.state is State.THINKING and message is interaction.original:
        return State.ANSWERED
    if interaction.state is State.ACKNOWLEDGED and message is interaction.source:
        return State.UPDATED
    return interaction.state


def _checked(body: Json, door: Door, *, version_2: bool = False) -> None:
    form = Form()
    check_message(body, (), form, door, version_2=version_2)
    form.finish()


def _check_fit(interaction: Interaction, kind: int) -> None:
    if kind == callbacks.PREMIUM:
        raise ApiError(400, 50040, "This application has no premium offer.")
    fitting = kind in callbacks.FITTING[interaction.type]
    if kind in (callbacks.DEFERRED_UPDATE, callbacks.UPDATE) and interaction.source is None:
        fitting = False
    if not fitting:
        message = "Interaction callback type is invalid for this interaction type."
        raise FormError([(("type",), "INTERACTION_CALLBACK_TYPE_INVALID", message)])
