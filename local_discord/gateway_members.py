"""The answer to REQUEST_GUILD_MEMBERS: a guild's members, in chunks."""

from collections.abc import Iterator
from typing import Any

from local_discord.gateway_intents import Intent
from local_discord.gateway_protocol import BadFrame, Close, is_count
from local_discord.gateway_session import Session
from local_discord.guild import Guild, Json, Member
from local_discord.snowflake import parse
from local_discord.world import World

CHUNK = 1000
#: Discord's limit on a search by name or by ids.
MAX_FOUND = 100


def member_chunks(world: World, session: Session, data: Any) -> Iterator[Json]:
    """Yield the chunks that answer op 8; none for an unknown guild or for a whole list without GUILD_MEMBERS.

    Raises BadFrame with 4002 when the request is not one.
    """
    guild_id = parse(data.get("guild_id")) if isinstance(data, dict) else None
    limit = data.get("limit", 0) if isinstance(data, dict) else 0
    if guild_id is None or ("query" not in data) == ("user_ids" not in data) or not is_count(limit):
        raise BadFrame(Close.DECODE_ERROR, "Error while decoding payload.")
    guild = world.guilds.get(guild_id)
    whole = data.get("query") == "" and limit == 0
    if guild is None or (whole and Intent.GUILD_MEMBERS not in session.intents):
        return
    found, missing = _by_ids(guild, data) if "user_ids" in data else (_by_name(guild, data, whole=whole), [])
    extra = {key: data[key] for key in ("nonce",) if data.get(key)} | ({"not_found": missing} if missing else {})
    count = max(1, -(-len(found) // CHUNK))
    for index in range(count):
        members = [member.payload() for member in found[index * CHUNK : (index + 1) * CHUNK]]
        yield {"guild_id": str(guild.id), "members": members, "chunk_index": index, "chunk_count": count, **extra}


def _by_name(guild: Guild, data: Json, *, whole: bool) -> list[Member]:
    start = str(data["query"]).lower()
    found = [member for member in guild.members.values() if member.user.name.lower().startswith(start)]
    return found if whole else found[: min(data.get("limit") or MAX_FOUND, MAX_FOUND)]


def _by_ids(guild: Guild, data: Json) -> tuple[list[Member], list[str]]:
    wanted = data["user_ids"] if isinstance(data["user_ids"], list) else [data["user_ids"]]
    found = {str(user_id): member for user_id, member in guild.members.items()}
    ids = [str(user_id) for user_id in wanted[:MAX_FOUND]]
    return [found[i] for i in ids if i in found], [i for i in ids if i not in found]
