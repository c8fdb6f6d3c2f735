"""The remix modal: a picture's words and settings, filled in, changed, and read again."""

from dataclasses import replace

from discord import InteractionResponseType

from bot.admission import Ticket
from bot.caller import Caller
from bot.enlarging import as_drawn
from bot.interaction import Interaction, answer, caller_of, locale_of
from bot.setting_lines import read_setting_lines, setting_lines
from bot.views.remix import remix_modal
from bot.wishes import Wish
from config.words import UserError
from inference.request import ImageRequest


async def open_remix(interaction: Interaction, record_id: str) -> None:
    """Show the modal, filled in with all that made the picture."""
    studio = interaction.client.studio
    record = await studio.gallery.origin(caller_of(interaction), record_id)
    request = as_drawn(ImageRequest.from_dict(record.request), studio.catalogue)
    modal = remix_modal(record.id, request, setting_lines(request), locale_of(interaction))
    modal.stop()  # not waited for: whatever comes of it arrives at `remix`, after a restart too
    await answer(interaction, InteractionResponseType.modal, lambda: interaction.response.send_modal(modal))


async def remix(interaction: Interaction, record_id: str, fields: dict[str, str]) -> None:
    """Make what the filled-in modal asks for."""
    wish = read_wish(fields)
    studio = interaction.client.studio

    async def ask(caller: Caller) -> Ticket:
        return await studio.drawing.remix(caller, record_id, wish)

    await interaction.client.making.make(interaction, ask)


def read_wish(fields: dict[str, str]) -> Wish:
    """Return what the modal's fields ask for. Raises UserError with the sentence for the person."""
    wish = Wish(
        prompt=fields["prompt"],
        negative_prompt=fields["negative_prompt"],
        seed=_read_seed(fields["seed"]),
    )
    return replace(wish, **read_setting_lines(fields["settings"]))


def _read_seed(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise UserError("bot.seed_unreadable", given=text[:40]) from None
