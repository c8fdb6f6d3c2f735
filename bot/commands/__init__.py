"""The commands: every one of them is listed here."""

from typing import Any

from discord.app_commands import Command, ContextMenu, Group

from bot.commands import about, appeal, change, imagine, menus, moderation, past, privacy, queue, redraw, verify

COMMANDS: tuple[Command[Any, ..., Any] | ContextMenu | Group, ...] = (
    imagine.imagine,
    change.vary,
    change.upscale,
    redraw.outpaint,
    redraw.blend,
    past.history,
    past.show,
    past.remix,
    past.reproduce,
    verify.verify,
    queue.queue,
    queue.cancel,
    appeal.appeal,
    appeal.report,
    privacy.privacy,
    moderation.moderation,
    about.license,
    about.help,
    menus.source,
    menus.upscale,
    menus.details,
    appeal.report_menu,
    verify.verify_menu,
)
