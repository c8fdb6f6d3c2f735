"""The buttons of /privacy: what is kept sent to its person, and deleted."""

import io

import discord

from bot.composer import HEADROOM, REQUEST_LIMIT
from bot.interaction import Interaction, caller_of, think
from bot.tree import whisper
from bot.views.privacy import more_view, sure_view
from config.words import say

ARCHIVES = 5  # in one go
SURE = "sure"


async def export(interaction: Interaction, start: str) -> None:
    """Send what is kept to the person alone, in archives as large as Discord takes."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    limit, count, after = min(interaction.filesize_limit, REQUEST_LIMIT) - HEADROOM, 0, int(start)
    await whisper(interaction, say("people.export", locale=caller.locale))
    async for archive in studio.privacy.export(caller, after, limit):
        if count == ARCHIVES:
            view = more_view(after, caller.locale)
            await interaction.followup.send(say("people.more", locale=caller.locale), view=view, ephemeral=True)
            return
        count, after = count + 1, archive.after
        file = discord.File(io.BytesIO(archive.data), archive.filename)
        await interaction.followup.send(file=file, ephemeral=True)
    await interaction.followup.send(say("people.exported", locale=caller.locale), ephemeral=True)


async def publish(interaction: Interaction, answer: str) -> None:
    """Let the files of the person's pictures tell their prompts from now on, or not."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    await studio.privacy.publish_prompts(caller, answer == "yes")
    await whisper(interaction, say(f"people.publish_{answer}", locale=caller.locale))


async def erase(interaction: Interaction, answer: str) -> None:
    """Ask whether the person is sure; then delete."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    if answer != SURE:
        await whisper(interaction, say("people.sure", locale=caller.locale), view=sure_view(caller.locale))
        return
    erased = await studio.privacy.erase(caller)
    interaction.client.making.forget(caller.user_id)
    await whisper(
        interaction, say("people.erased" if erased.complete else "people.erased_nearly", locale=caller.locale)
    )
    interaction.client.sweeper.news.set()
