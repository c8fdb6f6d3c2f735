"""Servers as large as a community's, as Discord introduces them: what a bot's process has to keep of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from local_discord.guild import Guild, Json

CATEGORIES, TEXTS, VOICES, ROLES, THREADS, EMOJIS, STICKERS, EVENTS = 6, 30, 6, 25, 8, 25, 5, 2
OVERWRITES = 3  # of each channel
PARTS = ("channels", "overwrites", "roles", "threads", "emojis", "stickers", "guild_scheduled_events")


@dataclass
class Community(Guild):
    """A guild with channels, roles and so on that nobody acts in; parts in `without` are left out."""

    without: frozenset[str] = frozenset()

    def create_payload(self) -> Json:
        """The guild object of GUILD_CREATE; everything in it has its own id and text, as in life."""
        bare = super().create_payload()
        ids = (str(self.id + 1_000 + number) for number in count())
        for part, make in MAKERS.items():
            if part not in self.without:
                bare[part] = [*bare[part], *make(bare["id"], ids)]
        if "overwrites" in self.without:
            bare["channels"] = [{**channel, "permission_overwrites": []} for channel in bare["channels"]]
        return bare


def _channels(guild_id: str, ids: Iterator[str]) -> Iterator[Json]:
    parents = [next(ids) for _ in range(CATEGORIES)]
    for number, parent in enumerate(parents):
        yield _channel(guild_id, ids, parent, 4, f"Category {number}", None)
    for number in range(TEXTS):
        words = {"topic": f"What belongs into channel {number} of {guild_id}, in about so many words as people write"}
        yield _channel(guild_id, ids, next(ids), 0, f"text-{number}", parents[number % CATEGORIES]) | words
    for number in range(VOICES):
        sound = {"bitrate": 64_000, "user_limit": 0, "rtc_region": None}
        yield _channel(guild_id, ids, next(ids), 2, f"Voice {number}", parents[number % CATEGORIES]) | sound


def _channel(guild_id: str, ids: Iterator[str], own_id: str, kind: int, name: str, parent: str | None) -> Json:
    rules = [{"id": next(ids), "type": 0, "allow": "1024", "deny": "2048"} for _ in range(OVERWRITES)]
    return {
        "id": own_id,
        "guild_id": guild_id,
        "type": kind,
        "name": name,
        "position": 1,
        "parent_id": parent,
        "permission_overwrites": rules,
        "nsfw": False,
        "topic": None,
        "last_message_id": next(ids),
        "rate_limit_per_user": 0,
        "flags": 0,
    }


def _roles(guild_id: str, ids: Iterator[str]) -> Iterator[Json]:
    for number in range(ROLES):
        yield {
            "id": next(ids),
            "name": f"Role {number} of {guild_id}",
            "permissions": "1071698660929",
            "position": number,
            "color": 3_447_003,
            "colors": {"primary_color": 3_447_003, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


def _threads(guild_id: str, ids: Iterator[str]) -> Iterator[Json]:
    for number in range(THREADS):
        yield {
            "id": next(ids),
            "guild_id": guild_id,
            "parent_id": next(ids),
            "owner_id": next(ids),
            "type": 11,
            "name": f"Thread {number} of {guild_id}",
            "last_message_id": next(ids),
            "message_count": 10,
            "member_count": 5,
            "total_message_sent": 10,
            "rate_limit_per_user": 0,
            "flags": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 4320,
                "archive_timestamp": "2026-01-02T03:04:05.678000+00:00",
                "locked": False,
                "create_timestamp": "2026-01-02T03:04:05.678000+00:00",
            },
        }


def _emojis(_: str, ids: Iterator[str]) -> Iterator[Json]:
    for number in range(EMOJIS):
        own = {"id": next(ids), "name": f"emoji{number}", "roles": [], "require_colons": True}
        yield own | {"managed": False, "animated": False, "available": True}


def _stickers(guild_id: str, ids: Iterator[str]) -> Iterator[Json]:
    for number in range(STICKERS):
        words = {"name": f"sticker {number}", "description": "a sticker", "tags": "smile"}
        yield words | {"id": next(ids), "type": 2, "format_type": 1, "available": True, "guild_id": guild_id}


def _events(guild_id: str, ids: Iterator[str]) -> Iterator[Json]:
    for number in range(EVENTS):
        yield {
            "id": next(ids),
            "guild_id": guild_id,
            "channel_id": None,
            "creator_id": next(ids),
            "name": f"Event {number}",
            "description": "What happens there, in some words",
            "scheduled_start_time": "2027-01-02T03:04:05.678000+00:00",
            "scheduled_end_time": "2027-01-02T04:04:05.678000+00:00",
            "privacy_level": 2,
            "status": 1,
            "entity_type": 3,
            "entity_id": None,
            "entity_metadata": {"location": "somewhere"},
            "user_count": 12,
            "image": None,
            "recurrence_rule": None,
        }


MAKERS: dict[str, Callable[[str, Iterator[str]], Iterator[Json]]] = {
    "channels": _channels,
    "roles": _roles,
    "threads": _threads,
    "emojis": _emojis,
    "stickers": _stickers,
    "guild_scheduled_events": _events,
}
