"""A part of a picture drawn anew, whatever asks for it: the command, the button's modal, or a mask that was painted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import discord
from discord import InteractionResponseType

from bot.caller import Caller
from bot.downloads import download
from bot.interaction import Interaction, answer, caller_of, locale_of
from bot.studio import Studio
from bot.views.inpaint import inpaint_modal
from bot.wishes import Mask, Source
from config.words import UserError
from inference.request import ImageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is to be drawn in the masked part."""

    prompt: str
    negative_prompt: str = ""
    strength: str | None = None  #: None: as far as suits the checkpoint
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The picture to change: one of the history, or a file of the person's own."""

    record_id: str | None = None
    upload: bytes | None = None

    async def take(self, studio: Studio, caller: Caller) -> Source:
        """Return the picture as one to start from."""
        if self.upload is not None:
            return await studio.sources.of_upload(caller, self.upload)
        assert self.record_id is not None, "it is one or the other"
        return await studio.sources.of_record(caller, self.record_id)


Way = Callable[[Caller, Source], Awaitable[Mask | None]]  #: to a mask; None: nobody named one


async def open_inpaint(interaction: Interaction, record_id: str) -> None:
    """Show the modal that asks what to draw, and where."""
    client = interaction.client
    record = await client.studio.gallery.origin(caller_of(interaction), record_id)
    request = ImageRequest.from_dict(record.request)
    modal = inpaint_modal(record.id, request.prompt, locale_of(interaction), paints=client.painter.is_open)
    modal.stop()  # not waited for: whatever comes of it arrives at `inpaint_by_modal`, after a restart too
    await answer(interaction, InteractionResponseType.modal, lambda: interaction.response.send_modal(modal))


async def inpaint_by_modal(interaction: Interaction, record_id: str, fields: dict[str, str]) -> None:
    """Draw what the filled-in modal asks for, where it says or where the person then paints."""
    edit = Edit(prompt=fields["prompt"], negative_prompt=fields["negative_prompt"])
    way = way_to_mask(interaction, region=fields["region"])
    await inpaint(interaction, Original(record_id=record_id), edit, way)


async def inpaint(interaction: Interaction, original: Original, edit: Edit, way: Way) -> None:
    """Draw a part of a picture anew; where nobody said which one, let the person paint it."""
    client = interaction.client

    async def ask(caller: Caller) -> None:
        source = await original.take(client.studio, caller)
        mask = await way(caller, source)
        if mask is None:
            await client.painter.offer(caller, source, edit)
        else:
            await draw(client.studio, caller, source, mask, edit)

    await client.making.make(interaction, ask)


async def draw(studio: Studio, caller: Caller, source: Source, mask: Mask, edit: Edit) -> None:
    """Enqueue the edit."""
    await studio.changing.inpaint(
        caller,
        source,
        mask,
        prompt=edit.prompt,
        negative_prompt=edit.negative_prompt,
        strength=edit.strength,
        seed=edit.seed,
    )


async def original_of(interaction: Interaction, picture: str | None, upload: discord.Attachment | None) -> Original:
    """Return the picture that a command's options name. Raises UserError where that is not one."""
    if picture is not None and upload is not None:
        raise UserError("bot.one_picture_only")
    if upload is not None:
        return Original(upload=await download(upload, interaction.client.studio.limits.upload_bytes))
    if picture is None:
        raise UserError("bot.which_picture")
    return Original(record_id=picture)


def way_to_mask(
    interaction: Interaction,
    *,
    region: str | None = None,
    file: discord.Attachment | None = None,
    upload: bytes | None = None,
) -> Way:
    """Return the one way that was named: words, a file, or else the transparent part of the person's own picture."""
    studio = interaction.client.studio

    async def way(caller: Caller, source: Source) -> Mask | None:
        words = (region or "").strip()
        if words and file is not None:
            raise UserError("bot.one_mask_only")
        if words:
            return await studio.masks.of_words(caller, source, words)
        if file is not None:
            return await studio.masks.of_file(caller, source, await download(file, studio.limits.upload_bytes))
        return None if upload is None else await studio.masks.of_transparency(caller, source, upload)

    return way
