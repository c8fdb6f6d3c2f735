"""What a new session hears first: READY, then a GUILD_CREATE for every guild of its shard."""

from functools import partial

from local_discord.gateway_intents import tailored, wants
from local_discord.gateway_session import Session
from local_discord.guild import Guild, Json
from local_discord.world import World

VERSION = "10"


def welcome(session: Session, world: World, url: str) -> None:
    """Deliver them; ``url`` is where the session can be resumed."""
    guilds = [guild for guild in world.guilds.values() if session.serves(guild.id)]
    session.deliver("READY", _ready(session, world, url, guilds))
    if not wants(session.intents, "GUILD_CREATE", in_guild=True):
        return
    for guild in guilds:
        session.promise("GUILD_CREATE", partial(_introduction, guild, session, world))


def _introduction(guild: Guild, session: Session, world: World) -> Json:
    return tailored("GUILD_CREATE", guild.create_payload(), session.intents, world.bot.id)


def _ready(session: Session, world: World, url: str, guilds: list[Guild]) -> Json:
    empty: Json = {name: [] for name in ("private_channels", "presences", "relationships", "_trace")}
    return {
        **empty,
        "v": int(VERSION),
        "user": world.own_user(),
        "user_settings": {},
        "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
        "session_id": session.id,
        "session_type": "normal",
        "resume_gateway_url": url,
        "shard": list(session.shard),
        "application": world.application(),
    }
