"""What can be done with a picture or a job, whether a command, a button or a menu asks for it."""

from collections.abc import Mapping

from bot.changes import CHANGES
from bot.descriptions import draw_description
from bot.details import details_text
from bot.exporting import erase, export, publish
from bot.family import show_family
from bot.inpainting import open_inpaint
from bot.interaction import Interaction, Press, caller_of, hold, locale_of, think
from bot.keeping import like, share
from bot.letters import NOBODY
from bot.offers import decline, draw
from bot.paging import export_found, turn_page
from bot.remixing import open_remix
from bot.removal import leave_out, remove_message
from bot.replies import deleted_text, shown_letter
from bot.reviewing import ask_note, ask_report, decision
from bot.setting import ask_more, reset, set_default
from bot.starting import ask_for_words
from bot.tree import whisper
from bot.views.buttons import details_view
from config.words import UserError, say
from db.cases import Outcome


async def again(interaction: Interaction, record_id: str) -> None:
    """Make a picture, and those made with it, again from another seed."""
    studio = interaction.client.studio
    await interaction.client.making.make(interaction, lambda caller: studio.drawing.again(caller, record_id))


async def reproduce(interaction: Interaction, record_id: str) -> None:
    """Make a picture again from the same seed, and compare."""
    studio = interaction.client.studio
    await interaction.client.making.make(interaction, lambda caller: studio.drawing.reproduce(caller, record_id))


async def another(interaction: Interaction, record_id: str) -> None:
    """Make one picture of several again from another seed."""
    studio = interaction.client.studio
    await interaction.client.making.make(interaction, lambda caller: studio.drawing.another(caller, record_id))


async def show(interaction: Interaction, record_id: str) -> None:
    """Post a picture of the history, for everybody."""
    await think(interaction)
    studio = interaction.client.studio
    async with studio.turns:
        caller = caller_of(interaction)
        record = await studio.gallery.record(caller, record_id)
        await studio.gallery.check_wanted(caller, record)
        data, suffix = await studio.gallery.picture(record, interaction.filesize_limit)
    spoiler = studio.gallery.hides(interaction.guild_id, record)
    letter = shown_letter(record, data, suffix, locale_of(interaction), spoiler=spoiler)
    await interaction.edit_original_response(
        content=letter.content,
        attachments=[enclosure.to_file() for enclosure in letter.enclosures],
        view=letter.view,
        allowed_mentions=NOBODY,
    )


async def details(interaction: Interaction, record_id: str) -> None:
    """Tell a person everything that made a picture."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    async with studio.turns:
        record = await studio.gallery.record(caller, record_id)
        family = await studio.gallery.family(caller, record)
        siblings = await studio.gallery.history.of_job(record.job_id)
        regard = await studio.collection.regard(caller, record)
    text = details_text(record, family, studio.catalogue, regard.likes, caller.locale)
    await whisper(interaction, text, view=details_view(record, siblings, regard, caller.locale))


async def delete(interaction: Interaction, record_id: str) -> None:
    """Delete a picture, with all of its job, from the history and from sight."""
    await _delete(interaction, record_id, alone=False)


async def remove(interaction: Interaction, record_id: str) -> None:
    """Delete one picture from the history and from sight; what was made with it stays."""
    await _delete(interaction, record_id, alone=True)


async def _delete(interaction: Interaction, record_id: str, *, alone: bool) -> None:
    await hold(interaction)
    caller, studio = caller_of(interaction), interaction.client.studio
    async with studio.turns:
        records = await studio.gallery.delete(caller, record_id, alone=alone)
        job = await studio.job_of(records[0])
    text, pressed = deleted_text(caller.user_id, caller.locale), interaction.message
    left = [each for each in records if alone and each.id != record_id]
    shown_in = {each.message_id for each in records if each not in left} | ({job.message_id} if not left else set())
    if left:
        shown_in.discard(job.message_id)
        await leave_out(interaction.client, job, caller.user_id)
    shown_at = {(job.channel_id, message_id) for message_id in shown_in if message_id is not None}
    if pressed is not None and not pressed.flags.ephemeral:
        shown_at.add((caller.channel_id, pressed.id))
    for channel_id, message_id in shown_at:
        await remove_message(interaction.client, channel_id, message_id, text)
    interaction.client.sweeper.news.set()  # a moderator may have had one of them to look at
    await whisper(interaction, say("bot.deleted", locale=caller.locale))


async def cancel(interaction: Interaction, job_id: str) -> None:
    """Cancel one of the person's jobs, or as a moderator one of the channel's."""
    await hold(interaction)
    if not await interaction.client.studio.cancel(caller_of(interaction), int(job_id)):
        raise UserError("bot.nothing_to_cancel")
    if interaction.message is not None and interaction.message.flags.ephemeral:
        await whisper(interaction, say("bot.cancelled", locale=locale_of(interaction), count=1))


async def accept(interaction: Interaction, version: str) -> None:
    """Take the acceptance of the use restrictions."""
    await interaction.client.making.accept(interaction, version)


PRESSES: Mapping[str, Press] = {
    **CHANGES,
    "source": ask_for_words,
    "again": again,
    "imagine": draw_description,
    "remix": open_remix,
    "inpaint": open_inpaint,
    "details": details,
    "another": another,
    "delete": delete,
    "remove": remove,
    "show": show,
    "reproduce": reproduce,
    "cancel": cancel,
    "accept": accept,
    "page": turn_page,
    "draw": draw,
    "decline": decline,
    "set": set_default,
    "numbers": ask_more,
    "reset": reset,
    "excerpt": export_found,
    "like": like,
    "share": share,
    "lineage": show_family,
    "report": ask_report,
    "uphold": decision(Outcome.UPHELD),
    "leave": decision(Outcome.UPHELD),
    "release": decision(Outcome.RELEASED),
    "overturn": decision(Outcome.OVERTURNED),
    "takedown": decision(Outcome.DELETED),
    "ban": decision(Outcome.BANNED),
    "seen": decision(Outcome.SEEN),
    "note": ask_note,
    "export": export,
    "erase": erase,
    "publish": publish,
}
