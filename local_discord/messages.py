"""Messages: what one holds, how it is written in JSON, and the store of them all."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from local_discord.attachments import Attachment, Attachments
from local_discord.clock import iso
from local_discord.errors import unknown
from local_discord.guild import Channel, Json, User
from local_discord.limits import kinds
from local_discord.rendering import component_payload, embed_payload, references

DEFAULT = 0
REPLY = 19
SLASH_ANSWER = 20
MENU_ANSWER = 23


@dataclass
class Message:
    """A message; an ephemeral one is `private_to` the one person who sees it."""

    id: int
    channel: Channel
    author: User
    timestamp: float
    type: int = DEFAULT
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    tts: bool = False
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    edited: float | None = None
    nonce: str | int | None = None
    reference: "Message | None" = None
    application_id: int | None = None
    metadata: Json | None = None
    command_name: str | None = None
    private_to: int | None = None
    #: When it last came or changed, by the event loop's clock.
    touched: float = 0.0

    @property
    def version_2(self) -> bool:
        """Whether its components are of version 2, which cannot be undone."""
        return bool(self.flags & kinds.COMPONENTS_V2)

    @property
    def loading(self) -> bool:
        """Whether it is a deferral that has no words yet."""
        return bool(self.flags & kinds.LOADING)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.content or self.embeds or self.attachments or self.components)

    def payload(self, files: Attachments, *, nested: bool = False) -> Json:
        """The message object with fresh addresses; `nested` leaves the message it answers out."""
        named = {file.filename: file for file in self.attachments}
        used = references(self.embeds) | references(self.components)
        shown = [] if self.version_2 else [file for file in self.attachments if file.filename not in used]
        hidden = self.private_to is not None
        return {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": self.type,
            "content": self.content,
            "author": self.author.payload(),
            "attachments": [files.payload(file, ephemeral=hidden) for file in shown],
            "embeds": [embed_payload(embed, named, files.url) for embed in self.embeds],
            "components": component_payload(self.components, named, files.url),
            "mentions": [user.payload() for user in self.mentions],
            "mention_roles": [str(role) for role in self.mention_roles],
            "mention_everyone": self.mention_everyone,
            "timestamp": iso(self.timestamp),
            "edited_timestamp": None if self.edited is None else iso(self.edited),
            "flags": self.flags,
            "pinned": False,
            "tts": self.tts,
            **self._origin(),
            **({} if nested else self._answered(files)),
        }

    def _origin(self) -> Json:
        own = None if self.application_id is None else str(self.application_id)
        told: Json = {"nonce": self.nonce, "application_id": own, "interaction_metadata": self.metadata}
        if self.metadata is not None:
            told["webhook_id"] = own
        if self.metadata is not None and self.command_name is not None:
            asked = {key: self.metadata[key] for key in ("id", "type", "user")}
            told["interaction"] = {**asked, "name": self.command_name}
        return {key: value for key, value in told.items() if value is not None}

    def _answered(self, files: Attachments) -> Json:
        if self.reference is None:
            return {}
        guild = {} if self.channel.guild_id is None else {"guild_id": str(self.channel.guild_id)}
        place = {"type": 0, "channel_id": str(self.reference.channel.id), "message_id": str(self.reference.id)}
        return {
            "message_reference": {**place, **guild},
            "referenced_message": self.reference.payload(files, nested=True),
        }


class Messages:
    """Every message, by id and by channel."""

    def __init__(self) -> None:
        self._by_channel: dict[int, dict[int, Message]] = {}
        self._by_id: dict[int, Message] = {}

    def add(self, message: Message) -> None:
        """Keep a new message."""
        self._by_id[message.id] = self._by_channel.setdefault(message.channel.id, {})[message.id] = message
        if message.private_to is None:
            message.channel.last_message_id = message.id

    def remove(self, message: Message) -> None:
        """Forget a message."""
        del self._by_id[message.id]
        del self._by_channel[message.channel.id][message.id]

    def find(self, message_id: int | None) -> Message | None:
        """A message by id wherever it is."""
        return None if message_id is None else self._by_id.get(message_id)

    def get(self, channel: Channel, message_id: int | None) -> Message:
        """A message that everybody in the channel can see, or 10008."""
        found = self.find(message_id)
        if found is None or found.channel is not channel or found.private_to is not None:
            raise unknown("Message")
        return found

    def newest_first(self, channel: Channel) -> Iterator[Message]:
        """The channel's messages, the private ones included."""
        return reversed(self._by_channel.get(channel.id, {}).values())
