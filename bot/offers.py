"""The buttons under an offer."""

from dataclasses import replace

from bot.admission import Ticket
from bot.caller import Caller
from bot.interaction import Interaction, caller_of, hold, locale_of
from config.words import UserError, say


async def draw(interaction: Interaction, offer_id: str) -> None:
    """Draw what was offered, in a reply that everybody sees."""
    await hold(interaction)

    async def ask(caller: Caller) -> Ticket:
        ticket = await _accept(interaction, caller, offer_id)
        await _answer(interaction, say("bot.offer_accepted", locale=caller.locale))
        return ticket

    await interaction.client.making.make(interaction, ask)


async def decline(interaction: Interaction, offer_id: str) -> None:
    """Forget what was offered."""
    await hold(interaction)
    await interaction.client.studio.offering.decline(caller_of(interaction), offer_id)
    await _answer(interaction, say("bot.offer_declined", locale=locale_of(interaction)))


async def _accept(interaction: Interaction, caller: Caller, offer_id: str) -> Ticket:
    """Let the job have a reply of its own: the offer is its person's alone. Where it is refused, that goes again."""
    offering = interaction.client.studio.offering
    if caller.message_id is not None:
        return await offering.accept(caller, offer_id)
    reply = await interaction.followup.send(say("bot.offer_accepted", locale=caller.locale), wait=True)
    try:
        return await offering.accept(replace(caller, message_id=reply.id), offer_id)
    except UserError:
        await reply.delete()
        raise


async def _answer(interaction: Interaction, text: str) -> None:
    """Write over the offer, whose buttons go."""
    await interaction.edit_original_response(content=text, view=None)
