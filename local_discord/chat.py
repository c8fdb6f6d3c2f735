"""The conversation: messages come, change and go, and everybody who may see it hears of it."""

import asyncio
from typing import Protocol

from local_discord import permissions
from local_discord.attachments import Attachments
from local_discord.composing import Composer
from local_discord.feed import Feed
from local_discord.guild import Channel, Json, User
from local_discord.messages import Message, Messages
from local_discord.world import World


class Dispatch(Protocol):
    """Sends a gateway event to the bot's connections; never blocks."""

    def __call__(self, event: str, data: Json, *, guild_id: int | None) -> None:
        """`guild_id` decides the shard; None is direct messages."""


class Chat:
    """Messages with their files, and the two ways in which news of them travels: gateway and feed."""

    def __init__(self, world: World, files: Attachments, dispatch: Dispatch) -> None:
        self.world = world
        self.files = files
        self.dispatch = dispatch
        self.feed = Feed()
        self.messages = Messages()
        self.composer = Composer(world, files)

    def post(self, message: Message) -> None:
        """A new message is there."""
        self.messages.add(message)
        self._tell("MESSAGE_CREATE", message)

    def change(self, message: Message) -> None:
        """A message was edited."""
        self._tell("MESSAGE_UPDATE", message)

    def delete(self, message: Message) -> None:
        """A message goes, and its files with it."""
        self.messages.remove(message)
        for file in message.attachments:
            self.files.forget(file)
        place: Json = {"id": str(message.id), "channel_id": str(message.channel.id)}
        for user in self.audience(message):
            self.feed.send(user.id, "message_delete", place)
        if message.private_to is None:
            self._to_bot("MESSAGE_DELETE", place, message.channel)

    def typing(self, channel: Channel, user: User) -> None:
        """Somebody is typing."""
        now = int(self.world.clock.now())
        data: Json = {"channel_id": str(channel.id), "user_id": str(user.id), "timestamp": now}
        for reader in self.readers(channel):
            self.feed.send(reader.id, "typing", data)
        self._to_bot("TYPING_START", data, channel)

    def readers(self, channel: Channel) -> list[User]:
        """The people who can see a channel."""
        return [user for user in self.world.people if self.sees(user, channel)]

    def sees(self, user: User, channel: Channel) -> bool:
        """Whether somebody can see a channel."""
        return bool(self.world.permissions(channel, user.id) & permissions.VIEW_CHANNEL)

    def audience(self, message: Message) -> list[User]:
        """The people who can see a message."""
        return [user for user in self.readers(message.channel) if message.private_to in (None, user.id)]

    def payload(self, message: Message) -> Json:
        """The message object for the bot."""
        return message.payload(self.files)

    def personal(self, message: Message) -> Json:
        """The message object for a person."""
        return {**self.payload(message), "ephemeral": message.private_to is not None}

    def _tell(self, event: str, message: Message) -> None:
        message.touched = asyncio.get_running_loop().time()
        for user in self.audience(message):
            self.feed.send(user.id, event.lower(), self.personal(message))
        if message.private_to is None:
            data = self.payload(message)
            guild = self.world.guild_of(message.channel)
            if guild is not None:
                data["member"] = guild.members[message.author.id].partial()
            self._to_bot(event, data, message.channel)

    def _to_bot(self, event: str, data: Json, channel: Channel) -> None:
        place = {} if channel.guild_id is None else {"guild_id": str(channel.guild_id)}
        if self.sees(self.world.bot, channel):
            self.dispatch(event, {**data, **place}, guild_id=channel.guild_id)
