"""The buttons and the command by which people like pictures, and say what others may do with their own."""

from bot.interaction import Interaction, caller_of, think
from bot.tree import whisper
from bot.views.keeping import SHARED, SHARED_NEW
from config.words import say
from db.tables.record import Sharing


async def like(interaction: Interaction, argument: str) -> None:
    """Make a picture a favourite, or none."""
    await think(interaction, ephemeral=True)
    answer, _, record_id = argument.partition(":")
    caller, yes = caller_of(interaction), answer == "yes"
    await interaction.client.studio.collection.like(caller, record_id, yes)
    key = "bot.liked" if yes else "bot.liked_no_more"
    await whisper(interaction, say(key, locale=caller.locale, id=record_id))


async def share(interaction: Interaction, argument: str) -> None:
    """Say what others may do with a picture."""
    await think(interaction, ephemeral=True)
    sharing, _, record_id = argument.partition(":")
    await share_one(interaction, record_id, Sharing(sharing))


async def share_one(interaction: Interaction, record_id: str, sharing: Sharing) -> None:
    """Say what others may do with one of the person's pictures."""
    caller = caller_of(interaction)
    record = await interaction.client.studio.collection.share(caller, record_id, sharing)
    text = say(SHARED[sharing], locale=caller.locale, id=record.id)
    await whisper(interaction, text)


async def share_new(interaction: Interaction, sharing: Sharing) -> None:
    """Say what others may do with the pictures that are made for the person from now on."""
    caller = caller_of(interaction)
    await interaction.client.studio.collection.share_by_default(caller, sharing)
    await whisper(interaction, say(SHARED_NEW[sharing], locale=caller.locale))
