"""/verify and its menu: which marks a picture carries, and what they prove. Anybody may ask, without the licence."""

import discord
from discord import app_commands

from bot.interaction import Interaction, think
from bot.translator import words
from bot.verifying import linked_message, pictures_in, verify_files
from config.words import UserError


@app_commands.command(description=words("commands.verify"))
@app_commands.describe(picture=words("commands.verify_picture"), link=words("commands.verify_link"))
async def verify(interaction: Interaction, picture: discord.Attachment | None = None, link: str | None = None) -> None:
    """Tell what a file, or a message's pictures, show of their making."""
    await think(interaction, ephemeral=True)
    if picture is not None and link is None:
        await verify_files(interaction, [picture])
    elif link is not None and picture is None:
        uploads = pictures_in(await linked_message(interaction, link))
        if not uploads:
            raise UserError("verify.no_picture")
        await verify_files(interaction, uploads)
    else:
        raise UserError("verify.one_of_them")


@app_commands.context_menu(name=words("commands.menu_verify"))
async def verify_menu(interaction: Interaction, message: discord.Message) -> None:
    """Tell what the pictures of a message show of their making."""
    await think(interaction, ephemeral=True)
    uploads = pictures_in(message)
    if not uploads:
        raise UserError("bot.no_picture_in_message")
    await verify_files(interaction, uploads)
