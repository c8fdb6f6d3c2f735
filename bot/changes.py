"""The buttons that change a picture: varied, enlarged, seen from farther off, panned, made square."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.admission import Ticket
from bot.caller import Caller
from bot.changing import Changing, Choose
from bot.framing import Side, panned, widened, zoomed
from bot.interaction import Interaction, Press, caller_of, locale_of, think
from bot.tree import whisper
from bot.views.change import change_view
from bot.wishes import Source
from config.words import say

Use = Callable[[Changing, Caller, Source], Awaitable[Ticket]]


async def change(interaction: Interaction, record_id: str, use: Use) -> None:
    """Change a picture of the history."""
    studio = interaction.client.studio

    async def ask(caller: Caller) -> Ticket:
        return await use(studio.changing, caller, await studio.sources.of_record(caller, record_id))

    await interaction.client.making.make(interaction, ask)


async def vary(interaction: Interaction, record_id: str) -> None:
    """Make a subtle variation of a picture."""
    await change(interaction, record_id, Changing.vary)


async def vary_strongly(interaction: Interaction, record_id: str) -> None:
    """Make a strong variation of a picture."""
    await change(interaction, record_id, partial(Changing.vary, strength="strong"))


async def upscale(interaction: Interaction, record_id: str) -> None:
    """Double a picture's sides."""
    await change(interaction, record_id, Changing.upscale)


async def zoom(interaction: Interaction, argument: str) -> None:
    """Show a picture from farther off."""
    factor, _, record_id = argument.partition(":")
    await _outpaint(interaction, record_id, partial(zoomed, factor=float(factor)))


async def pan(interaction: Interaction, argument: str) -> None:
    """Show what is beside a picture."""
    side, _, record_id = argument.partition(":")
    await _outpaint(interaction, record_id, partial(panned, side=Side(side)))


async def square(interaction: Interaction, record_id: str) -> None:
    """Continue a picture until it is as wide as it is tall."""
    await _outpaint(interaction, record_id, partial(widened, ratio=1.0))


async def more(interaction: Interaction, record_id: str) -> None:
    """Tell a person all the ways to change one picture of several."""
    await think(interaction, ephemeral=True)
    studio, locale = interaction.client.studio, locale_of(interaction)
    async with studio.turns:
        record = await studio.gallery.origin(caller_of(interaction), record_id)
    await whisper(interaction, say("bot.change_how", locale=locale, id=record.id), view=change_view(record, locale))


async def _outpaint(interaction: Interaction, record_id: str, choose: Choose) -> None:
    await change(interaction, record_id, partial(Changing.outpaint, choose=choose))


CHANGES: Mapping[str, Press] = {
    "vary": vary,
    "strong": vary_strongly,
    "upscale": upscale,
    "zoom": zoom,
    "pan": pan,
    "square": square,
    "more": more,
}
