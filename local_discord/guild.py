"""People and places: users, roles, members, channels, guilds, and how each is written in JSON."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TEXT = 0
DIRECT_MESSAGE = 1


@dataclass
class User:
    """A person or the bot; who does not `take_direct` has closed their direct messages."""

    id: int
    name: str
    bot: bool = False
    takes_direct: bool = True

    def payload(self) -> Json:
        """The public user object."""
        bare: Json = dict.fromkeys(
            ("avatar", "banner", "accent_color", "avatar_decoration_data", "collectibles", "primary_guild")
        )
        flags = {"public_flags": 0, "flags": 0}
        named = {"id": str(self.id), "username": self.name, "discriminator": "0000" if self.bot else "0"}
        return {**bare, **flags, **named, "global_name": None if self.bot else self.name.title(), "bot": self.bot}


@dataclass
class Role:
    """A named set of permissions; the one with the guild's id is @everyone."""

    id: int
    name: str
    permissions: int
    position: int
    managed_by: int | None = None

    def payload(self) -> Json:
        """The role object."""
        tags = {} if self.managed_by is None else {"tags": {"bot_id": str(self.managed_by)}}
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(self.permissions),
            "position": self.position,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": self.managed_by is not None,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
            **tags,
        }


@dataclass
class Member:
    """A user in a guild; `roles` are ids and leave @everyone out."""

    user: User
    roles: list[int]
    joined_at: str

    def payload(self) -> Json:
        """The member object with its user."""
        return {**self.partial(), "user": self.user.payload()}

    def partial(self) -> Json:
        """The member object as messages carry it, without the user."""
        bare = dict.fromkeys(("avatar", "banner", "communication_disabled_until", "nick", "premium_since"))
        roles = [str(role) for role in self.roles]
        plain = {"flags": 0, "pending": False, "mute": False, "deaf": False}
        return {**bare, **plain, "joined_at": self.joined_at, "roles": roles}


@dataclass
class Overwrite:
    """What a channel allows and denies a role (type 0) or a member (type 1)."""

    id: int
    type: int
    allow: int = 0
    deny: int = 0

    def payload(self) -> Json:
        """The overwrite object."""
        return {"id": str(self.id), "type": self.type, "allow": str(self.allow), "deny": str(self.deny)}


@dataclass
class Channel:
    """A text channel of a guild, or direct messages (then `recipients` are the two user ids)."""

    id: int
    name: str = ""
    guild_id: int | None = None
    nsfw: bool = False
    position: int = 0
    overwrites: list[Overwrite] = field(default_factory=list)
    recipients: dict[int, User] = field(default_factory=dict)
    last_message_id: int | None = None

    @property
    def type(self) -> int:
        """Discord's channel type: 0 text, 1 direct message."""
        return DIRECT_MESSAGE if self.guild_id is None else TEXT

    def payload(self) -> Json:
        """The channel object, as the bot sees it."""
        last = None if self.last_message_id is None else str(self.last_message_id)
        common = {"id": str(self.id), "type": self.type, "flags": 0, "last_message_id": last}
        if self.guild_id is None:
            others = [user.payload() for user in self.recipients.values() if not user.bot]
            return {**common, "recipients": others}
        return {
            **common,
            "guild_id": str(self.guild_id),
            "name": self.name,
            "nsfw": self.nsfw,
            "position": self.position,
            "parent_id": None,
            "topic": None,
            "rate_limit_per_user": 0,
            "permission_overwrites": [rule.payload() for rule in self.overwrites],
        }


@dataclass
class Guild:
    """A server."""

    id: int
    name: str
    owner_id: int
    joined_at: str
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)

    def payload(self) -> Json:
        """The guild object."""
        return {
            **_QUIET_GUILD,
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner_id),
            "roles": [role.payload() for role in self.roles.values()],
        }

    def create_payload(self) -> Json:
        """The guild object with all that GUILD_CREATE adds."""
        empty: Json = {
            key: [] for key in ("voice_states", "threads", "presences", "stage_instances", "soundboard_sounds")
        }
        return {
            **self.payload(),
            **empty,
            "guild_scheduled_events": [],
            "joined_at": self.joined_at,
            "large": False,
            "unavailable": False,
            "member_count": len(self.members),
            "members": [member.payload() for member in self.members.values()],
            "channels": [channel.payload() for channel in self.channels.values()],
        }


_ABSENT = (
    "icon description home_header splash discovery_splash banner application_id afk_channel_id system_channel_id"
    " widget_channel_id max_presences vanity_url_code rules_channel_id safety_alerts_channel_id"
    " public_updates_channel_id incidents_data"
)
_QUIET_GUILD: Json = {
    **dict.fromkeys(_ABSENT.split()),
    "features": [],
    "region": "deprecated",
    "afk_timeout": 300,
    "system_channel_flags": 0,
    "widget_enabled": False,
    "verification_level": 0,
    "default_message_notifications": 1,
    "mfa_level": 0,
    "explicit_content_filter": 0,
    "max_members": 500_000,
    "max_stage_video_channel_users": 50,
    "max_video_channel_users": 25,
    "premium_tier": 0,
    "premium_subscription_count": 0,
    "preferred_locale": "en-US",
    "premium_progress_bar_enabled": False,
    "nsfw": False,
    "nsfw_level": 0,
    "emojis": [],
    "stickers": [],
}
