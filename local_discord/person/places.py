"""Who acts, where, and on what: names and ids of a request looked up as the person sees them."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from local_discord.attachments import Upload
from local_discord.core import Core
from local_discord.guild import Channel, Json, User
from local_discord.messages import Message
from local_discord.snowflake import parse


class Refused(Exception):
    """What Discord's client would not let a person do: the sentence it would show, and an HTTP status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


class Act:
    """One request of a person: its JSON or query, its files, and whom and what it names."""

    def __init__(self, core: Core, told: Mapping[str, Any], uploads: list[Upload]) -> None:
        self.core = core
        self.told = told
        self.uploads = uploads
        self.user = self._user()

    def text(self, key: str) -> str:
        """A string that must be given."""
        value = self.told.get(key)
        if not isinstance(value, str) or not value:
            raise Refused(f"“{key}” is missing.")
        return value

    def table(self, key: str) -> Json:
        """An object; an absent one is empty."""
        value = self.told.get(key) or {}
        if not isinstance(value, dict):
            raise Refused(f"“{key}” must be an object.")
        return value

    def channel(self) -> Channel:
        """The channel named by `channel`: an id, a name, or "dm"."""
        name = self.text("channel")
        if name == "dm":
            return self.core.world.direct(self.user)
        found = find_channel(self.core, self.user, name)
        if found is None:
            raise Refused(f"There is no channel “{name}” that {self.user.name} can see.", 404)
        return found

    def message(self, key: str = "message") -> Message:
        """The message with the id under `key`."""
        found = self.core.chat.messages.find(parse(self.told.get(key)))
        if found is None or self.user not in self.core.chat.audience(found):
            raise Refused(f"There is no such message that {self.user.name} can see.", 404)
        return found

    def _user(self) -> User:
        name = self.text("user")
        found = find_user(self.core, name)
        if found is None or found.bot:
            raise Refused(f"There is nobody called “{name}”.", 404)
        return found


def find_user(core: Core, name: str) -> User | None:
    """A user by id, name, @name or mention."""
    bare = name.removeprefix("<@").removeprefix("!").removesuffix(">").removeprefix("@")
    by_id = core.world.users.get(parse(bare) or 0)
    by_name = (user for user in core.world.users.values() if user.name.lower() == bare.lower())
    return by_id or next(by_name, None)


def find_channel(core: Core, user: User, name: str) -> Channel | None:
    """A channel that the user can see, by id, name, #name or mention."""
    bare = name.removeprefix("<#").removesuffix(">").removeprefix("#")
    by_id = core.world.channels.get(parse(bare) or 0)
    by_name = (channel for channel in core.world.channels.values() if channel.guild_id and channel.name == bare)
    candidates = by_name if by_id is None else chain([by_id], by_name)
    return next((channel for channel in candidates if core.chat.sees(user, channel)), None)
