"""The `resolved` part of an interaction: the things that its values point to."""

from local_discord.attachments import Upload
from local_discord.core import Core
from local_discord.guild import Channel, Json, Role, User
from local_discord.messages import Message
from local_discord.payloads import resolved_member


class Resolved:
    """Gathers things by kind; each method takes one in and returns its id as a value."""

    def __init__(self, core: Core, channel: Channel, actor: User) -> None:
        self._core = core
        self._channel = channel
        self._actor = actor
        self._found: dict[str, Json] = {}

    def user(self, user: User) -> str:
        """A user, with the member when the interaction is in a guild."""
        guild = self._core.world.guild_of(self._channel)
        if guild is not None and user.id in guild.members:
            self._keep("members", user.id, resolved_member(user, self._channel, self._core.chat))
        return self._keep("users", user.id, user.payload())

    def role(self, role: Role) -> str:
        """A role."""
        return self._keep("roles", role.id, role.payload())

    def channel(self, channel: Channel) -> str:
        """A channel, in the short form."""
        granted = self._core.world.permissions(channel, self._actor.id)
        whole = channel.payload()
        short: Json = {key: whole[key] for key in ("id", "type", "name", "parent_id") if key in whole}
        return self._keep("channels", channel.id, {**short, "permissions": str(granted)})

    def message(self, message: Message) -> str:
        """A message."""
        return self._keep("messages", message.id, self._core.chat.payload(message))

    def attachment(self, upload: Upload) -> str:
        """A file that comes with the interaction."""
        number = self._core.world.ids.make()
        kept = self._core.files.keep(number, self._channel.id, upload, {})
        return self._keep("attachments", number, self._core.files.payload(kept, ephemeral=True))

    def part(self) -> Json:
        """`{"resolved": ...}`, or nothing when nothing was gathered."""
        return {"resolved": self._found} if self._found else {}

    def _keep(self, kind: str, thing_id: int, payload: Json) -> str:
        self._found.setdefault(kind, {})[str(thing_id)] = payload
        return str(thing_id)
