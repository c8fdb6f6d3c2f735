"""/moderation: what a guild's moderators see, set and do. Discord hides it from others, and the rights are checked."""

import io

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.commands.options import suggest_pictures
from bot.dossiers import (
    dossier_text,
    policy_text,
    refusals_text,
    sanction_line,
    statistics_alt,
    statistics_bars,
    unwanted_text,
)
from bot.downloads import download
from bot.interaction import Interaction, caller_of, locale_of, think
from bot.letters import NOBODY
from bot.translator import words
from bot.tree import whisper
from config.words import UserError, say
from moderation.policy import SERVER_RULES

HOURS = 24.0 * 365
WEIGHTS = (0.01, 100.0)
ALT_LENGTH = 1_024

moderation = app_commands.Group(
    name="moderation",
    description=words("commands.moderation"),
    default_permissions=discord.Permissions(manage_messages=True),
    allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
)
never = app_commands.Group(name="never", description=words("commands.never"), parent=moderation)


@moderation.command(description=words("commands.moderation_user"))
@app_commands.describe(user=words("commands.whom"))
async def user(interaction: Interaction, user: discord.User) -> None:
    """Show a person's record in this guild."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    dossier = await studio.moderators.dossier(caller, user.id)
    await whisper(interaction, dossier_text(dossier, studio.policy, caller.locale))


@moderation.command(description=words("commands.moderation_refusals"))
@app_commands.describe(user=words("commands.whose_refusals"))
async def refusals(interaction: Interaction, user: discord.User | None = None) -> None:
    """Show what was refused here lately."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    found = await studio.moderators.refusals(caller, None if user is None else user.id)
    await whisper(interaction, refusals_text(found, studio.policy, caller.locale))


@moderation.command(description=words("commands.moderation_ban"))
@app_commands.describe(user=words("commands.whom"), hours=words("commands.ban_hours"))
async def ban(interaction: Interaction, user: discord.User, hours: Range[float, 0.1, HOURS] | None = None) -> None:
    """Shut a person out of the bot in this guild."""
    await think(interaction, ephemeral=True)
    sanction = await interaction.client.studio.moderators.ban(caller_of(interaction), user.id, hours)
    line = sanction_line(sanction, locale_of(interaction))
    await whisper(interaction, f"<@{user.id}>: {line}")


@moderation.command(description=words("commands.moderation_unban"))
@app_commands.describe(user=words("commands.whom"))
async def unban(interaction: Interaction, user: discord.User) -> None:
    """Let a person in again."""
    await think(interaction, ephemeral=True)
    await interaction.client.studio.moderators.unban(caller_of(interaction), user.id)
    await whisper(interaction, say("people.unbanned", locale=locale_of(interaction), user=user.id))


@moderation.command(description=words("commands.moderation_weight"))
@app_commands.describe(user=words("commands.whom"), share=words("commands.weight_share"))
async def weight(
    interaction: Interaction, user: discord.User, share: Range[float, WEIGHTS[0], WEIGHTS[1]] | None = None
) -> None:
    """Set a member's share of the machine beside the others of this guild."""
    await think(interaction, ephemeral=True)
    await interaction.client.studio.moderators.weigh(caller_of(interaction), user.id, share)
    key = "people.weight_removed" if share is None else "people.weight_set"
    await whisper(interaction, say(key, locale=locale_of(interaction), user=user.id, weight=share))


@moderation.command(description=words("commands.moderation_policy"))
async def policy(interaction: Interaction) -> None:
    """Show which rules hold here, and where cases are reviewed."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    await whisper(interaction, policy_text(await studio.moderators.policy(caller), studio.policy, caller.locale))


@moderation.command(description=words("commands.moderation_rule"))
@app_commands.describe(name=words("commands.rule_name"), on=words("commands.rule_on"))
@app_commands.choices(name=[Choice(name=name, value=name) for name in SERVER_RULES])
async def rule(interaction: Interaction, name: str, on: bool) -> None:
    """Switch one of the server's rules on or off here."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    await studio.moderators.switch(caller, name, on)
    await whisper(interaction, policy_text(await studio.moderators.policy(caller), studio.policy, caller.locale))


@moderation.command(description=words("commands.moderation_channel"))
@app_commands.describe(channel=words("commands.review_channel"))
async def channel(interaction: Interaction, channel: discord.TextChannel) -> None:
    """Choose where this guild's cases are reviewed."""
    await think(interaction, ephemeral=True)
    moderators, caller = interaction.client.studio.moderators, caller_of(interaction)
    await moderators.policy(caller)  # before anything is posted: may the person?
    if channel.permissions_for(channel.guild.default_role).view_channel:
        raise UserError("people.channel_is_public")
    try:
        await channel.send(say("people.reviewed_here", by=caller.user_id), allowed_mentions=NOBODY)
    except discord.Forbidden:
        raise UserError("people.channel_is_closed") from None
    await moderators.review_in(caller, channel.id)
    await whisper(interaction, say("people.review_channel", locale=caller.locale, channel=channel.id))


@moderation.command(description=words("commands.moderation_statistics"))
async def statistics(interaction: Interaction) -> None:
    """Draw what was refused and put before the moderators lately."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    found = await studio.moderators.statistics(caller)
    bars = statistics_bars(found, studio.policy, caller.locale)
    if not bars:
        raise UserError("people.no_statistics", days=found.days)
    title = say("people.statistics", locale=caller.locale, days=found.days)
    chart = await studio.moderators.chart(title, bars)
    alt = statistics_alt(found, bars, caller.locale)[:ALT_LENGTH]
    await whisper(interaction, alt, attachments=[discord.File(io.BytesIO(chart), "statistics.png", description=alt)])


@never.command(name="add", description=words("commands.never_add"))
@app_commands.describe(
    picture=words("commands.picture"), upload=words("commands.never_upload"), hash=words("commands.never_hash")
)
@app_commands.autocomplete(picture=suggest_pictures)
async def never_add(
    interaction: Interaction,
    picture: str | None = None,
    upload: discord.Attachment | None = None,
    hash: str | None = None,  # noqa: A002 - it is the option's name
) -> None:
    """Stop a picture, and all that look like it, in this guild from now on."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    studio.review.check_moderator(caller)  # before anything is fetched for them
    match picture, upload, hash:
        case str(), None, None:
            pdq = await studio.moderators.ban_picture(caller, picture)
        case None, discord.Attachment(), None:
            pdq = await studio.moderators.ban_upload(caller, await download(upload, studio.limits.upload_bytes))
        case None, None, str():
            pdq = await studio.moderators.ban_hash(caller, hash)
        case _:
            raise UserError("people.one_of_them")
    await whisper(interaction, say("people.never_again", locale=caller.locale, pdq=pdq))


@never.command(name="list", description=words("commands.never_list"))
async def never_list(interaction: Interaction) -> None:
    """Show the pictures that are stopped in this guild, by their hashes."""
    await think(interaction, ephemeral=True)
    caller = caller_of(interaction)
    await whisper(
        interaction, unwanted_text(await interaction.client.studio.moderators.unwanted(caller), caller.locale)
    )


@never.command(name="remove", description=words("commands.never_remove"))
@app_commands.describe(number=words("commands.never_number"))
async def never_remove(interaction: Interaction, number: int) -> None:
    """Take a picture off the list."""
    await think(interaction, ephemeral=True)
    await interaction.client.studio.moderators.allow_picture(caller_of(interaction), number)
    await whisper(interaction, say("people.allowed_again", locale=locale_of(interaction)))
