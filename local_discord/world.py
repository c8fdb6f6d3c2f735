"""All that the server knows: the application and its bot, people, guilds, channels."""

import base64
import random
import secrets

from local_discord import permissions
from local_discord.clock import Clock, iso
from local_discord.errors import unknown
from local_discord.guild import Channel, Guild, Json, Member, Overwrite, Role, User
from local_discord.snowflake import Snowflakes

PEOPLE = ("ada", "ben", "mia")
MODERATORS = frozenset({"mia"})
BOT_PERMISSIONS = permissions.EVERYONE | permissions.MANAGE_MESSAGES
FIRST, FOUNDED = 1_451_606_400.0, 1_767_225_600.0  # 2016-01-01 and 2026-01-01, in seconds since the Unix epoch
ROOMS = (("studio", False), ("after-dark", True), ("mod-room", False))


class World:
    """One application with its bot, three people, and one guild to begin with.

    These have the same ids in every run, so that a bot which keeps a history knows its people again.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.ids = Snowflakes(lambda: FOUNDED)
        self.application_id = self.ids.make()
        self.bot = User(self.application_id, "Atelier", bot=True)
        self.token = _bot_token(self.application_id)
        self.users = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        for name in PEOPLE:
            user = User(self.ids.make(), name)
            self.users[user.id] = user
        self.home = self._found_home()
        self.ids = Snowflakes()

    @property
    def people(self) -> list[User]:
        """Everybody who is not the bot."""
        return [user for user in self.users.values() if not user.bot]

    def add_guild(self, name: str, owner: User, rooms: tuple[tuple[str, bool], ...] = (("general", False),)) -> Guild:
        """A new guild of everybody and the bot; announcing it is the caller's matter."""
        guild = Guild(self.ids.make(), name, owner.id, iso(self.clock.now()))
        guild.roles[guild.id] = Role(guild.id, "@everyone", permissions.EVERYONE, 0)
        own = self._add_role(guild, self.bot.name, BOT_PERMISSIONS, managed_by=self.bot.id)
        moderators = self._add_role(guild, "Moderators", permissions.MODERATOR)
        for user in self.users.values():
            roles = [own.id] if user.bot else [moderators.id] if user.name in MODERATORS else []
            guild.members[user.id] = Member(user, roles, guild.joined_at)
        for room, nsfw in rooms:
            self.add_channel(guild, room, nsfw=nsfw)
        self.guilds[guild.id] = guild
        return guild

    def add_guilds(self, count: int) -> list[Guild]:
        """Many guilds, the same in every run, founded at any times before this one, as their ids say."""
        chance, ids = random.Random(count), self.ids  # noqa: S311 - nobody is to guess wrong
        moments = sorted(chance.uniform(FIRST, FOUNDED) for _ in range(count))
        found = [self._found_at(moment, f"Server {number}") for number, moment in enumerate(moments, 1)]
        self.ids = ids
        return found

    def add_channel(self, guild: Guild, name: str, *, nsfw: bool = False) -> Channel:
        """A new text channel; announcing it is the caller's matter."""
        channel = Channel(self.ids.make(), name, guild.id, nsfw, position=len(guild.channels))
        guild.channels[channel.id] = self.channels[channel.id] = channel
        return channel

    def direct(self, user: User) -> Channel:
        """The bot's direct messages with a person, opened when there are none yet."""
        for channel in self.channels.values():
            if channel.guild_id is None and user.id in channel.recipients:
                return channel
        both = {self.bot.id: self.bot, user.id: user}
        channel = Channel(self.ids.make(), recipients=both)
        self.channels[channel.id] = channel
        return channel

    def guild_of(self, channel: Channel) -> Guild | None:
        """The channel's guild; None for direct messages."""
        return None if channel.guild_id is None else self.guilds[channel.guild_id]

    def channel(self, channel_id: int | None) -> Channel:
        """A channel by id, or 10003."""
        if channel_id is None or channel_id not in self.channels:
            raise unknown("Channel")
        return self.channels[channel_id]

    def guild(self, guild_id: int | None) -> Guild:
        """A guild by id, or 10004."""
        if guild_id is None or guild_id not in self.guilds:
            raise unknown("Guild")
        return self.guilds[guild_id]

    def user(self, user_id: int | None) -> User:
        """A user by id, or 10013."""
        if user_id is None or user_id not in self.users:
            raise unknown("User")
        return self.users[user_id]

    def permissions(self, channel: Channel, user_id: int) -> int:
        """What somebody may do in a channel."""
        return permissions.in_channel(self.guild_of(channel), channel, user_id)

    def own_user(self) -> Json:
        """The bot's user object as it sees itself (READY and /users/@me)."""
        private = {"mfa_enabled": False, "locale": "en-US", "verified": True, "email": None}
        return {**self.bot.payload(), **private, "premium_type": 0}

    def application(self) -> Json:
        """The partial application of READY."""
        return {"id": str(self.application_id), "flags": 0}

    def unavailable_guilds(self) -> list[Json]:
        """The guilds as READY lists them, before their GUILD_CREATE."""
        return [{"id": str(guild_id), "unavailable": True} for guild_id in self.guilds]

    def _add_role(self, guild: Guild, name: str, granted: int, *, managed_by: int | None = None) -> Role:
        role = Role(self.ids.make(), name, granted, len(guild.roles), managed_by)
        guild.roles[role.id] = role
        return role

    def _found_at(self, moment: float, name: str) -> Guild:
        self.ids = Snowflakes(lambda: moment)
        return self.add_guild(name, self.people[0])

    def _found_home(self) -> Guild:
        owner = next(user for user in self.people if user.name in MODERATORS)
        guild = self.add_guild("Atelier", owner, ROOMS)
        room = next(channel for channel in guild.channels.values() if channel.name == "mod-room")
        room.overwrites.append(Overwrite(guild.id, 0, deny=permissions.VIEW_CHANNEL))
        for role in guild.roles.values():
            if role.id != guild.id:
                room.overwrites.append(Overwrite(role.id, 0, allow=permissions.VIEW_CHANNEL))
        return guild


def _bot_token(bot_id: int) -> str:
    """A token in Discord's form: the id in base64, a time part, a secret part."""
    head = base64.b64encode(str(bot_id).encode()).decode().rstrip("=")
    return f"{head}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
