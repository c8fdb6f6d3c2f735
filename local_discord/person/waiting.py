"""Holding an answer back until an interaction has come to something."""

import asyncio

from local_discord.interactions import UNSETTLED, Interaction, State

QUIET_SECONDS = 2.0


async def wait_for(interaction: Interaction, seconds: float, *, quiet: bool) -> None:
    """Return once the interaction is settled, with `quiet` once its message has rested, or after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            while (rest := _remaining(interaction, quiet)) != 0:
                await _news_or(interaction, rest)
    except TimeoutError:
        return


def _remaining(interaction: Interaction, quiet: bool) -> float | None:
    """Seconds until it may be over: none when it is, None when only news can tell."""
    if interaction.state in UNSETTLED:
        return None
    message = interaction.shown or interaction.original
    if not quiet or message is None or interaction.state is State.FAILED:
        return 0
    changed = max(interaction.changed, message.touched)
    return max(0.0, changed + QUIET_SECONDS - asyncio.get_running_loop().time())


async def _news_or(interaction: Interaction, seconds: float | None) -> None:
    try:
        await asyncio.wait_for(interaction.news.wait(), seconds)
    except TimeoutError:
        return
