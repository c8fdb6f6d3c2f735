"""The commands: every one of them is listed here."""

from typing import Any

from discord.app_commands import Command, ContextMenu

from bot.commands import about, change, imagine, menus, past, queue

COMMANDS: tuple[Command[Any, ..., Any] | ContextMenu, ...] = (
    imagine.imagine,
    change.vary,
    change.upscale,
    past.history,
    past.show,
    past.remix,
    past.reproduce,
    queue.queue,
    queue.cancel,
    about.license,
    about.help,
    menus.vary,
    menus.upscale,
    menus.details,
)
